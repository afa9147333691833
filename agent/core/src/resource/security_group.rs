use serde::{Deserialize, Serialize};

use super::{Field, Link, Spec, Tags};
use crate::forecast::Consequence;

/// A security group with its ingress rules. Egress stays as AWS makes it: open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SecurityGroup {
    /// Unique in the VPC; at most 255 characters.
    pub name: String,
    /// For people; AWS never changes it.
    pub description: String,
    /// The VPC's id.
    pub vpc: String,
    /// Who may connect, sorted.
    pub ingress: Vec<Ingress>,
    /// Its tags.
    pub tags: Tags,
}

/// Who may connect to which ports.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Ingress {
    /// `tcp`, `udp`, `icmp`, or `-1` for all.
    pub protocol: String,
    /// First port.
    pub from_port: i32,
    /// Last port.
    pub to_port: i32,
    /// From where.
    pub peer: Peer,
}

/// From where a connection may come.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Peer {
    /// A network.
    Cidr(String),
    /// Whoever has this security group.
    Group(Link),
    /// A managed prefix list: never made by us, but it may be found.
    PrefixList(String),
}

impl Ingress {
    /// TCP to one port.
    pub fn tcp(port: u16, peer: Peer) -> Self {
        Self { protocol: "tcp".to_owned(), from_port: port.into(), to_port: port.into(), peer }
    }

    /// Names the rule in plans: `ingress.tcp:8080 from sg-…`.
    fn field(&self) -> Field {
        let Self { protocol, from_port, to_port, peer } = self;
        let ports =
            if from_port == to_port { from_port.to_string() } else { format!("{from_port}-{to_port}") };
        let from = match peer {
            Peer::Cidr(cidr) => cidr.clone(),
            Peer::PrefixList(id) => id.clone(),
            Peer::Group(Link::Known(id)) => id.clone(),
            Peer::Group(Link::To { address, .. }) => address.to_string(),
        };
        Field::in_place(format!("ingress.{protocol}:{ports} from {from}"), "allowed")
            .noticed_when_less(Consequence::AccessEnds)
    }
}

impl Spec for SecurityGroup {
    fn fields(&self) -> Vec<Field> {
        let Self { name, description, vpc, ingress, tags } = self;
        let mut fields = vec![
            Field::replace("name", name.clone()),
            Field::replace("description", description.clone()),
            Field::replace("vpc", vpc.clone()),
        ];
        fields.extend(ingress.iter().map(Ingress::field));
        fields.extend(tags.fields());
        fields
    }

    fn links(&self) -> Vec<&Link> {
        self.ingress
            .iter()
            .filter_map(|rule| match &rule.peer {
                Peer::Group(link) => Some(link),
                Peer::Cidr(_) | Peer::PrefixList(_) => None,
            })
            .collect()
    }

    fn links_mut(&mut self) -> Vec<&mut Link> {
        self.ingress
            .iter_mut()
            .filter_map(|rule| match &mut rule.peer {
                Peer::Group(link) => Some(link),
                Peer::Cidr(_) | Peer::PrefixList(_) => None,
            })
            .collect()
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    fn claim(&self) -> Option<String> {
        Some(format!("{}/{}", self.vpc, self.name))
    }
}

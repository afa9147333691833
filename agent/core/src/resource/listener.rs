use serde::{Deserialize, Serialize};

use super::{Field, Link, Spec, Tags};
use crate::forecast::Consequence;

/// A listener of a load balancer. What no rule matches is answered 404.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Listener {
    /// The load balancer's ARN.
    pub load_balancer: Link,
    /// The TCP port, unique on the load balancer.
    pub port: u16,
    /// `HTTP` or `HTTPS`.
    pub protocol: String,
    /// The certificate's ARN, for HTTPS.
    pub certificate: Option<String>,
    /// The security policy, for HTTPS; AWS's default when absent.
    pub ssl_policy: Option<String>,
    /// The status code that is answered when no rule matches; `None` when the
    /// default action is something else.
    pub default_status: Option<u16>,
    /// Its tags.
    pub tags: Tags,
}

impl Spec for Listener {
    fn fields(&self) -> Vec<Field> {
        let Self { load_balancer, port, protocol, certificate, ssl_policy, default_status, tags } = self;
        let mut fields = vec![
            Field::replace("load_balancer", load_balancer.to_value()),
            Field::in_place("port", *port).noticed(Consequence::PortMoves),
            Field::in_place("protocol", protocol.clone()).noticed(Consequence::PortMoves),
            Field::in_place("certificate", certificate.clone()),
            Field::in_place("ssl_policy", ssl_policy.clone()),
            Field::in_place("default_status", *default_status),
        ];
        fields.extend(tags.fields());
        fields
    }

    fn links(&self) -> Vec<&Link> {
        vec![&self.load_balancer]
    }

    fn links_mut(&mut self) -> Vec<&mut Link> {
        vec![&mut self.load_balancer]
    }

    fn name(&self) -> String {
        self.port.to_string()
    }

    fn claim(&self) -> Option<String> {
        None
    }
}

//! What should be: the AWS objects that an environment's blocks stand for.

mod cache;
mod load_balancer;
mod outputs;
mod service;
mod unmanaged;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use outputs::outputs;

use crate::{
    Address,
    environment::{Environment, block::Table},
    plan::Held,
    resource::{Desired, Link, Resource, Tags, Text},
    scalar::{Reference, Template, TemplatePart},
};

/// What an environment stands in and refers to, as it was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Surroundings {
    /// What `[network]` selects.
    pub network: Network,
    /// Each `[external.NAME]`, by its name.
    pub externals: BTreeMap<String, Neighbour>,
}

/// An external as it was found: read, referred to, never written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Neighbour {
    /// Its ARN, or the id that AWS's calls want.
    pub id: String,
    /// What can be referred to, and what preflight looks at: `arn`, `endpoint`,
    /// `secret`, `encrypted`, …
    pub attributes: BTreeMap<String, String>,
}

/// The network as it was found: what `[network]` selects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// The VPC's id.
    pub vpc: String,
    /// What `private` and `public` mean; sorted by id.
    pub subnets: BTreeMap<String, Vec<Subnet>>,
}

/// A subnet as it was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Subnet {
    /// `subnet-…`.
    pub id: String,
    /// The availability zone's name.
    pub zone: String,
}

/// What an environment stands for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    /// Every object that should be, sorted by address.
    pub objects: Vec<Desired>,
    /// What is written in the file and deliberately left alone, and why.
    pub held: Vec<Held>,
}

/// Everything that an environment describes in these surroundings, whether it should
/// stand or, with `removed = true`, should go.
pub fn wanted(environment: &Environment, surroundings: &Surroundings) -> Wanted {
    let mut wanted = Wanted::default();
    let context = Context { environment, network: &surroundings.network };
    for (name, block) in &environment.file.load_balancer {
        load_balancer::expand(&context, name, block, &mut wanted);
    }
    for (name, block) in &environment.file.cache {
        cache::expand(&context, name, block, &mut wanted);
    }
    for (name, block) in &environment.file.service {
        service::expand(&context, name, block, &mut wanted);
    }
    unmanaged::hold(environment, &mut wanted);
    wanted.objects.sort_by(|a, b| a.address.cmp(&b.address));
    wanted.held.sort();
    wanted
}

/// What the blocks' expansions have in common.
struct Context<'a> {
    environment: &'a Environment,
    network: &'a Network,
}

impl Context<'_> {
    /// The first part of every object's name.
    fn leaf(&self) -> &str {
        self.environment.name.leaf()
    }

    fn tags(&self, address: &Address) -> Tags {
        Tags::of(&self.environment.name, address, &self.environment.file.tags)
    }

    fn subnets(&self, selection: &str) -> Vec<String> {
        self.network
            .subnets
            .get(selection)
            .map(|subnets| subnets.iter().map(|subnet| subnet.id.clone()).collect())
            .unwrap_or_default()
    }

    fn description(&self, address: &Address) -> String {
        format!("{address} of {}", self.environment.name)
    }

    /// The text with its references turned into links; `None` when one of them
    /// leads to something that is not managed yet.
    fn text(&self, template: &Template) -> Option<Text> {
        template
            .parts()
            .iter()
            .map(|part| match part {
                TemplatePart::Literal(text) => Some(Link::Known(text.clone())),
                TemplatePart::Reference(reference) => link_of(reference),
            })
            .collect::<Option<Vec<_>>>()
            .map(Text)
    }
}

/// The object and attribute that a reference means, where its kind is managed.
fn link_of(reference: &Reference) -> Option<Link> {
    match reference.segments().as_slice() {
        // Their kinds come later.
        ["external" | "secret", ..] | ["cache", _, "url_secret"] => None,
        ["load_balancer", name, "listener", listener]
        | ["load_balancer", name, "listener", listener, "arn"] => {
            Some(Link::to(&Address::block("load_balancer", name).part("listener").part(listener)))
        }
        [kind, name] => Table::of(kind).map(|_| Link::to(&Address::block(kind, name))),
        [kind, name, attribute] => Table::of(kind)
            .filter(|table| table.attributes.contains(attribute))
            .map(|_| Link::attribute(&Address::block(kind, name), attribute)),
        _ => None,
    }
}

fn desired(address: Address, resource: impl Into<Resource>) -> Desired {
    Desired { address, resource: resource.into(), after: Vec::new() }
}

pub use cache::major_minor as cache_engine_version;

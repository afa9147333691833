//! The objects of an environment and what each of them needs, told from its
//! file alone: no account is asked. What the account would answer (the
//! network, externals) stands in it under its address.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::{
    Address,
    desired::{Neighbour, Network, Subnet, Surroundings, wanted},
    environment::{Environment, EnvironmentName},
    plan::HeldReason,
    resource::Kind,
};

/// What an environment consists of and stands on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    /// Of which environment.
    pub environment: EnvironmentName,
    /// Everything in it, by address.
    pub nodes: BTreeMap<Address, Node>,
    /// What leads where.
    pub edges: BTreeSet<Edge>,
}

/// One thing in the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Node {
    /// An AWS object that is made.
    Object(Kind),
    /// An external, by the word of its kind: referred to, never written.
    External(&'static str),
    /// A part of the network: looked up, never written.
    Network(&'static str),
    /// Described and not managed by this version.
    NotYetManaged,
}

/// From something to what it needs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// What needs.
    pub from: Address,
    /// What is needed.
    pub to: Address,
}

/// Everything that an environment's file says of its objects and their needs.
pub fn graph(environment: &Environment) -> Graph {
    let stand_ins = StandIns::of(environment);
    let wanted = wanted(environment, &stand_ins.surroundings(), None);
    let mut nodes: BTreeMap<Address, Node> = stand_ins.nodes.clone();
    let mut edges = BTreeSet::new();
    for desired in &wanted.objects {
        let from = &desired.address;
        nodes.insert(from.clone(), Node::Object(desired.resource.kind()));
        edges.extend(desired.dependencies().into_iter().map(|to| Edge { from: from.clone(), to }));
        let spec = serde_json::to_value(&desired.resource).unwrap_or_default();
        edges.extend(stand_ins.named_in(&spec).map(|to| Edge { from: from.clone(), to: to.clone() }));
    }
    for held in wanted.held.iter().filter(|held| held.reason == HeldReason::NotYetManaged) {
        nodes.entry(held.address.clone()).or_insert(Node::NotYetManaged);
    }
    let mut graph = Graph { environment: environment.name.clone(), nodes, edges };
    graph.add_written_references(&environment.document);
    let Graph { nodes, edges, .. } = &mut graph;
    edges.retain(|edge| nodes.contains_key(&edge.from) && nodes.contains_key(&edge.to));
    graph
}

impl Graph {
    /// A block that names an external in a part that is not managed yet is
    /// tied to it all the same.
    fn add_written_references(&mut self, document: &Value) {
        let blocks = document.as_object().into_iter().flatten().flat_map(|(kind, blocks)| {
            blocks
                .as_object()
                .into_iter()
                .flatten()
                .map(move |(name, block)| (Address::block(kind, name), block))
        });
        let externals: Vec<Address> = self
            .nodes
            .iter()
            .filter(|(_, node)| matches!(node, Node::External(_)))
            .map(|(address, _)| address.clone())
            .collect();
        for (block, written) in blocks.filter(|(block, _)| self.nodes.contains_key(block)) {
            for external in &externals {
                let is_named = any_text(written, &|text| {
                    text.contains(&format!("${{{external}}}")) || text.contains(&format!("${{{external}."))
                });
                let is_tied =
                    self.edges.iter().any(|edge| edge.to == *external && edge.from.is_within(&block));
                if is_named && !is_tied && block != *external {
                    self.edges.insert(Edge { from: block.clone(), to: external.clone() });
                }
            }
        }
    }
}

/// What an account would answer, each under a text that nobody writes: where
/// an object holds the text, it needs the thing.
struct StandIns {
    nodes: BTreeMap<Address, Node>,
}

/// Everything that can be known of an external.
const ATTRIBUTES: &[&str] = &[
    "access_point",
    "arn",
    "cluster",
    "endpoint",
    "file_system",
    "id",
    "name",
    "namespace",
    "port",
    "reader_endpoint",
    "secret",
    "security_group",
    "service",
];

impl StandIns {
    fn of(environment: &Environment) -> Self {
        let file = &environment.file;
        let externals = file
            .external
            .iter()
            .map(|(name, external)| (Address::block("external", name), Node::External(external.kind())));
        let subnets = ["private", "public"].into_iter().filter(|name| file.network.subnets(name).is_some());
        let subnets = subnets.map(|name| (subnets_address(name), Node::Network("subnets")));
        let vpc = (Address::block("network", "vpc"), Node::Network("VPC"));
        Self { nodes: externals.chain(subnets).chain([vpc]).collect() }
    }

    fn surroundings(&self) -> Surroundings {
        let externals = self.nodes.iter().filter(|(_, node)| matches!(node, Node::External(_)));
        let subnets = ["private", "public"].into_iter().map(|name| {
            let subnet = Subnet { id: stand_in(&subnets_address(name)), zone: String::new() };
            (name.to_owned(), vec![subnet])
        });
        Surroundings {
            network: Network { vpc: stand_in(&Address::block("network", "vpc")), subnets: subnets.collect() },
            externals: externals
                .map(|(address, _)| {
                    let id = stand_in(address);
                    let attributes = ATTRIBUTES.iter().map(|name| ((*name).to_owned(), id.clone())).collect();
                    let name = address.as_str().trim_start_matches("external.").to_owned();
                    (name, Neighbour { id, attributes })
                })
                .collect(),
        }
    }

    /// Everything that stands in a value under its text.
    fn named_in<'a>(&'a self, value: &'a Value) -> impl Iterator<Item = &'a Address> {
        self.nodes.keys().filter(|address| {
            let stand_in = stand_in(address);
            any_text(value, &|text| text.contains(&stand_in))
        })
    }
}

fn subnets_address(name: &str) -> Address {
    Address::block("network", &format!("{name}_subnets"))
}

fn stand_in(address: &Address) -> String {
    format!("<{address}>")
}

fn any_text(value: &Value, is: &dyn Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => is(text),
        Value::Array(items) => items.iter().any(|item| any_text(item, is)),
        Value::Object(object) => object.values().any(|item| any_text(item, is)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

//! What should be: the AWS objects that an environment's blocks stand for.

mod alarm;
mod bucket;
mod cache;
mod dashboard;
mod load_balancer;
mod metric;
mod native;
mod outputs;
mod queue;
mod scaling;
mod scheduled_task;
mod secret;
mod service;
mod sides;
mod task;
mod unmanaged;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub(crate) use metric::is_of_target_groups_only;
pub use outputs::outputs;
pub use service::{TEST_HEADER, old_target_group, test_mark};

use crate::{
    Address,
    environment::{Environment, block::Table},
    plan::Held,
    resource::{Dashboard, Desired, Link, Resource, Tags, Text},
    rollout::{Slot, Track, unknown},
    scalar::{Reference, Template, TemplatePart},
    state::{Recorded, State},
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
    /// The outputs, as far as they lead to something that is managed.
    pub outputs: BTreeMap<String, Text>,
}

/// Everything that an environment describes in these surroundings, whether it should
/// stand or, with `removed = true`, should go; laid out as the rollouts say
/// that its state knows of.
pub fn wanted(environment: &Environment, surroundings: &Surroundings, state: Option<&State>) -> Wanted {
    let mut wanted = Wanted::default();
    let Surroundings { network, externals } = surroundings;
    let context = Context { environment, network, externals, state };
    for (name, block) in &environment.file.secret {
        secret::expand(&context, name, block, &mut wanted);
    }
    for (name, block) in &environment.file.load_balancer {
        load_balancer::expand(&context, name, block, &mut wanted);
    }
    for (name, block) in &environment.file.cache {
        cache::expand(&context, name, block, &mut wanted);
    }
    for (name, block) in &environment.file.service {
        service::expand(&context, name, block, &mut wanted);
    }
    for (name, block) in &environment.file.scheduled_task {
        scheduled_task::expand(&context, name, block, &mut wanted);
    }
    for (name, block) in &environment.file.queue {
        queue::expand(&context, name, block, &mut wanted);
    }
    for (name, block) in &environment.file.bucket {
        bucket::expand(&context, name, block, &mut wanted);
    }
    if let Some(alarms) = &environment.file.alarms {
        for (name, block) in &alarms.alarm {
            alarm::expand(&context, name, block, &alarms.notify, &mut wanted);
        }
    }
    if let Some(block) = &environment.file.dashboard {
        dashboard::expand(&context, block, &mut wanted);
    }
    unmanaged::hold(environment, &mut wanted);
    wanted.outputs = outputs::linked(&context);
    wanted.objects.sort_by(|a, b| a.address.cmp(&b.address));
    wanted.held.sort();
    wanted
}

/// Everything that may stand of an environment, whichever side of each service
/// is live and whatever rollout was under way: what is looked for where that is
/// not recorded. Sorted by address.
pub fn described(environment: &Environment, surroundings: &Surroundings) -> Vec<Desired> {
    let exposed = environment.file.service.iter().filter(|(_, block)| block.expose.is_some());
    let exposed: Vec<&String> = exposed.map(|(name, _)| name).collect();
    let mut all: BTreeMap<Address, Desired> = BTreeMap::new();
    for blue in [Slot::B, Slot::A] {
        let mut state = State::new(environment.name.clone(), String::new());
        state.tracks = exposed.iter().map(|name| ((*name).clone(), unknown(blue))).collect();
        let wanted = wanted(environment, surroundings, Some(&state));
        all.extend(wanted.objects.into_iter().map(|desired| (desired.address.clone(), desired)));
    }
    all.into_values().collect()
}

/// What the blocks' expansions have in common.
struct Context<'a> {
    environment: &'a Environment,
    network: &'a Network,
    externals: &'a BTreeMap<String, Neighbour>,
    state: Option<&'a State>,
}

impl Context<'_> {
    /// What rollouts made of a service so far.
    fn track(&self, service: &str) -> Option<&Track> {
        self.state?.tracks.get(service)
    }

    /// Whether ECS itself moves a service's traffic: not before a rollout has
    /// ended in which the agent does.
    fn is_native(&self, service: &str) -> bool {
        let is_open = self.track(service).is_some_and(|track| track.open.is_some());
        self.environment.file.is_native() && !is_open
    }

    /// The name under which the side of a service stands that serves people.
    fn live(&self, service: &str) -> String {
        self.track(service).map_or(Slot::A, |track| track.live).block_name(service)
    }

    /// Everything that was recorded.
    fn recorded(&self) -> impl Iterator<Item = (&Address, &Recorded)> {
        self.state.iter().flat_map(|state| &state.objects)
    }

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

    /// An external as it was found.
    fn external(&self, reference: &Reference) -> Option<&Neighbour> {
        match reference.segments().as_slice() {
            ["external", name, ..] => self.externals.get(*name),
            _ => None,
        }
    }

    /// What a reference means: a known value of an external, or an object of
    /// this environment, where its kind is managed.
    fn link(&self, reference: &Reference) -> Option<Link> {
        match reference.segments().as_slice() {
            ["service", name, rest @ ..] => {
                let address = Address::block("service", &self.live(name));
                match rest {
                    [] => Some(Link::to(&address)),
                    [attribute] if Table::of("service")?.attributes.contains(attribute) => {
                        Some(Link::attribute(&address, attribute))
                    }
                    _ => None,
                }
            }
            _ => link_of(reference, self.externals),
        }
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
                TemplatePart::Reference(reference) => match reference.segments().as_slice() {
                    ["dashboard", "url"] => self.dashboard_url().map(Link::Known),
                    _ => self.link(reference),
                },
            })
            .collect::<Option<Vec<_>>>()
            .map(Text)
    }

    /// Where the dashboard will be: a service that tells people need not wait
    /// for it, and it shows that service.
    fn dashboard_url(&self) -> Option<String> {
        let file = &self.environment.file;
        file.dashboard.as_ref().map(|dashboard| Dashboard::url(&file.aws.region, &dashboard.name))
    }
}

/// The object and attribute that a reference means, where its kind is managed.
fn link_of(reference: &Reference, externals: &BTreeMap<String, Neighbour>) -> Option<Link> {
    match reference.segments().as_slice() {
        ["external", name] => Some(Link::Known(externals.get(*name)?.id.clone())),
        ["external", name, attribute] => {
            externals.get(*name)?.attributes.get(*attribute).cloned().map(Link::Known)
        }
        ["cache", name, "url_secret"] => Some(Link::to(&cache::url_secret(name))),
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

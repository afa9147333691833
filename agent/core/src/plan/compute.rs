use std::collections::{BTreeMap, BTreeSet};

use super::{
    Action, Base, Change, Conflict, Disruption, FieldChange, Held, HeldReason, Origin, PLAN_SCHEMA, Plan,
    Reason, Unsettled,
};
use crate::{
    Address,
    cost::Cost,
    environment::EnvironmentName,
    forecast::{Impact, Neighbourhood, forecast, impact},
    plan::{
        decided::{Decided, decided, shown},
        order::in_order,
    },
    resource::{
        Decider, Desired, Estate, Field, Kind, Link, Observed, Owner, Readiness, Resource, Rule, Spec,
    },
    rollout::is_owned,
    state::{Recorded, State},
};

/// Everything that a plan follows from.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// For which environment.
    pub environment: &'a EnvironmentName,
    /// For which commit.
    pub commit: Option<&'a str>,
    /// In which account.
    pub account: &'a str,
    /// In which region.
    pub region: &'a str,
    /// What should be.
    pub desired: &'a [Desired],
    /// What is described and should go: when everything is taken down.
    pub unwanted: &'a [Desired],
    /// What is known to be left alone.
    pub held: &'a [Held],
    /// What lives, by the address under which it was looked for.
    pub observed: &'a BTreeMap<Address, Observed>,
    /// What was recorded.
    pub state: Option<&'a State>,
    /// Addresses with a field that nobody wants compared.
    pub ignore: &'a [String],
}

/// Compares what should be with what lives and with what was recorded. All
/// conflicts are reported at once.
pub fn plan(inputs: &Inputs<'_>) -> Result<Plan, Vec<Conflict>> {
    let mut computation = Computation {
        inputs,
        known: BTreeMap::new(),
        changes: Vec::new(),
        held: inputs.held.to_vec(),
        unsettled: Vec::new(),
        forget: Vec::new(),
        conflicts: Vec::new(),
    };
    match in_order(inputs.desired) {
        Ok(order) => order.into_iter().for_each(|desired| computation.wanted(desired)),
        Err(addresses) => computation.conflicts.push(Conflict::Cycle { addresses }),
    }
    let recorded = inputs.state.iter().flat_map(|state| state.objects.keys());
    let described = inputs.unwanted.iter().map(|unwanted| &unwanted.address);
    for address in recorded.chain(described).collect::<BTreeSet<_>>() {
        if !inputs.desired.iter().any(|desired| desired.address == *address) {
            computation.unwanted(address);
        }
    }
    computation.finish()
}

struct Computation<'a> {
    inputs: &'a Inputs<'a>,
    /// What stands at an address after the plan, where it stands already.
    known: BTreeMap<Address, Known<'a>>,
    changes: Vec<Change>,
    held: Vec<Held>,
    unsettled: Vec<Unsettled>,
    forget: Vec<Address>,
    conflicts: Vec<Conflict>,
}

/// What stands at an address after the plan.
struct Known<'a> {
    observed: &'a Observed,
    /// Attributes that the plan changes.
    changing: Vec<&'static str>,
}

impl Known<'_> {
    fn attribute(&self, name: &str) -> Option<&str> {
        if self.changing.contains(&name) { None } else { self.observed.attribute(name) }
    }
}

impl<'a> Computation<'a> {
    fn recorded(&self, address: &Address) -> Option<&'a Recorded> {
        self.inputs.state.and_then(|state| state.objects.get(address))
    }

    /// Plans what an object that should be needs.
    fn wanted(&mut self, desired: &Desired) {
        let dependencies = desired.dependencies();
        let mut desired = desired.clone();
        for link in desired.resource.spec_mut().links_mut() {
            self.resolve(link);
        }
        let recorded = self.recorded(&desired.address);
        let mut change = Change {
            address: desired.address.clone(),
            kind: desired.resource.kind(),
            stateful: desired.resource.kind().is_stateful(),
            action: Action::Create,
            reason: if recorded.is_some() { Reason::Gone } else { Reason::New },
            disruption: Disruption::None,
            impact: Impact::NONE,
            fields: Vec::new(),
            desired: None,
            observed: None,
            dependencies,
            former_dependencies: recorded.map(|r| r.dependencies.clone()).unwrap_or_default(),
        };
        let Some(observed) = self.inputs.observed.get(&desired.address) else {
            change.desired = Some(desired);
            self.changes.push(change);
            return;
        };
        if !self.is_ours(&desired.address, observed) {
            self.conflicts.push(Conflict::NotOurs {
                address: desired.address,
                kind: observed.resource.kind(),
                name: observed.resource.spec().name(),
                id: observed.id.clone(),
                owner: observed.owner.clone(),
            });
            return;
        }
        change.fields = self.differences(&desired, observed, recorded);
        let decided = match &observed.readiness {
            Readiness::Failed(_) => Some((Action::Replace, Reason::Failed)),
            Readiness::Pending(status) => {
                self.unsettled.push(Unsettled { address: desired.address.clone(), status: status.clone() });
                self.decide(&desired, &change.fields, recorded)
            }
            Readiness::Ready => self.decide(&desired, &change.fields, recorded),
        };
        let action = decided.map(|(action, _)| action);
        let another = match action {
            Some(Action::Replace) => true,
            Some(Action::Rollout) => change.kind == Kind::TaskDefinition,
            _ => false,
        };
        if !another {
            let spec = desired.resource.spec();
            let changing = change.fields.iter().flat_map(|field| spec.unsettled_by(&field.field));
            let known = Known { observed, changing: changing.copied().collect() };
            self.known.insert(desired.address.clone(), known);
        }
        if let Some((action, reason)) = decided {
            change.action = action;
            change.reason = reason;
            change.observed = Some(observed.clone());
            change.desired = Some(desired);
            self.changes.push(change);
        }
    }

    /// Puts the known value in place of the named, where it will not change.
    fn resolve(&self, link: &mut Link) {
        if let Link::To { address, attribute } = link
            && let Some(value) = self.known.get(address).and_then(|known| known.attribute(attribute))
        {
            *link = Link::Known(value.to_owned());
        }
    }

    fn is_ours(&self, address: &Address, observed: &Observed) -> bool {
        let by_tag = match &observed.owner {
            Owner::Environment { environment, address: tagged } => {
                environment == self.inputs.environment.as_str() && crate::state::unretired(address) == *tagged
            }
            Owner::Unknown => false,
        };
        // Someone who strips all tags from an object does not make it theirs:
        // it is still exactly the one that was recorded.
        let by_record = observed.owner == Owner::Unknown
            && observed.resource.kind().has_generated_id()
            && self.recorded(address).is_some_and(|recorded| recorded.id == observed.id);
        by_tag || by_record
    }

    fn differences(
        &mut self,
        desired: &Desired,
        observed: &Observed,
        recorded: Option<&Recorded>,
    ) -> Vec<FieldChange> {
        let mut live = observed.resource.clone();
        let tag_is_known = |key: &str| {
            let has = |resource: &Resource| resource.tags().is_some_and(|tags| tags.get(key).is_some());
            has(&desired.resource) || recorded.is_some_and(|recorded| has(&recorded.resource))
        };
        if let Some(tags) = live.tags_mut() {
            tags.keep_only(tag_is_known);
        }
        let wanted = by_name(desired.resource.spec());
        let lives = by_name(live.spec());
        let was = recorded.map(|recorded| by_name(recorded.resource.spec()));
        let was_decided_elsewhere = |name: &str| {
            let field = was.as_ref().and_then(|fields| fields.get(name));
            field.is_some_and(|field| field.decider == Decider::Autoscaler)
        };
        let mut changes = Vec::new();
        let names: BTreeSet<&String> = wanted.keys().chain(lives.keys()).collect();
        for name in names {
            let Some(rule) = wanted.get(name).or_else(|| lives.get(name)).map(|field| field.rule) else {
                continue;
            };
            let value = |fields: &BTreeMap<String, Field>| {
                fields.get(name).map(|field| field.value.clone()).unwrap_or_default()
            };
            let (before, after) = (value(&lives), value(&wanted));
            if before == after {
                continue;
            }
            // As people write it, a field belongs to the block: `service.web.image`.
            let paths =
                [desired.address.clone(), desired.address.of_block()].map(|of| format!("{of}.{name}"));
            let is_ignored = paths.iter().any(|path| self.inputs.ignore.contains(path));
            if is_ignored && !is_owned(self.inputs.state, &desired.address, name) {
                let reason = HeldReason::Ignored { live: shown(&before), written: shown(&after) };
                self.held.push(Held::new(desired.address.part(name), reason));
                continue;
            }
            let decider = wanted.get(name).map_or(&Decider::File, |field| &field.decider);
            match decided(decider, &before, &after) {
                Decided::Same => continue,
                Decided::Held(reason) => {
                    self.held.push(Held::new(desired.address.part(name), reason));
                    continue;
                }
                Decided::Changed => {}
            }
            // What somebody else decided until now, the file takes back.
            let taken_back = was_decided_elsewhere(name);
            let origin = match was.as_ref().map(value) {
                Some(_) if taken_back => Origin::File,
                Some(was) if was == after => Origin::Live,
                Some(was) if was == before => Origin::File,
                _ => Origin::Both,
            };
            changes.push(FieldChange { field: name.clone(), rule, before, after, origin });
        }
        changes
    }

    fn decide(
        &mut self,
        desired: &Desired,
        fields: &[FieldChange],
        recorded: Option<&Recorded>,
    ) -> Option<(Action, Reason)> {
        for field in fields.iter().filter(|field| field.rule == Rule::Impossible) {
            self.conflicts.push(Conflict::Impossible {
                address: desired.address.clone(),
                field: field.field.clone(),
                before: field.before.clone(),
                after: field.after.clone(),
            });
        }
        match fields.iter().map(|field| field.rule).max() {
            None => recorded.is_none().then_some((Action::Adopt, Reason::Unrecorded)),
            Some(Rule::InPlace) => Some((Action::Update, Reason::Differs)),
            Some(Rule::Rollout) => Some((Action::Rollout, Reason::Differs)),
            Some(Rule::Replace | Rule::Impossible) => Some((Action::Replace, Reason::Differs)),
        }
    }

    /// Plans the end of an object that should not be.
    fn unwanted(&mut self, address: &Address) {
        let recorded = self.recorded(address);
        let Some(observed) = self.inputs.observed.get(address) else {
            self.forget.extend(recorded.map(|_| address.clone()));
            return;
        };
        if !self.is_ours(address, observed) {
            let was_ours = recorded.map(|_| Held::new(address.clone(), HeldReason::NotOursAnyMore));
            self.held.extend(was_ours);
            return;
        }
        let described = self.inputs.unwanted.iter().find(|unwanted| unwanted.address == *address);
        let former_dependencies = recorded
            .map(|recorded| recorded.dependencies.clone())
            .or_else(|| described.map(Desired::dependencies))
            .unwrap_or_default();
        let kind = observed.resource.kind();
        let retired = crate::state::unretired(address) != *address;
        let reason = match (retired, described) {
            (true, _) => Reason::Replaced,
            (false, Some(_)) => Reason::TakenDown,
            (false, None) => Reason::NotWanted,
        };
        self.changes.push(Change {
            address: address.clone(),
            kind,
            stateful: kind.is_stateful(),
            action: Action::Delete,
            reason,
            disruption: Disruption::None,
            impact: Impact::NONE,
            fields: Vec::new(),
            desired: None,
            observed: Some(observed.clone()),
            dependencies: Vec::new(),
            former_dependencies,
        });
    }

    /// Says of every change what people notice of it, and how long it takes.
    fn foresee(&mut self) {
        let around = Neighbourhood {
            wanted: Estate::of_desired(self.inputs.desired),
            lives: Estate::of_observed(self.inputs.observed),
        };
        for change in &mut self.changes {
            change.impact = impact(change, &around);
            change.disruption = change.impact.disruption();
        }
    }

    /// What a month costs before and after.
    fn cost(&self) -> Cost {
        let ours = |(address, observed): &(&Address, &Observed)| self.is_ours(address, observed);
        let lives = Estate::of_observed(self.inputs.observed.iter().filter(ours));
        Cost::between(self.inputs.region, &lives, &Estate::of_desired(self.inputs.desired))
    }

    fn finish(mut self) -> Result<Plan, Vec<Conflict>> {
        if !self.conflicts.is_empty() {
            return Err(self.conflicts);
        }
        self.changes.sort_by(|a, b| a.address.cmp(&b.address));
        self.held.sort();
        self.held.dedup();
        self.foresee();
        let Inputs {
            environment,
            commit,
            account,
            region,
            desired: _,
            unwanted: _,
            held: _,
            observed: _,
            state,
            ignore: _,
        } = self.inputs;
        Ok(Plan {
            schema: PLAN_SCHEMA,
            environment: (*environment).clone(),
            commit: commit.map(ToOwned::to_owned),
            account: (*account).to_owned(),
            region: (*region).to_owned(),
            base: state.map(|state| Base { lineage: state.lineage.clone(), serial: state.serial }),
            forecast: forecast(&self.changes),
            cost: self.cost(),
            changes: self.changes,
            rollouts: Vec::new(),
            held: self.held,
            unsettled: self.unsettled,
            forget: self.forget,
        })
    }
}

/// Fields by name, without those that stand for nothing: absent and null are one.
fn by_name(spec: &dyn Spec) -> BTreeMap<String, Field> {
    spec.fields()
        .into_iter()
        .filter(|field| !field.is_absent() || field.decider != Decider::File)
        .map(|field| (field.name.clone(), field))
        .collect()
}

use std::collections::BTreeMap;

use pointsman_core::{
    Address,
    desired::{Wanted, described, wanted},
    journal::Intent,
    plan::{Action, Change, Inputs, plan},
    report::adoption::{Adoption, Standing, Tagged, Verdict},
    resource::{Desired, Observed, Owner, Resource, Text},
    state::{State, unretired},
};

use super::{remains::LeftOpen, sides};
use crate::{
    Failure, Run,
    look::look_up,
    ports::Sought,
    recover::{self, Doubt},
};

/// What stands, and what of it goes into the new state.
pub(super) struct Survey {
    pub(super) adoption: Adoption,
    pub(super) records: Vec<Record>,
    /// What the file's outputs lead to.
    pub(super) outputs: BTreeMap<String, Text>,
}

/// An object as it is recorded.
pub(super) struct Record {
    pub(super) desired: Desired,
    pub(super) live: Observed,
    pub(super) dependencies: Vec<Address>,
}

/// Looks up by name everything that the file, what is left of the state and the
/// journal of an open run describe, and lists what carries the tags.
pub(super) async fn survey(
    run: &Run,
    state: Option<&State>,
    left: &LeftOpen,
    doubt: Doubt,
) -> Result<Survey, Failure> {
    let surroundings = look_up(run).await?;
    let described = described(&run.environment, &surroundings);
    let (intents, sought) = (left.intents(), sought(&described, state));
    let cloud = &run.ports.cloud;
    let (found, made, tagged) = futures::join!(
        cloud.observe(&sought),
        recover::look_up(run, &intents, doubt),
        cloud.tagged(&run.environment.name),
    );
    let mut found = found?;
    for (address, object) in made? {
        found.entry(address).or_insert(object);
    }
    sides::follow(run, &described, &mut found).await?;
    let (ours, others): (BTreeMap<_, _>, BTreeMap<_, _>) =
        found.into_iter().partition(|(address, object)| is_ours(run, address, object));
    let sides = sides::tracks(run, state, &ours).await?;
    let as_found = sides::as_found(run, state, &sides, &described, &ours)?;
    let wanted = wanted(&run.environment, &surroundings, Some(&as_found));
    let left_over = described.iter().filter(|desired| !describes(&wanted, &desired.address));
    let records = records(run, &wanted, state, &intents, &left_over.collect::<Vec<_>>(), &ours);
    let described = wanted.objects.iter().map(|desired| &desired.address);
    let missing = described.filter(|address| !ours.contains_key(*address) && !others.contains_key(*address));
    let adoption = Adoption {
        environment: run.environment.name.clone(),
        found: standing(&wanted, &records, &others, tagged?),
        sides,
        missing: missing.cloned().collect(),
        open_run: left.run,
        serial: None,
    };
    Ok(Survey { adoption, records, outputs: wanted.outputs })
}

/// What the file describes is found by its name, whatever was recorded; what
/// only the old state describes by what was recorded.
fn sought(described: &[Desired], state: Option<&State>) -> Vec<Sought> {
    let is_described = |address: &Address| described.iter().any(|desired| desired.address == *address);
    let by_name = described.iter().map(|desired| Sought {
        address: desired.address.clone(),
        id: None,
        resource: desired.resource.clone(),
        recorded: None,
    });
    let recorded = state.iter().flat_map(|state| &state.objects);
    let recorded = recorded.filter(|(address, _)| !is_described(address)).map(|(address, recorded)| {
        let (id, resource) = (Some(recorded.id.clone()), recorded.resource.clone());
        Sought { address: address.clone(), id, resource, recorded: None }
    });
    by_name.chain(recorded).collect()
}

fn describes(wanted: &Wanted, address: &Address) -> bool {
    wanted.objects.iter().any(|desired| desired.address == *address)
}

fn is_ours(run: &Run, address: &Address, object: &Observed) -> bool {
    object.owner.is_of(&run.environment.name)
        && matches!(&object.owner, Owner::Environment { address: tagged, .. } if unretired(address) == *tagged)
}

fn records(
    run: &Run,
    wanted: &Wanted,
    state: Option<&State>,
    intents: &[&Intent],
    left_over: &[&Desired],
    ours: &BTreeMap<Address, Observed>,
) -> Vec<Record> {
    let changes = changes(run, wanted, ours);
    let in_file = wanted.objects.iter().filter_map(|desired| {
        let live = ours.get(&desired.address)?.clone();
        let only_recorded = |change: &&Change| change.action == Action::Adopt;
        let as_written = changes.get(&desired.address).filter(only_recorded);
        // What is as the file says was made by it. Of anything else it is known how
        // it lives, and the next plan says how the file differs.
        let made = as_written.and_then(|change| change.desired.clone());
        let made = made.unwrap_or_else(|| as_it_lives(desired, &live));
        Some(Record { desired: made, live, dependencies: desired.dependencies() })
    });
    let recorded = state.iter().flat_map(|state| &state.objects);
    let recorded = recorded.map(|(address, old)| (address, &old.resource, &old.dependencies));
    let announced = intents.iter().map(|one| (&one.address, &one.desired.resource, &one.dependencies));
    // What a rollout left that is not wanted any more is recorded as it lives.
    let left: Vec<(&Address, Resource, Vec<Address>)> = left_over
        .iter()
        .filter_map(|it| {
            Some((&it.address, as_it_lives(it, ours.get(&it.address)?).resource, it.dependencies()))
        })
        .collect();
    let left = left.iter().map(|(address, resource, dependencies)| (*address, resource, dependencies));
    // The journal is newer than the state: the later one stays.
    let others: BTreeMap<&Address, (&Resource, &Vec<Address>)> = left
        .chain(recorded)
        .chain(announced)
        .filter(|(address, ..)| !describes(wanted, address))
        .map(|(address, resource, dependencies)| (address, (resource, dependencies)))
        .collect();
    let others = others.into_iter().filter_map(|(address, (resource, dependencies))| {
        let live = ours.get(address)?.clone();
        let desired = Desired { address: address.clone(), resource: resource.clone(), after: Vec::new() };
        Some(Record { desired, live, dependencies: dependencies.clone() })
    });
    in_file.chain(others).collect()
}

/// What a plan without a state says of each object: what is as the file says
/// would only be recorded. Where there can be no plan, the next one says why.
fn changes(run: &Run, wanted: &Wanted, ours: &BTreeMap<Address, Observed>) -> BTreeMap<Address, Change> {
    let environment = &run.environment;
    let plan = plan(&Inputs {
        environment: &environment.name,
        commit: run.commit.as_deref(),
        account: &environment.file.aws.account,
        region: &environment.file.aws.region,
        desired: &wanted.objects,
        unwanted: &[],
        held: &wanted.held,
        observed: ours,
        state: None,
        ignore: &environment.file.drift.ignore,
    });
    let changes = plan.map(|plan| plan.changes).unwrap_or_default();
    changes.into_iter().map(|change| (change.address.clone(), change)).collect()
}

/// Without the tags that others set: they are theirs.
pub(super) fn as_it_lives(desired: &Desired, live: &Observed) -> Desired {
    let mut resource = live.resource.clone();
    if let Some(tags) = resource.tags_mut() {
        tags.keep_only(|key| desired.resource.tags().is_some_and(|ours| ours.get(key).is_some()));
    }
    Desired { resource, ..desired.clone() }
}

fn standing(
    wanted: &Wanted,
    records: &[Record],
    others: &BTreeMap<Address, Observed>,
    tagged: Vec<Tagged>,
) -> Vec<Standing> {
    let row = |address: &Address, object: &Observed, verdict| Standing {
        address: Some(address.clone()),
        of_kind: Some(object.resource.kind()),
        id: object.id.clone(),
        verdict,
    };
    let recorded = records.iter().map(|record| {
        let in_file = describes(wanted, &record.desired.address);
        let verdict = if in_file { Verdict::Recorded } else { Verdict::RecordedNotInFile };
        row(&record.desired.address, &record.live, verdict)
    });
    let taken = others.iter().filter(|(address, _)| describes(wanted, address));
    let taken = taken.map(|(address, object)| row(address, object, Verdict::NotOurs));
    let unknown = tagged.into_iter().filter(|tagged| is_unknown(tagged, records));
    let unknown = unknown.map(|Tagged { arn, address }| Standing {
        address,
        of_kind: None,
        id: arn,
        verdict: Verdict::NotInFile,
    });
    let mut rows: Vec<Standing> = recorded.chain(taken).chain(unknown).collect();
    rows.sort_by(|a, b| (&a.address, &a.id).cmp(&(&b.address, &b.id)));
    rows
}

/// Whether it is none of what is recorded, nor a part of it that carries its tags.
fn is_unknown(tagged: &Tagged, records: &[Record]) -> bool {
    if records.iter().any(|record| tagged.is(&record.live.id, arn_of(&record.live))) {
        return false;
    }
    let is_at_its_address =
        |record: &&Record| Some(&unretired(&record.desired.address)) == tagged.address.as_ref();
    match records.iter().find(is_at_its_address) {
        None => true,
        Some(record) => arn_of(&record.live).is_some_and(|arn| tagged.is_alike(arn)),
    }
}

fn arn_of(object: &Observed) -> Option<&str> {
    let id = Some(object.id.as_str()).filter(|id| id.starts_with("arn:"));
    object.attributes.get("arn").map(String::as_str).or(id)
}

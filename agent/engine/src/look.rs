//! Looking: everything that a plan follows from, read side by side.

use std::collections::{BTreeMap, BTreeSet};

use pointsman_core::{
    Address,
    desired::{Surroundings, Wanted, wanted},
    plan::{Change, Inputs, Plan, plan},
    resource::{Link, Observed},
    rollout::{Begins, Rollout, Slot, begins, cuts_over, due, goes_back, goes_to_old},
    state::State,
};

use crate::{
    Failure, Purpose, Run,
    ports::{Identity, Sought},
    rollout::{is_of, open},
};

/// What was seen, and the plan that follows.
pub(crate) struct Seen {
    pub(crate) plan: Plan,
    pub(crate) observed: BTreeMap<Address, Observed>,
    pub(crate) wanted: Wanted,
    /// What differs and is the next deploy's, which the policies judge: whoever
    /// drives a rollout leaves it alone.
    pub(crate) left: BTreeSet<Address>,
}

/// Refuses another account than the environment's.
pub(crate) fn check_account(run: &Run, identity: &Identity) -> Result<(), Failure> {
    let wanted = &run.environment.file.aws.account;
    if identity.account == *wanted {
        Ok(())
    } else {
        Err(Failure::WrongAccount {
            wanted: wanted.clone(),
            found: identity.account.clone(),
            arn: identity.arn.clone(),
        })
    }
}

/// What the environment stands in as it is.
pub(crate) async fn look_up(run: &Run) -> Result<Surroundings, Failure> {
    let environment = &run.environment;
    let (network, externals) = (&environment.file.network, environment.file.referred_externals());
    Ok(run.ports.cloud.surroundings(&environment.name, network, &externals).await?)
}

/// Looks at everything that is wanted or was recorded, and plans. Where that
/// would replace the tasks of a live side, the plan begins a rollout instead.
pub(crate) async fn look(
    run: &Run,
    surroundings: &Surroundings,
    state: Option<&State>,
) -> Result<Seen, Failure> {
    let mut seen = look_once(run, surroundings, state).await?;
    if run.takes_down() {
        return Ok(seen);
    }
    let begins = match run.purpose {
        Purpose::Deploy | Purpose::Destroy => {
            let mut begins = begins(&run.environment, state, &seen.plan, &seen.observed);
            if let Some(cut_over) = cut_over(run, state).await? {
                begins.retain(|begins| begins.service != cut_over.service);
                begins.push(cut_over);
                begins.sort_by(|a, b| a.service.cmp(&b.service));
            }
            begins
        }
        Purpose::GoBack => {
            let mut begins = goes_back(&run.environment, state, &seen.observed);
            for to_old in goes_to_old(&run.environment, state, &seen.observed) {
                is_there(run, &to_old).await?;
                begins.push(to_old);
            }
            begins
        }
        Purpose::GoOn => Vec::new(),
    };
    // What a rollout wants of its sides is brought about by it alone, once its facts are good enough.
    let driven = state.map(open).unwrap_or_default();
    seen.plan.changes.retain(|change| {
        let is_its = |(service, rollout): (&String, &Rollout)| {
            is_of(&change.address, service) && !rollout.is_being_made()
        };
        !driven.iter().any(is_its)
    });
    if run.purpose == Purpose::GoOn || run.purpose == Purpose::GoBack && begins.is_empty() {
        let is_driven = |address: &Address| driven.keys().any(|service| is_of(address, service));
        seen.leave(|address| is_driven(address));
        seen.plan.changes.clear();
    }
    if begins.is_empty() {
        return Ok(seen);
    }
    let mut opened =
        state.cloned().unwrap_or_else(|| State::new(run.environment.name.clone(), String::new()));
    for begins in &begins {
        // One that does not fit its track any more is refused when it is recorded.
        let _ = begins.open(&mut opened.tracks, run.commit.as_deref(), "", 0);
    }
    let mut seen = look_again(run, surroundings, &opened, seen.observed).await?;
    if state.is_none() {
        seen.plan.base = None;
    }
    if run.purpose == Purpose::GoBack {
        // Nothing but what goes back: whatever else differs is the next deploy's.
        let is_of_it = |address: &Address| {
            let block = address.of_block();
            let name = block.as_str().strip_prefix("service.").map(|name| Slot::of_block_name(name).0);
            begins.iter().any(|begins| name == Some(begins.service.as_str()))
        };
        seen.leave(is_of_it);
    }
    seen.plan.rollouts = begins;
    Ok(seen)
}

impl Seen {
    /// Leaves alone what is not of the rollouts.
    fn leave(&mut self, is_theirs: impl Fn(&Address) -> bool) {
        let (theirs, rest) =
            std::mem::take(&mut self.plan.changes).into_iter().partition(|it| is_theirs(&it.address));
        let rest: Vec<Change> = rest;
        self.left.extend(rest.into_iter().map(|change| change.address));
        self.plan.changes = theirs;
        self.plan.forget.clear();
    }
}

/// Whether the old service that is gone back to can still be asked for tasks.
async fn is_there(run: &Run, to_old: &Begins) -> Result<(), Failure> {
    let Some(old) = &to_old.snapshot.old else { return Ok(()) };
    if let Some(external) = run.environment.file.external.get(&old.external) {
        let _ = run.ports.cloud.external(&old.external, external).await?;
    }
    Ok(())
}

/// The cut-over that is still to be made, where the old service has tasks. A
/// commit that was deployed to its end begins none: who went back to the old
/// service afterwards wants to stay there.
async fn cut_over(run: &Run, state: Option<&State>) -> Result<Option<Begins>, Failure> {
    let environment = &run.environment;
    let deployed = state.and_then(|state| state.deployed_commit.as_ref());
    if deployed.is_some() && deployed == run.commit.as_ref() {
        return Ok(None);
    }
    let Some(due) = due(environment, state) else {
        return Ok(None);
    };
    let Some(external) = environment.file.external.get(due.external) else {
        return Ok(None);
    };
    let living = run.ports.cloud.external(due.external, external).await?;
    Ok(cuts_over(&due, environment, state, &living))
}

async fn look_once(run: &Run, surroundings: &Surroundings, state: Option<&State>) -> Result<Seen, Failure> {
    let wanted = wanted(&run.environment, surroundings, state);
    let observed = observe(run, &wanted, state).await?;
    let plan = plan_of(run, wanted.clone(), state, &observed)?;
    Ok(Seen { plan, observed, wanted, left: BTreeSet::new() })
}

/// The same for other wishes a moment later: what was looked for is not asked
/// for again.
async fn look_again(
    run: &Run,
    surroundings: &Surroundings,
    state: &State,
    mut observed: BTreeMap<Address, Observed>,
) -> Result<Seen, Failure> {
    let wanted = wanted(&run.environment, surroundings, Some(state));
    let is_new = |address: &Address| !observed.contains_key(address) && !state.objects.contains_key(address);
    let found = observe_some(run, &wanted, Some(state), is_new).await?;
    observed.extend(found);
    let plan = plan_of(run, wanted.clone(), Some(state), &observed)?;
    Ok(Seen { plan, observed, wanted, left: BTreeSet::new() })
}

/// What stands of some of what is wanted or was recorded, and of what that is
/// found through.
pub(crate) async fn observe_some(
    run: &Run,
    wanted: &Wanted,
    state: Option<&State>,
    is_sought: impl Fn(&Address) -> bool,
) -> Result<BTreeMap<Address, Observed>, Failure> {
    let mut all = sought(wanted, state);
    let mut through: BTreeSet<Address> =
        all.iter().map(|it| &it.address).filter(|it| is_sought(it)).cloned().collect();
    let links = |sought: &Sought| -> Vec<Address> {
        let links = sought.resource.spec().links().into_iter();
        links
            .filter_map(|link| match link {
                Link::To { address, .. } => Some(address.clone()),
                Link::Known(_) => None,
            })
            .collect()
    };
    // A rule is found below its listener, and that below its load balancer.
    let unrecorded = |it: &&Sought| it.id.is_none();
    for _ in 0..2 {
        let more: Vec<Address> = all
            .iter()
            .filter(unrecorded)
            .filter(|it| through.contains(&it.address))
            .flat_map(links)
            .collect();
        through.extend(more);
    }
    all.retain(|it| through.contains(&it.address));
    if all.is_empty() {
        return Ok(BTreeMap::new());
    }
    Ok(run.ports.cloud.observe(&all).await?)
}

/// Everything that stands of what is wanted or was recorded.
pub(crate) async fn observe(
    run: &Run,
    wanted: &Wanted,
    state: Option<&State>,
) -> Result<BTreeMap<Address, Observed>, Failure> {
    Ok(run.ports.cloud.observe(&sought(wanted, state)).await?)
}

/// The plan that follows from what stands.
pub(crate) fn plan_of(
    run: &Run,
    wanted: Wanted,
    state: Option<&State>,
    observed: &BTreeMap<Address, Observed>,
) -> Result<Plan, Failure> {
    // What goes is described all the same: a run that did not end may have made
    // it without recording it.
    let (desired, unwanted) =
        if run.takes_down() { (Vec::new(), wanted.objects) } else { (wanted.objects, Vec::new()) };
    let environment = &run.environment;
    plan(&Inputs {
        environment: &environment.name,
        commit: run.commit.as_deref(),
        account: &environment.file.aws.account,
        region: &environment.file.aws.region,
        desired: &desired,
        unwanted: &unwanted,
        held: &wanted.held,
        observed,
        state,
        ignore: &environment.file.drift.ignore,
    })
    .map_err(Failure::Conflicts)
}

fn sought(wanted: &Wanted, state: Option<&State>) -> Vec<Sought> {
    let mut sought: BTreeMap<Address, Sought> = BTreeMap::new();
    for (address, recorded) in state.iter().flat_map(|state| &state.objects) {
        sought.insert(
            address.clone(),
            Sought {
                address: address.clone(),
                id: Some(recorded.id.clone()),
                resource: recorded.resource.clone(),
                recorded: Some(recorded.resource.clone()),
            },
        );
    }
    for desired in &wanted.objects {
        sought
            .entry(desired.address.clone())
            .and_modify(|sought| sought.resource = desired.resource.clone())
            .or_insert_with(|| Sought {
                address: desired.address.clone(),
                id: None,
                resource: desired.resource.clone(),
                recorded: None,
            });
    }
    sought.into_values().collect()
}

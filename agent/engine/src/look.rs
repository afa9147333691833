//! Looking: everything that a plan follows from, read side by side.

use std::collections::BTreeMap;

use pointsman_core::{
    Address,
    desired::{Surroundings, Wanted, wanted},
    plan::{Inputs, Plan, plan},
    resource::Observed,
    state::State,
};

use crate::{
    Failure, Run,
    ports::{Identity, Sought},
};

/// What was seen, and the plan that follows.
pub(crate) struct Seen {
    pub(crate) plan: Plan,
    pub(crate) observed: BTreeMap<Address, Observed>,
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

/// What the environment stands in as it is, and what it stands for there.
pub(crate) async fn look_up(run: &Run) -> Result<(Surroundings, Wanted), Failure> {
    let environment = &run.environment;
    let (network, externals) = (&environment.file.network, environment.file.referred_externals());
    let surroundings = run.ports.cloud.surroundings(&environment.name, network, &externals).await?;
    let wanted = wanted(&run.environment, &surroundings);
    Ok((surroundings, wanted))
}

/// Looks at everything that is wanted or was recorded, and plans.
pub(crate) async fn look(run: &Run, wanted: Wanted, state: Option<&State>) -> Result<Seen, Failure> {
    let observed = observe(run, &wanted, state).await?;
    let plan = plan_of(run, wanted, state, &observed)?;
    Ok(Seen { plan, observed })
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

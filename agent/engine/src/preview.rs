use pointsman_core::{
    policy::PolicyInput,
    report::{Event, Judged},
    state::State,
};

use crate::{
    Failure, Run,
    judge::{input, judge},
    keeper::load,
    look::{Seen, check_account, look, look_up},
};

/// Observes, plans and judges, and stops there: no lease, no write. Drift is
/// the same walk with the deployed revision.
pub async fn preview(run: &Run) -> Result<Judged, Failure> {
    let (seen, state) = seen(run).await?;
    let judged = judge(run, seen.plan, state.as_ref()).await?;
    run.listener.tell(&Event::Planned { judged: Box::new(judged.clone()) });
    Ok(judged)
}

/// What policies would be given by a preview.
pub async fn policy_input(run: &Run) -> Result<PolicyInput, Failure> {
    let (seen, state) = seen(run).await?;
    input(run, &seen.plan, state.as_ref())
}

async fn seen(run: &Run) -> Result<(Seen, Option<State>), Failure> {
    // Side by side for speed; the account's answer is heard first, because in
    // another account every other answer is misleading.
    let (identity, loaded, surroundings) =
        futures::join!(run.ports.cloud.identity(), load(&run.ports, &run.environment.name), look_up(run),);
    check_account(run, &identity?)?;
    let state = loaded?.state;
    let seen = look(run, &surroundings?, state.as_ref()).await?;
    Ok((seen, state))
}

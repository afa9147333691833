use pointsman_core::report::{Event, Judged};

use crate::{
    Failure, Run,
    judge::judge,
    keeper::load,
    look::{check_account, look, look_up},
};

/// Observes, plans and judges, and stops there: no lease, no write. Drift is
/// the same walk with the deployed revision.
pub async fn preview(run: &Run) -> Result<Judged, Failure> {
    // Side by side for speed; the account's answer is heard first, because in
    // another account every other answer is misleading.
    let (identity, loaded, wanted) =
        futures::join!(run.ports.cloud.identity(), load(&run.ports, &run.environment.name), look_up(run),);
    check_account(run, &identity?)?;
    let state = loaded?.state;
    let seen = look(run, wanted?, state.as_ref()).await?;
    let judged = judge(run, seen.plan, state.as_ref())?;
    run.listener.tell(&Event::Planned { judged: Box::new(judged.clone()) });
    Ok(judged)
}

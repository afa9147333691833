use std::sync::Arc;

use pointsman_aws::Access;
use pointsman_core::{
    environment::EnvironmentName,
    render,
    report::command::{Reply, Right},
    requirement,
};

use super::{Ask, place::Place};
use crate::daemon::{proposed, requirements::required};

/// Applies what an open pull request proposes now, where that is allowed, when
/// the environment's turn comes.
pub(super) async fn apply(ask: &Ask, name: EnvironmentName) -> Result<Reply, Reply> {
    let Place::Open { pull, head } = &ask.place else { return Err(Reply::IsMerged) };
    if pull.fork || !is_allowed(ask, &name).await.map_err(|why| Reply::Failed { why })? {
        return Err(Reply::MergeFirst);
    }
    let (ask, agent, head) = (ask.clone(), Arc::clone(&ask.agent), head.clone());
    let (what, ended) = (format!("the apply of {name} before the merge"), name.clone());
    let reply = Reply::Applies(name.clone());
    let task = async move {
        ask.agent.be_busy(&name).await;
        if let Err(why) = applied(&ask, &name, &head).await {
            tracing::warn!(environment = %name, pull = ask.place.number(), "not applied before the merge: {why}");
            ask.answer(Reply::Failed { why });
            ask.show().await;
        }
    };
    agent.spawn(what, task, move |agent| {
        agent.memory().busy.remove(&ended);
        agent.look_soon();
    });
    Ok(reply)
}

/// Whether the watched branch lets a pull request be applied before its merge.
async fn is_allowed(ask: &Ask, name: &EnvironmentName) -> Result<bool, String> {
    let branch = ask.agent.memory().branch.clone();
    let branch = branch.ok_or_else(|| render::proposed::not_ready().to_owned())?;
    let branch = ask.agent.snapshots.at(&branch).await.map_err(|error| error.to_string())?;
    Ok(requirement::before_merge(&required(&ask.agent, name.as_str(), &branch, &[])?))
}

async fn applied(ask: &Ask, name: &EnvironmentName, head: &str) -> Result<(), String> {
    let _turn = ask.agent.slots.take(name).await;
    if ask.agent.stop.is_asked() {
        return Err(render::proposed::stops().to_owned());
    }
    // The turn may have come long after the question.
    let right = ask.github.right_of(&ask.who).await.map_err(|error| error.to_string())?;
    if right < Right::Write {
        return Err(render::proposed::may_not().to_owned());
    }
    Box::pin(proposed::apply(&ask.agent, ask.place.number(), head, name)).await
}

/// Whether an environment was applied from this pull request, which is open.
pub(super) async fn is_applied(ask: &Ask, name: &EnvironmentName) -> bool {
    if !is_allowed(ask, name).await.unwrap_or_default() {
        return false;
    }
    let Ok((_, described)) = ask.standing(name).await else { return false };
    let Ok(ports) = ask.agent.connect(&described, Access::Read).await else { return false };
    let status = pointsman_engine::status(&ports, name).await;
    let proposed = status.ok().and_then(|status| status.state).and_then(|state| state.proposed);
    proposed == Some(ask.place.number())
}

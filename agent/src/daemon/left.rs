//! Rollouts that somebody left half-way while the version stands as the branch
//! describes it, such as a `rollback` whose command was killed: whoever looks
//! next goes on with them.

use std::sync::Arc;

use pointsman_aws::Access;
use pointsman_core::{
    environment::{Environment, EnvironmentName, block::Strategy},
    failure::Failure,
    policy::ActorKind,
    render,
};
use pointsman_engine::{Approval, Purpose, Run};

use super::{
    agent::{Agent, Walk},
    board::LogListener,
    memory::Work,
    recorded::{Recorded, open, recorded},
};
use crate::git::Snapshot;

/// Whether an environment can have such a rollout at all: only then it is looked at.
pub(super) fn is_possible(environment: &Environment) -> bool {
    environment.file.rollout.as_ref().is_some_and(|rollout| rollout.strategy == Strategy::BlueGreen)
}

/// Goes on with the rollouts of an environment that are open and that nobody
/// drives. Asks for the state alone where there are none.
pub(super) async fn go_on(agent: Arc<Agent>, head: Arc<Snapshot>, name: EnvironmentName) {
    let Some(environment) = head.reading.environment(name.as_str()) else { return };
    let _turn = agent.slots.take(&name).await;
    if agent.stop.is_asked() {
        return;
    }
    match Box::pin(try_to(&agent, environment)).await {
        Ok(()) => {}
        // Whoever has the lock drives it.
        Err(Failure::Locked { .. } | Failure::Stopped) => {
            tracing::debug!(environment = %name, "a rollout is driven by another");
        }
        Err(failure) => {
            let text = render::failure::text(&name, &failure);
            tracing::warn!(environment = %name, "a rollout that was left half-way did not end as it should: {text}");
        }
    }
}

async fn try_to(agent: &Agent, environment: &Environment) -> Result<(), Failure> {
    let ports = agent.connect(environment, Access::Write).await?;
    let state = pointsman_engine::status(&ports, &environment.name).await?.state;
    let Some(state) = state.filter(|state| open(Some(state)).is_some()) else {
        return Ok(());
    };
    // Where it lies says the newest revision; what goes on is older, perhaps.
    let began = match recorded(agent, &state, &environment.name).await {
        Ok(began) => began,
        Err(error) => {
            tracing::warn!(%error, environment = %environment.name, "the commit that a rollout began with cannot be read; it goes on with what it recorded");
            None
        }
    };
    let Recorded { environment, commit } = began.unwrap_or_else(|| Recorded {
        environment: environment.clone(),
        commit: state.deployed_commit.clone().unwrap_or_default(),
    });
    let run = Run {
        purpose: Purpose::GoOn,
        ..agent.run(Walk {
            environment: environment.clone(),
            commit,
            policies: Vec::new(),
            pull: None,
            actor: ActorKind::Agent,
            ports,
            listener: Arc::new(LogListener { environment: environment.name.clone() }),
        })
    };
    if pointsman_engine::waits(&run).await? {
        return Ok(());
    }
    tracing::info!(environment = %environment.name, "a rollout was left half-way: going on with it");
    agent.memory().busy.insert(environment.name.clone(), Work::Deploys);
    let outcome = Box::pin(pointsman_engine::deploy(&run, Approval::Given)).await?;
    for rollout in &outcome.rollouts {
        let said = render::rollout::outcome(&environment.name, rollout);
        tracing::info!(environment = %environment.name, "{}", anstream::adapter::strip_str(said.trim_end()));
    }
    Ok(())
}

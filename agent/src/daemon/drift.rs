use std::sync::Arc;

use pointsman_aws::Access;
use pointsman_core::{
    environment::EnvironmentName, failure::Failure, policy::ActorKind, render, report::Judged,
};

use super::{
    agent::{Agent, Walk},
    board::LogListener,
    memory::Known,
    policies::policies,
    schedule::until_next,
};
use crate::{config::DriftSchedule, git::GitError};

/// Looks for drift whenever the schedule says so.
pub(super) async fn watch(agent: Arc<Agent>, schedule: DriftSchedule) {
    while let Some(pause) = until_next(&schedule, jiff::Timestamp::now()) {
        tokio::time::sleep(pause).await;
        let names: Vec<EnvironmentName> = {
            let memory = agent.memory();
            let stands = |known: &Known| matches!(known, Known::Deployed { .. });
            let at_rest = |name: &&EnvironmentName| !memory.busy.contains_key(*name);
            memory
                .environments
                .iter()
                .filter(|(_, known)| stands(known))
                .map(|(name, _)| name)
                .filter(at_rest)
                .cloned()
                .collect()
        };
        let looks = names.iter().map(|name| {
            let (agent, name) = (Arc::clone(&agent), name.clone());
            // A look that panics is one look lost.
            tokio::spawn(async move { look(&agent, &name).await })
        });
        for (name, look) in names.iter().zip(futures::future::join_all(looks).await) {
            if let Err(error) = look {
                tracing::error!(%error, environment = %name, "the look for drift ended unexpectedly; this is a fault of the agent, please report it");
            }
        }
    }
    tracing::warn!("the drift schedule never comes again");
}

/// Why it is not known whether an environment differs.
#[derive(Debug, thiserror::Error)]
enum Unknown {
    #[error(transparent)]
    Git(#[from] GitError),
    #[error("{0}")]
    Failure(String),
}

/// Compares what was deployed with what lives, and says how they differ.
async fn look(agent: &Arc<Agent>, name: &EnvironmentName) {
    match compare(agent, name).await {
        Ok(Some(judged)) if judged.plan.is_empty() => {
            let was = agent.memory().drift.remove(name).is_some();
            let what = if was { "no drift any more" } else { "no drift" };
            tracing::info!(environment = %name, commit = judged.plan.commit, differences = 0, "{what}");
        }
        Ok(Some(judged)) => {
            let differences = judged.plan.changes.len();
            let text = anstream::adapter::strip_str(&render::drift::terminal(&judged)).to_string();
            tracing::warn!(environment = %name, commit = judged.plan.commit, differences, "drift: {}", text.trim_end());
            agent.memory().drift.insert(name.clone(), judged);
            agent.seen.changed();
        }
        Ok(None) => {}
        Err(error) => tracing::error!(environment = %name, %error, "it is not known whether it drifted"),
    }
}

/// A plan of the deployed commit; none when there is none.
async fn compare(agent: &Arc<Agent>, name: &EnvironmentName) -> Result<Option<Judged>, Unknown> {
    let Some(branch) = agent.memory().branch.clone() else { return Ok(None) };
    let unknown = |failure: Failure| Unknown::Failure(render::failure::text(name, &failure));
    let head = agent.snapshots.at(&branch).await?;
    let Some(newest) = head.reading.environment(name.as_str()) else { return Ok(None) };
    let _turn = agent.slots.take(name).await;
    // The backend is where the newest revision says; what stands is older, perhaps.
    let ports = agent.connect(newest, Access::Read).await.map_err(unknown)?;
    let status = pointsman_engine::status(&ports, name).await.map_err(unknown)?;
    agent.seen.read(name, &status);
    let state = status.state;
    let Some(commit) = state.and_then(|state| state.deployed_commit) else { return Ok(None) };
    let deployed = agent.snapshots.at(&commit).await?;
    let Some(environment) = deployed.reading.environment(name.as_str()) else { return Ok(None) };
    let run = agent.run(Walk {
        environment: environment.clone(),
        commit,
        policies: vec![policies(&deployed).map_err(|error| Unknown::Failure(error.to_string()))?],
        pull: None,
        actor: ActorKind::Schedule,
        ports,
        listener: Arc::new(LogListener { environment: name.clone() }),
    });
    Ok(Some(Box::pin(pointsman_engine::preview(&run)).await.map_err(unknown)?))
}

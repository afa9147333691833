//! The agent: polls the config repo, plans pull requests, deploys what was
//! merged, looks for drift. Level-triggered: every poll compares what should
//! be with what is known to be, so that whatever was missed is found at the
//! next one. Nothing that fails here ends it.

mod agent;
mod asked;
mod board;
mod boards;
mod came;
mod commands;
mod confirm;
mod deliver;
mod deploy;
mod desk;
mod drift;
mod judges;
mod left;
mod letter;
mod live;
mod memory;
mod outbox;
mod policies;
mod poll;
mod postman;
mod preview;
mod proposed;
mod recorded;
mod reporter;
mod requirements;
mod schedule;
mod seen;
mod slots;
mod trusted;
mod wake;

use std::{sync::Arc, time::Duration};

use pointsman_engine::Stopper;

use crate::{
    config::Config,
    git::GitError,
    github::GithubError,
    web::{self, WebError},
};
use agent::Agent;
pub use asked::{Asked, Check};
pub use live::Live;
pub use wake::{Wake, Woken};

/// How long reports may still be delivered when the agent is asked to stop.
const LAST_REPORTS: Duration = Duration::from_secs(20);

/// Why the agent did not start. Once started it ends only when it is asked to.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// The mirror cannot be made.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The token or key cannot be read.
    #[error(transparent)]
    Github(#[from] GithubError),
    /// The web server cannot start.
    #[error(transparent)]
    Web(#[from] WebError),
}

/// Runs until SIGTERM or Ctrl-C: then the steps in hand are ended, leases
/// released, and what is left to say is said.
///
/// # Errors
///
/// When the agent cannot start.
pub async fn run(config: Config) -> Result<(), DaemonError> {
    let (stopper, stop) = Stopper::new();
    let asked = crate::signals::asked_to_stop();
    let stopping = tokio::spawn(async move {
        match asked.await {
            Ok(()) => {
                tracing::info!("asked to stop: the steps in hand are ended first");
                stopper.stop();
            }
            // Dropping the stopper asks for nothing: the agent goes on.
            Err(error) => {
                tracing::error!(%error, "signals cannot be heard; stop the agent by ending its process");
            }
        }
        let _ = crate::signals::asked_to_stop().await;
        tracing::warn!("asked to stop again: ending at once; leases run out by themselves");
        std::process::exit(130);
    });
    let (agent, delivered) = Agent::start(config, stop.clone())?;
    tracing::info!(
        repo = agent.mirror.url(),
        branch = agent.config.repo.branch,
        name = agent.name,
        "the agent runs"
    );
    let web = web::start(&agent.config, Live::of(&agent), &agent.wake, &agent.metrics).await?;
    let drift =
        agent.config.drift.clone().map(|schedule| tokio::spawn(drift::watch(Arc::clone(&agent), schedule)));
    let noting = tokio::spawn(requirements::note(Arc::clone(&agent), delivered));
    let mut echo = false;
    while !stop.is_asked() {
        // A poll that panics is one poll lost.
        let polled = tokio::spawn(poll::poll(Arc::clone(&agent))).await;
        if let Err(error) = polled {
            tracing::error!(%error, "a poll ended unexpectedly; this is a fault of the agent, please report it");
        }
        let pause = schedule::jittered(agent.config.repo.poll);
        let pause = if echo { pause.min(wake::ECHO) } else { pause };
        echo = tokio::select! {
            () = tokio::time::sleep(pause) => {
                if echo {
                    agent.memory().until_full = 0;
                }
                false
            }
            () = agent.is_due() => echo,
            woken = agent.wake.heard() => {
                tracing::info!(by = ?woken, "an event on GitHub: looking now");
                agent.memory().until_full = 0;
                true
            }
            () = stop.asked() => false,
        };
    }
    if let Some(drift) = drift {
        drift.abort();
    }
    agent.idle().await;
    agent.reporter.finish(LAST_REPORTS).await;
    // Nobody delivers any more: what was delivered last is noted too.
    let _ = tokio::time::timeout(LAST_REPORTS, noting).await;
    agent.idle().await;
    if let Some(web) = web {
        web.abort();
    }
    stopping.abort();
    tracing::info!("stopped");
    Ok(())
}

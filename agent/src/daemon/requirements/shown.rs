use std::{collections::BTreeMap, sync::Arc, time::Duration};

use pointsman_aws::Access;
use pointsman_core::{environment::EnvironmentName, failure::Failure, render, requirement::Shown};
use pointsman_engine::show;

use super::required;
use crate::daemon::{
    agent::Agent,
    reporter::{Deliveries, Subject},
};

/// Which plans people were shown, by environment and pull request: since the
/// start, and not all of it kept elsewhere.
#[derive(Debug, Default)]
pub(in crate::daemon) struct Showing(BTreeMap<(EnvironmentName, u64), Vec<Shown>>);

/// So many pull requests' plans are remembered; what was forgotten is kept in the run table.
const REMEMBERED: usize = 500;

/// Between two tries to keep what was shown.
const PAUSE: Duration = Duration::from_secs(5);
/// So often it is tried.
const TRIES: usize = 12;

impl Showing {
    /// Everything that was shown of an environment on a pull request, with what was kept.
    pub(super) fn with(&self, environment: &EnvironmentName, pull: u64, kept: &[Shown]) -> Vec<Shown> {
        let here = |one: &&Shown| one.pull == pull && one.environment == environment.as_str();
        let remembered = self.0.get(&(environment.clone(), pull)).into_iter().flatten();
        kept.iter().filter(here).chain(remembered).cloned().collect()
    }

    /// Whether this is another plan, or of another commit, than was shown last.
    fn is_news(&mut self, environment: &EnvironmentName, shown: &Shown) -> bool {
        if self.0.len() > REMEMBERED {
            self.0.clear();
        }
        let all = self.0.entry((environment.clone(), shown.pull)).or_default();
        let same = |last: &Shown| last.plan == shown.plan && last.commit == shown.commit;
        let news = !all.last().is_some_and(same);
        if news {
            all.push(shown.clone());
        }
        news
    }
}

/// Notes which plans people are shown, as they are delivered; until there is
/// nobody more who delivers.
pub(in crate::daemon) async fn note(agent: Arc<Agent>, mut delivered: Deliveries) {
    while let Some((subject, report, at)) = delivered.recv().await {
        let Subject::Pull(pull) = subject else { continue };
        let at_ms = u64::try_from(at.as_millisecond()).unwrap_or_default();
        for one in &report.environments {
            let Some(judged) = &one.judged else { continue };
            let Ok(plan) = judged.plan.approval_hash(&judged.verdict) else { continue };
            let (environment, commit) = (one.name.to_string(), report.head.clone());
            let shown = Shown { environment, pull, commit, plan, at_ms };
            if agent.memory().showing.is_news(&one.name, &shown) {
                let (keeper, name) = (Arc::clone(&agent), one.name.clone());
                let task = async move { keep(&keeper, &name, &shown).await };
                agent.spawn(format!("keeping what pull request #{pull} shows"), task, |_| {});
            }
        }
    }
}

/// Keeps it where every replica reads it: beside the journal of the environment
/// as the branch describes it. What a pull request says of its own backend is
/// not asked.
async fn keep(agent: &Arc<Agent>, name: &EnvironmentName, shown: &Shown) {
    let Some(branch) = agent.memory().branch.clone() else { return };
    let Ok(head) = agent.snapshots.at(&branch).await else { return };
    let Some(environment) = head.reading.environment(name.as_str()) else { return };
    if required(agent, name.as_str(), &head, &[]).is_ok_and(|required| required.is_empty()) {
        return;
    }
    for _ in 0..TRIES {
        let kept: Result<(), Failure> = async {
            let ports = agent.connect(environment, Access::Write).await?;
            show(&ports, shown).await
        }
        .await;
        match kept {
            Ok(()) => return,
            Err(failure) => {
                let why = render::failure::text(name, &failure);
                tracing::warn!(environment = %name, pull = shown.pull, "which plan was shown could not be kept; it is tried again: {why}");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = agent.stop.asked() => return,
        }
    }
}

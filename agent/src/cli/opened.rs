//! What the commands have in common: the environment that is named, read from
//! the config repo's folder, and everything that a run of it needs.

use std::sync::Arc;

use pointsman_aws::{Access, Settings, connect};
use pointsman_core::{
    environment::{Environment, EnvironmentName, Reading},
    lease::Timing,
    policy::{Actor, ActorKind},
    render,
};
use pointsman_engine::{Policies, Purpose, Run, Stop, Stopper, ports::Ports};

use super::{Common, exit::Problem, folder::Folder, listener::Terminal, print, screen};
use crate::{entra::Entra, prober::HttpProber};

/// An environment as its folder describes it.
pub struct Opened {
    pub folder: Folder,
    pub environment: Environment,
    pub timing: Timing,
    /// Shows what goes on, as long as this lives.
    _working: screen::Working,
}

impl Opened {
    /// Finds and reads the environment.
    pub fn open(common: &Common, name: &str) -> Result<Self, Problem> {
        let folder = Folder::find(common)?;
        let timing = folder.timing(common)?;
        let wanted = EnvironmentName::parse(name).ok_or_else(|| {
            Problem::error(format!(
                "`{name}` is not the name of an environment. Next: name it by its path under environments/, without `.toml`, such as `production/web`."
            ))
        })?;
        let reading = crate::reading::read(&folder.sources);
        let environment = find(&folder, &reading, &wanted)?;
        let working = screen::begin(environment.name.as_str());
        Ok(Self { folder, environment, timing, _working: working })
    }

    /// Connects to its account and backend.
    pub async fn connect(&self, access: Access) -> Result<Ports, Problem> {
        Box::pin(connect(&self.environment.file, access, &Settings::default()))
            .await
            .map_err(|error| Problem::of(&self.environment.name, &error.into()))
    }

    /// A run of it, by a person at a terminal.
    pub async fn run(
        &self,
        common: &Common,
        access: Access,
        purpose: Purpose,
        patience_ms: u64,
    ) -> Result<Run, Problem> {
        Ok(Run {
            environment: self.environment.clone(),
            purpose,
            commit: self.folder.commit(),
            policies: vec![Arc::new(self.policies().await?)],
            pull_request: None,
            proposed: None,
            actor: Actor { login: user(), kind: ActorKind::Person },
            ports: self.connect(access).await?,
            prober: Arc::new(HttpProber::from_environment()),
            proxy: Arc::new(Entra::from_environment()),
            listener: Arc::new(Terminal::new(common)),
            who: who(),
            timing: self.timing,
            patience_ms,
            stop: stop_on_signal(access, self.environment.name.clone(), self.timing),
        })
    }

    /// The policies of the same folder, which can be used: before AWS is asked
    /// for anything.
    pub async fn policies(&self) -> Result<Policies, Problem> {
        let policies = self.folder.policies()?;
        policies.check().await.map_err(super::folder::unusable)?;
        Ok(policies)
    }
}

fn find(folder: &Folder, reading: &Reading, wanted: &EnvironmentName) -> Result<Environment, Problem> {
    if let Some(environment) = reading.environment(wanted.as_str()) {
        return Ok(environment.clone());
    }
    if let Some(broken) = reading.broken.iter().find(|broken| broken.name == *wanted) {
        let diagnostics: Vec<_> = reading.diagnostics_of(&broken.files).cloned().collect();
        let text =
            render::diagnostic::text(&diagnostics, &folder.sources, render::diagnostic::Colour::Always);
        return Err(Problem::error(format!("{wanted} cannot be used as it is written:\n\n{text}")));
    }
    let mut known: Vec<&str> =
        reading.environments.iter().map(|environment| environment.name.as_str()).collect();
    known.extend(reading.broken.iter().map(|broken| broken.name.as_str()));
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    Err(Problem::error(format!(
        "there is no environment `{wanted}` in {}.\nKnown: {known}.\nNext: check the name, or point --repo at the config repo's folder.",
        folder.dir.display()
    )))
}

/// How a process ends that a signal ended: 128 and the number of Ctrl-C's.
const INTERRUPTED: i32 = 130;

/// Stops a run at its next safe point when the terminal or the system asks;
/// asked once more, or where nothing is written anyway, ends at once.
fn stop_on_signal(access: Access, environment: EnvironmentName, timing: Timing) -> Stop {
    let (stopper, stop) = Stopper::new();
    let asked = crate::signals::asked_to_stop();
    tokio::spawn(async move {
        let _ = asked.await;
        if access == Access::Read {
            screen::rest();
            print::note(&render::progress::stopped_reading(&environment));
            std::process::exit(INTERRUPTED);
        }
        screen::stops();
        print::note(&render::progress::stopping());
        stopper.stop();
        // Held so that a second request ends the process at once.
        let _ = crate::signals::asked_to_stop().await;
        let board = screen::board();
        screen::rest();
        if let Some(board) = board {
            print::note(&render::progress::ended_at_once(&environment, &board, &timing));
        }
        std::process::exit(INTERRUPTED);
    });
    stop
}

/// Who works at this terminal, as locks and journal call them.
pub fn who() -> String {
    format!("pointsman:{}@{}", user(), host())
}

/// The user's name, as far as the system says.
pub fn user() -> String {
    std::env::var("USER").or_else(|_| std::env::var("LOGNAME")).unwrap_or_else(|_| "unknown".to_owned())
}

/// The machine's name, as far as the system says.
pub fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

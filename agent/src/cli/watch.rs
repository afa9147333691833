use std::{
    io::IsTerminal,
    path::Path,
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    time::{Duration, Instant},
};

use notify::{Event, EventKind, RecursiveMode, Watcher};
use pointsman_core::{document, render};

use super::{Common, Exit, checker::Checker, exit::Problem, folder::Folder, print};

/// Check again whenever a file is saved, until Ctrl-C.
#[derive(Debug, clap::Args)]
pub struct Watch {
    /// Only these files or folders, relative to the config repo
    paths: Vec<String>,
}

/// Editors write a file in several steps: it is read when nothing more came for this long.
const SETTLED: Duration = Duration::from_millis(25);
/// A folder that never settles is read all the same after this long.
const LONGEST: Duration = Duration::from_millis(100);

impl Watch {
    /// Of these files and folders; of everything when there are none.
    pub fn of(paths: Vec<String>) -> Self {
        Self { paths }
    }

    pub async fn run(&self, common: &Common) -> Result<Exit, Problem> {
        let mut folder = Folder::find(common)?;
        let dir = folder.dir.clone();
        let unwatched = |error: &dyn std::fmt::Display| {
            Problem::error(format!(
                "{} cannot be watched: {error}. Next: `pointsman check` checks once.",
                dir.display()
            ))
        };
        let (sender, changes) = channel();
        // The receiver lives as long as the watcher.
        let mut watcher = notify::recommended_watcher(move |event| drop(sender.send(event)))
            .map_err(|error| unwatched(&error))?;
        // Watched before it is read: what is saved meanwhile is not missed.
        watch_all(&mut watcher, &dir).map_err(|error| unwatched(&error))?;
        let mut checker = Checker::new(self.paths.clone());
        let mut saved = Instant::now();
        // Nothing else is to be done meanwhile: this thread may wait for the disk.
        loop {
            report(common, &mut checker, &folder, saved).await?;
            checker.prepare(&folder, 1);
            loop {
                saved = next_change(&changes).map_err(|error| unwatched(&error))?;
                // A folder that was made or moved is watched from here on.
                let _ = watch_all(&mut watcher, &dir);
                match Folder::find(common) {
                    Ok(now) if now.is_like(&folder) => {}
                    Ok(now) => {
                        folder = now;
                        break;
                    }
                    Err(problem) => tell(common, &problem)?,
                }
            }
        }
    }
}

/// Watches what a check reads. Folders, not files: editors put a new file in the old one's place.
fn watch_all(watcher: &mut impl Watcher, dir: &Path) -> notify::Result<()> {
    watcher.watch(dir, RecursiveMode::NonRecursive)?;
    for below in ["environments", "policies"] {
        let below = dir.join(below);
        if below.is_dir() {
            watcher.watch(&below, RecursiveMode::Recursive)?;
        }
    }
    Ok(())
}

/// Waits until files changed and settled; answers when the first did.
fn next_change(changes: &Receiver<notify::Result<Event>>) -> notify::Result<Instant> {
    let gone = || notify::Error::generic("the watcher ended");
    loop {
        let event = changes.recv().map_err(|_| gone())??;
        if matches!(event.kind, EventKind::Access(_)) {
            continue;
        }
        let first = Instant::now();
        loop {
            let left = LONGEST.saturating_sub(first.elapsed()).min(SETTLED);
            match changes.recv_timeout(left) {
                Ok(_) if first.elapsed() < LONGEST => {}
                Ok(_) | Err(RecvTimeoutError::Timeout) => return Ok(first),
                Err(RecvTimeoutError::Disconnected) => return Err(gone()),
            }
        }
    }
}

async fn report(
    common: &Common,
    checker: &mut Checker,
    folder: &Folder,
    saved: Instant,
) -> Result<(), Problem> {
    let checked = match checker.check(folder).await {
        Ok(checked) => checked,
        // Policies that cannot be read are mended like anything else.
        Err(problem) => return tell(common, &problem),
    };
    let took_ms = u64::try_from(saved.elapsed().as_millis()).unwrap_or(u64::MAX);
    if common.json {
        return print::json_line(&document::check(&checked.reading, Some(took_ms)));
    }
    if std::io::stdout().is_terminal() {
        print::out(render::watch::CLEAR);
    }
    print::out(&checked.text(common, folder, ""));
    print::out(&render::watch::watching(took_ms));
    Ok(())
}

/// A problem that does not end the watching, in one line for machines.
fn tell(common: &Common, problem: &Problem) -> Result<(), Problem> {
    if common.json {
        return print::json_line(&document::error(problem.data()));
    }
    print::problem(common, problem);
    Ok(())
}

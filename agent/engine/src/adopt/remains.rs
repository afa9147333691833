use pointsman_core::{
    journal::{Act, Entry, Intent, open_intents, verify},
    lease::Fence,
    state::{State, StateError},
};

use crate::{
    Failure, Run,
    deploy::{DEPLOY, DESTROY},
    history::history,
    ports::StateVersion,
};

/// So many runs are looked through for the last one that deployed.
const RUNS: usize = 20;

/// What lies where the state should be, read as far as it can be.
pub(super) struct OldState {
    /// The state, where it is whole.
    pub(super) state: Option<State>,
    /// Its serial, also where the rest of it cannot be trusted.
    pub(super) serial: u64,
    pub(super) version: Option<StateVersion>,
}

impl OldState {
    /// Refuses another environment's and a newer version's: those are not lost.
    pub(super) async fn read(run: &Run) -> Result<Self, Failure> {
        let Some(stored) = run.ports.bucket.load().await? else {
            return Ok(Self { state: None, serial: 0, version: None });
        };
        let serial = State::mark_of(&stored.text).map_or(0, |mark| mark.serial);
        let version = Some(stored.version);
        match State::from_text(&stored.text, &run.environment.name) {
            Ok(state) => Ok(Self { state: Some(state), serial, version }),
            Err(StateError::Unreadable(_) | StateError::Digest) => Ok(Self { state: None, serial, version }),
            Err(error @ (StateError::Newer(_) | StateError::Foreign(_))) => {
                Err(Failure::State { location: run.ports.bucket.location().to_owned(), error })
            }
        }
    }
}

/// What a run that did not end left in the journal.
#[derive(Default)]
pub(super) struct LeftOpen {
    pub(super) run: Option<u64>,
    pub(super) entries: Vec<Entry>,
    /// Whether the entries are what was written.
    pub(super) is_whole: bool,
}

impl LeftOpen {
    pub(super) async fn read(run: &Run, fence: &Fence) -> Result<Self, Failure> {
        let Some(open) = fence.open_run else {
            return Ok(Self::default());
        };
        let entries = run.ports.runs.entries(open).await?;
        let is_whole = verify(open, &entries).is_ok();
        Ok(Self { run: Some(open), entries, is_whole })
    }

    /// What it announced and nobody knows the end of. Of a broken journal, too:
    /// an intent says where to look, and only what is ours there is recorded.
    pub(super) fn intents(&self) -> Vec<&Intent> {
        open_intents(&self.entries).into_values().collect()
    }
}

/// What was deployed to the end, and when.
pub(super) struct Deployed {
    pub(super) commit: Option<String>,
    pub(super) at: String,
}

/// The last deploy that ended well, as the journal tells it; none where it is
/// longer ago than the journal is kept.
pub(super) async fn deployed(run: &Run) -> Result<Option<Deployed>, Failure> {
    let runs = history(&run.ports, RUNS).await?.runs;
    Ok(runs.into_iter().find_map(|told| {
        let (started, end) = (told.run.started?, told.run.end?);
        let well = matches!(end.act, Act::End { succeeded: true, .. });
        match started.operation.as_str() {
            DEPLOY if well => Some(Deployed { commit: started.commit, at: end.at }),
            DESTROY if well => Some(Deployed { commit: None, at: end.at }),
            _ => None,
        }
    }))
}

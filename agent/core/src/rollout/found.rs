//! Which side of a service is live, where what was recorded of it is lost: told
//! from what lives, and never guessed.

use super::{
    Facts, Idle, Opening, Pair, Phase, Purpose, Rollout, Settings, Slot, Snapshot, Track, Weights,
    same_weights, weights::shared,
};

/// Why it cannot be told which side of a service is live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unclear {
    /// The rule names both sides: a rollout was under way.
    Both(Weights),
    /// The rule names this side alone, which has no tasks, and the other has some.
    Empty {
        /// The side that is named.
        named: Slot,
        /// How many tasks the other one has.
        others: u32,
    },
    /// Both sides stand, and the rule names neither: how many tasks each has.
    Neither(Pair<u32>),
    /// ECS is to move the traffic of one side, and a second side of ours stands.
    Native,
}

/// What becomes of a service's track when it is made anew. `recorded` is what is
/// left of it; `task_definitions` are what the services of both slots run, none
/// where no service stands; `facts` is how the two live.
///
/// The side that the rule alone forwards to is live. A rollout that is recorded
/// goes on only where what lives is a step of it. Nothing is answered that
/// would let a plan take tasks from a side that the rule forwards to.
///
/// # Errors
///
/// When both sides may have traffic, or nothing says which of them does.
pub fn found(
    recorded: Option<&Track>,
    task_definitions: &Pair<Option<String>>,
    facts: &Facts,
) -> Result<Option<Track>, Unclear> {
    let alone_stands = match (&task_definitions.a, &task_definitions.b) {
        (None, None) => return Ok(None),
        (Some(_), None) => Some(Slot::A),
        (None, Some(_)) => Some(Slot::B),
        (Some(_), Some(_)) => None,
    };
    if let Some(recorded) = recorded
        && recorded.open.as_ref().is_some_and(|open| {
            open.cuts_over() || open.never_overlaps() || goes_on(open, task_definitions, facts)
        })
    {
        return Ok(Some(recorded.clone()));
    }
    let live = match alone_stands {
        Some(slot) => slot,
        None => live_of_two(facts)?,
    };
    let idle = task_definitions.get(live.other()).clone();
    let idle = idle.map(|task_definition| {
        let known = recorded.and_then(|track| track.idle.clone());
        let known = known.filter(|idle| idle.task_definition == task_definition);
        known.unwrap_or(Idle { commit: None, task_definition })
    });
    let (last, old) = recorded.map(|track| (track.last.clone(), track.old.clone())).unwrap_or_default();
    Ok(Some(Track { live, idle, old, open: None, last }))
}

/// The live one where both stand.
fn live_of_two(facts: &Facts) -> Result<Slot, Unclear> {
    let tasks = |slot: Slot| facts.sides.get(slot).desired.max(facts.sides.get(slot).running);
    match facts.weights.as_slice() {
        [(named, _)] if tasks(*named) == 0 && tasks(named.other()) > 0 => {
            Err(Unclear::Empty { named: *named, others: tasks(named.other()) })
        }
        [(named, _)] => Ok(*named),
        [] => match (tasks(Slot::A), tasks(Slot::B)) {
            (1.., 0) => Ok(Slot::A),
            (0, 1..) => Ok(Slot::B),
            (a, b) => Err(Unclear::Neither(Pair { a, b })),
        },
        both => Err(Unclear::Both(both.to_vec())),
    }
}

/// Whether what lives is a step of the rollout that is recorded: blue is still
/// the blue of its snapshot and has tasks, and the rule says what the rollout
/// may have written by then.
fn goes_on(open: &Rollout, task_definitions: &Pair<Option<String>>, facts: &Facts) -> bool {
    let blue = open.blue();
    let is_its_blue = task_definitions.get(blue).as_deref() == Some(open.snapshot.task_definition.as_str());
    let is_late = matches!(open.phase, Phase::Commit | Phase::Drain | Phase::Cleanup);
    let is_last = matches!(open.phase, Phase::Cleanup | Phase::Discard);
    let is_a_step = match facts.weights.as_slice() {
        [] => false,
        [(named, _)] => (*named == open.to) == is_late,
        both => {
            let is_share = |step| same_weights(&shared(open.to, open.settings.share(step)), both);
            !is_last && (0..=open.settings.last()).any(is_share)
        }
    };
    is_its_blue && is_a_step && facts.sides.get(blue).desired > 0
}

/// A track under which everything is wanted that may stand of the side that is
/// not `blue`: for looking at what lives, and never to be brought about.
pub fn unknown(blue: Slot) -> Track {
    let snapshot = Snapshot {
        live: blue,
        commit: None,
        tasks: 0,
        task_definition: String::new(),
        scaling: None,
        before: None,
        old: None,
    };
    let opening = Opening {
        commit: String::new(),
        plan: String::new(),
        purpose: Purpose::Release,
        settings: Settings::default(),
        snapshot,
    };
    let mut track = Track { live: blue, ..Track::default() };
    // It has no rollout, and the snapshot is of its live side: there is nothing to refuse.
    let _ = track.open(opening, 0);
    track
}

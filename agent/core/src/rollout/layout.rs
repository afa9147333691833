use super::{
    Pair, Phase, Purpose, Rollout, Slot, Track, Weights,
    weights::{alone, shared},
};

/// What should stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The tasks of each slot; `None` where nothing of the slot should be.
    pub tasks: Pair<Option<Tasks>>,
    /// What the production rule forwards to; `None`: as it stands, it is
    /// neither compared nor written.
    pub weights: Option<Weights>,
    /// Where the test rule forwards to; `None`: there is no test rule. It also
    /// keeps that slot's target group attached: the health of a group that no
    /// rule names is not checked.
    pub test: Option<Slot>,
}

/// How many tasks a slot has, and who says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tasks {
    /// None; everything else of it stands.
    Zero,
    /// What lives, and at least so many: the autoscaler adds, and takes none away.
    Held(u32),
    /// The file or the autoscaler says.
    Free,
}

/// What should stand now. What only one side of a step needs is there before
/// it and goes after it: applying the layouts of a row of phases in any order
/// within each never leaves the production rule without a side that serves.
pub fn layout(track: &Track) -> Layout {
    match &track.open {
        Some(rollout) => under_way(rollout),
        None => Layout {
            tasks: Pair::of(track.live, Some(Tasks::Free), track.idle.as_ref().map(|_| Tasks::Zero)),
            weights: Some(alone(track.live)),
            test: None,
        },
    }
}

fn under_way(rollout: &Rollout) -> Layout {
    let (green, blue) = (rollout.to, rollout.blue());
    let held = Some(Tasks::Held(rollout.tasks));
    // What green has on the way back is enough: it only ends what it began.
    let kept = Some(Tasks::Held(0));
    let gone = match rollout.purpose {
        // A release that failed is no way back.
        Purpose::Release => None,
        Purpose::Back => Some(Tasks::Zero),
    };
    let (of_green, of_blue) = match rollout.phase {
        Phase::ScaleUp | Phase::Test | Phase::Gate | Phase::Shift(_) | Phase::Bake => (held, held),
        Phase::Commit | Phase::Drain => (Some(Tasks::Free), held),
        Phase::Cleanup => (Some(Tasks::Free), Some(Tasks::Zero)),
        Phase::BlueFirst | Phase::Return | Phase::DrainGreen => (kept, held),
        Phase::Discard => (gone, Some(Tasks::Free)),
    };
    let test = match rollout.phase {
        Phase::ScaleUp | Phase::Test | Phase::Gate | Phase::Shift(_) => Some(green),
        // Before the production rule lets go of blue, so that blue's health is
        // known for as long as it is the way back.
        Phase::Bake | Phase::Commit | Phase::Drain | Phase::BlueFirst | Phase::Return => Some(blue),
        Phase::Cleanup | Phase::DrainGreen | Phase::Discard => None,
    };
    Layout { tasks: Pair::of(green, of_green, of_blue), weights: weights(rollout, rollout.phase), test }
}

/// What the production rule forwards to in a phase.
pub(super) fn weights(rollout: &Rollout, phase: Phase) -> Option<Weights> {
    let (green, blue) = (rollout.to, rollout.blue());
    match phase {
        Phase::ScaleUp | Phase::Test | Phase::Gate => Some(alone(blue)),
        Phase::Shift(step) => Some(shared(green, rollout.settings.share(step))),
        Phase::Bake => Some(shared(green, rollout.settings.share(u8::MAX))),
        Phase::Commit | Phase::Drain | Phase::Cleanup => Some(alone(green)),
        Phase::BlueFirst => None,
        Phase::Return | Phase::DrainGreen | Phase::Discard => Some(alone(blue)),
    }
}

/// What the production rule forwarded to before a phase: what still stands
/// where the phase was recorded and not yet brought about.
pub(super) fn weights_before(rollout: &Rollout) -> Option<Weights> {
    let before = match rollout.phase {
        Phase::Shift(0) => Phase::Gate,
        Phase::Shift(step) => Phase::Shift(step - 1),
        Phase::Commit => Phase::Bake,
        same => same,
    };
    weights(rollout, before)
}

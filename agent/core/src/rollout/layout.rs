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
    /// One, and no autoscaler.
    One,
    /// What lives, and at least so many: the autoscaler adds, and takes none away.
    Held(u32),
    /// The file or the autoscaler says.
    Free,
}

/// What should stand now. What only one side of a step needs is there before
/// it and goes after it: applying the layouts of a row of phases in any order
/// within each never leaves the production rule without a side that serves.
pub fn layout(track: &Track) -> Layout {
    match (&track.open, &track.old) {
        (Some(rollout), _) => under_way(rollout),
        // Nobody gets to it: what was made waits for the next cut-over.
        (None, Some(old)) if old.serves => Layout {
            tasks: Pair::of(track.live, Some(Tasks::Zero), None),
            weights: Some(alone(track.live)),
            test: None,
        },
        (None, _) => Layout {
            tasks: Pair::of(track.live, Some(Tasks::Free), track.idle.as_ref().map(|_| Tasks::Zero)),
            weights: Some(alone(track.live)),
            test: None,
        },
    }
}

fn under_way(rollout: &Rollout) -> Layout {
    let of_blue = if rollout.cuts_over() { None } else { of_blue(rollout) };
    Layout {
        tasks: Pair::of(rollout.to, of_green(rollout), of_blue),
        weights: weights(rollout, rollout.phase),
        test: test(rollout),
    }
}

/// Green's tasks.
pub(super) fn of_green(rollout: &Rollout) -> Option<Tasks> {
    let never = rollout.never_overlaps();
    match rollout.phase {
        Phase::Prepare | Phase::Stop | Phase::Migrate | Phase::StopGreen => Some(Tasks::Zero),
        Phase::Gate if never => Some(Tasks::Zero),
        Phase::First => Some(Tasks::One),
        Phase::ScaleUp | Phase::Test | Phase::Gate | Phase::Switch | Phase::Shift(_) | Phase::Bake => {
            Some(Tasks::Held(rollout.tasks))
        }
        Phase::Commit | Phase::Drain | Phase::Cleanup => Some(Tasks::Free),
        Phase::BlueFirst | Phase::Return | Phase::SwitchBack | Phase::DrainGreen if never => {
            Some(Tasks::Zero)
        }
        // What green has on the way back is enough: it only ends what it began.
        Phase::BlueFirst | Phase::Return | Phase::SwitchBack | Phase::DrainGreen => Some(Tasks::Held(0)),
        Phase::Discard => match rollout.purpose {
            // A release that failed is no way back.
            Purpose::Release => None,
            Purpose::Back | Purpose::CutOver | Purpose::ToOld => Some(Tasks::Zero),
        },
    }
}

/// Blue's tasks, where it is ours.
pub(super) fn of_blue(rollout: &Rollout) -> Option<Tasks> {
    match rollout.phase {
        _ if rollout.stops_blue() => Some(Tasks::Zero),
        Phase::Cleanup => Some(Tasks::Zero),
        // As it lives: it comes back once green is gone.
        Phase::StopGreen => Some(Tasks::Held(0)),
        Phase::Discard => Some(Tasks::Free),
        _ => Some(Tasks::Held(rollout.tasks)),
    }
}

/// Where the test rule leads.
fn test(rollout: &Rollout) -> Option<Slot> {
    let is_behind = !rollout.cuts_over() || rollout.is_joined();
    match rollout.phase {
        Phase::Prepare
        | Phase::Stop
        | Phase::Migrate
        | Phase::First
        | Phase::ScaleUp
        | Phase::Test
        | Phase::Gate
        | Phase::Switch
        | Phase::Shift(_) => Some(rollout.to),
        // Before the production rule lets go of blue, so that blue's health is
        // known for as long as it is the way back.
        Phase::Bake | Phase::Commit | Phase::Drain if !rollout.stops_blue() => {
            is_behind.then(|| rollout.blue())
        }
        Phase::BlueFirst | Phase::Return => is_behind.then(|| rollout.blue()),
        Phase::Bake
        | Phase::Commit
        | Phase::Drain
        | Phase::Cleanup
        | Phase::StopGreen
        | Phase::SwitchBack
        | Phase::DrainGreen
        | Phase::Discard => None,
    }
}

/// What the production rule forwards to in a phase.
pub(super) fn weights(rollout: &Rollout, phase: Phase) -> Option<Weights> {
    let (green, blue) = (rollout.to, rollout.blue());
    // Nobody comes by the load balancer before they are switched to it.
    if rollout.cuts_over() && !rollout.is_joined() {
        return Some(alone(green));
    }
    match phase {
        Phase::Prepare
        | Phase::Stop
        | Phase::Migrate
        | Phase::First
        | Phase::ScaleUp
        | Phase::Test
        | Phase::Gate
        | Phase::Switch => Some(alone(blue)),
        Phase::Shift(_) | Phase::Bake if rollout.never_overlaps() => Some(alone(green)),
        Phase::Shift(step) => Some(shared(green, rollout.settings.share(step))),
        Phase::Bake => Some(shared(green, rollout.settings.share(u8::MAX))),
        Phase::Commit | Phase::Drain | Phase::Cleanup => Some(alone(green)),
        Phase::StopGreen | Phase::BlueFirst => None,
        Phase::Return | Phase::SwitchBack | Phase::DrainGreen | Phase::Discard => Some(alone(blue)),
    }
}

/// What the production rule may have forwarded to before a phase: what still
/// stands where the phase was recorded and not yet brought about. A step may be
/// entered from each before it, for steps are left out where blue is dead.
pub(super) fn weights_before(rollout: &Rollout) -> Vec<Weights> {
    let before: Vec<Phase> = match rollout.phase {
        Phase::Switch => return vec![alone(rollout.to)],
        Phase::Shift(_) if rollout.never_overlaps() => vec![Phase::Gate],
        Phase::Shift(step) => {
            let last = rollout.settings.last().min(step);
            std::iter::once(Phase::Gate).chain((0..last).map(Phase::Shift)).collect()
        }
        Phase::Commit => vec![Phase::Bake],
        same => vec![same],
    };
    before.into_iter().filter_map(|phase| weights(rollout, phase)).collect()
}

use super::{
    Entry, Migration, Pair, Phase, Rollout, Sample, Weights,
    layout::{weights, weights_before},
    same_weights,
};

/// So many polls in a row prove that green is there, or that it is not.
pub(super) const POLLS: u8 = 3;
/// So many looks in a row prove that somebody else wrote the weights: a load
/// balancer may answer once with what stood before our own write.
pub(super) const LOOKS: u8 = 2;

/// What is looked at before each step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// What lives in each slot; a slot that is absent is `Side::default()`.
    pub sides: Pair<Side>,
    /// What the production rule forwards to, as the load balancer answers.
    pub weights: Weights,
    /// The alarms of `abort_on` that ring. One without data does not.
    pub ringing: Vec<String>,
    /// Those of them that would ring if they measured green instead of blue.
    pub ringing_on_green: Vec<String>,
    /// Why nothing was heard of alarms and counts at this look; then nothing is
    /// known of either.
    pub unmetered: Option<String>,
    /// What the checks of green through the test rule came to, where they ran
    /// in this phase and green is proven to have answered them.
    pub checked: Option<Result<(), String>>,
    /// How far the migration task is, where one was started and is still known.
    pub migration: Option<Migration>,
    /// Where the application in Microsoft Entra leads people, as it answered at
    /// this look; `None` where it is not asked, or does not answer.
    pub entry: Option<Entry>,
    /// For how long green has had fewer healthy targets than it needs, milliseconds,
    /// as far as whoever looks has seen; `None` where it has enough.
    pub short_for_ms: Option<u64>,
    /// For how long what the phase wants could not be brought about, milliseconds,
    /// as far as whoever looks has tried; `None` where it was, or was not tried.
    pub refused_for_ms: Option<u64>,
    /// What the polls in a row until this one have shown.
    pub polls: Polls,
}

/// What lives in one slot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Side {
    /// How many tasks ECS is asked for.
    pub desired: u32,
    /// How many run; of a side that must be gone before anything else begins, how
    /// many have a process still, or will.
    pub running: u32,
    /// Whether the newest deployment is PRIMARY and COMPLETED, and of the task
    /// definition that was asked for.
    pub settled: bool,
    /// How many targets are healthy.
    pub healthy: u32,
    /// In how many availability zones these are.
    pub zones: u32,
    /// ECS gave the deployment up or rolled it back, in ECS's words.
    pub failed: Option<String>,
    /// Why tasks of this rollout stopped by themselves, newest first; what was
    /// scaled in or replaced is not among them.
    pub stopped: Vec<String>,
    /// Requests and server errors since the phase stood, or before traffic moves
    /// since an hour before the rollout began; `None` where nobody counted.
    pub counted: Option<Sample>,
    /// For how long no request was counted, milliseconds; `None` where nobody
    /// counted. Who holds a cookie and sends nothing is not seen.
    pub quiet_for_ms: Option<u64>,
    /// Connections that are open, such as WebSockets; `None` where nobody can
    /// tell, as with a load balancer that other sides share.
    pub connections: Option<u64>,
}

/// How many polls in a row have shown something. They are counted by whoever
/// looks, in memory: in a row means seen by one that did not die meanwhile, so
/// that a crash costs two polls more, and proves nothing by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Polls {
    /// Green was proven to be whole.
    pub steady: u8,
    /// Green had fewer healthy targets than it needs.
    pub short: u8,
    /// The weights were nobody's who is known.
    pub foreign: u8,
}

impl Polls {
    /// With one poll more; `facts.polls` is not looked at. Each count ends where
    /// it is enough: at 3, and at 2.
    pub fn next(self, rollout: &Rollout, facts: &Facts) -> Self {
        let count =
            |seen: bool, before: u8, most: u8| if seen { before.saturating_add(1).min(most) } else { 0 };
        Self {
            steady: count(is_whole(rollout, facts), self.steady, POLLS),
            short: count(is_short(rollout, facts), self.short, POLLS),
            foreign: count(weights_of_others(rollout, facts).is_some(), self.foreign, LOOKS),
        }
    }
}

/// Whether green is what it should be: the deployment is done, as many run and
/// are healthy as are asked for, no fewer than blue has, and in two zones where
/// blue is.
fn is_whole(rollout: &Rollout, facts: &Facts) -> bool {
    let (green, blue) = (facts.sides.get(rollout.to), facts.sides.get(rollout.blue()));
    green.settled
        && green.failed.is_none()
        && green.desired >= rollout.tasks
        && green.running == green.desired
        && green.healthy == green.desired
        && green.zones >= blue.zones.min(rollout.tasks).min(2)
}

/// Whether the one task that green begins with is there: it has migrated.
pub(super) fn has_begun(rollout: &Rollout, facts: &Facts) -> bool {
    let green = facts.sides.get(rollout.to);
    green.settled && green.desired > 0 && green.running == green.desired && green.healthy == green.desired
}

/// How many healthy targets green needs to keep its traffic: as many as it was
/// given it for. From COMMIT on its autoscaler may take some away.
pub(super) fn needed(rollout: &Rollout, facts: &Facts) -> u32 {
    let desired = facts.sides.get(rollout.to).desired;
    match rollout.phase {
        Phase::Commit | Phase::Drain | Phase::Cleanup => rollout.proven.min(desired).max(1),
        _ => rollout.proven.max(1),
    }
}

/// One target of several that is missing is what ECS replaces by itself: it is
/// given the time in which a task starts and becomes healthy.
const REPLACED_WITHIN_MS: u64 = 5 * 60 * 1_000;

/// Whether green surely has not what it needs for its traffic: none at all, or
/// too few for longer than ECS takes to replace one.
pub(super) fn is_lost(rollout: &Rollout, facts: &Facts) -> bool {
    let (healthy, needed) = (facts.sides.get(rollout.to).healthy, needed(rollout, facts));
    let is_replaced =
        healthy + 1 == needed && facts.short_for_ms.is_none_or(|short| short < REPLACED_WITHIN_MS);
    healthy == 0 || (facts.polls.short >= POLLS && healthy < needed && !is_replaced)
}

/// Whether green has fewer healthy targets than it needs.
pub fn is_short(rollout: &Rollout, facts: &Facts) -> bool {
    facts.sides.get(rollout.to).healthy < needed(rollout, facts)
}

/// What the phase wants of the production rule and what was found there, where
/// that is neither it nor what stood before.
pub(super) fn weights_of_others(rollout: &Rollout, facts: &Facts) -> Option<(Weights, Weights)> {
    let wanted = weights(rollout, rollout.phase)?;
    let is_before = rollout.stood_ms.is_none()
        && weights_before(rollout).iter().any(|before| same_weights(before, &facts.weights));
    // The rule that people will come by is made with green; nobody comes by it yet.
    let is_unmade =
        rollout.stood_ms.is_none() && rollout.cuts_over() && !rollout.moved && facts.weights.is_empty();
    if is_before || is_unmade || same_weights(&wanted, &facts.weights) {
        return None;
    }
    Some((wanted, facts.weights.clone()))
}

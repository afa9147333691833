//! From wherever it was back to what stood: blue's tasks before blue's traffic,
//! blue's traffic before green's end.

use super::{
    Ending, Entry, Facts, Migration, Phase, Rollout, Side, Step, Why,
    layout::weights,
    same_weights,
    step::{QUIET_MS, patience, wait, weights_stand},
};

pub(super) fn step(rollout: &Rollout, facts: &Facts, now_ms: u64) -> Step {
    let (green, blue) = (facts.sides.get(rollout.to), facts.sides.get(rollout.blue()));
    // Where nobody was ever led to the rule, there is nothing to lead back.
    let stands = weights_stand(rollout, facts) || (rollout.cuts_over() && !rollout.moved);
    match rollout.phase {
        Phase::StopGreen if rollout.stood_ms.is_none() || green.desired > 0 => Step::Apply,
        Phase::StopGreen if green.running > 0 => wait(Why::Stopping { running: green.running }),
        Phase::StopGreen if facts.migration == Some(Migration::Running) => wait(Why::Migrating),
        Phase::StopGreen => Step::Enter(Phase::BlueFirst),
        Phase::BlueFirst if can_return(rollout, facts) => Step::Enter(Phase::Return),
        Phase::BlueFirst if rollout.stood_ms.is_none() || blue.desired < rollout.blue_tasks() => Step::Apply,
        Phase::BlueFirst => blue_tasks(rollout, blue),
        Phase::Return if !can_return(rollout, facts) => Step::Enter(Phase::BlueFirst),
        Phase::Return if rollout.stood_ms.is_none() || !stands => Step::Apply,
        Phase::Return if rollout.cuts_over() && rollout.moved => Step::Enter(Phase::SwitchBack),
        Phase::Return => Step::Enter(Phase::DrainGreen),
        Phase::SwitchBack if !stands => Step::Enter(Phase::Return),
        Phase::SwitchBack if rollout.stood_ms.is_none() => Step::Apply,
        // Nothing is written of an old service without an approval.
        Phase::SwitchBack if blue.desired < rollout.blue_tasks() && rollout.may_write_old() => Step::Apply,
        Phase::SwitchBack if blue.healthy == 0 => blue_tasks(rollout, blue),
        Phase::SwitchBack => left(rollout, facts, now_ms),
        Phase::DrainGreen if !stands => Step::Enter(Phase::Return),
        Phase::DrainGreen if rollout.stood_ms.is_none() => Step::Apply,
        // Green is not given up while blue serves nobody.
        Phase::DrainGreen if !serves(rollout, blue) => blue_tasks(rollout, blue),
        Phase::DrainGreen => drain(rollout, green, now_ms),
        Phase::Discard if !stands && green.desired > 0 => Step::Enter(Phase::Return),
        Phase::Discard if !serves(rollout, blue) && green.desired > 0 => blue_tasks(rollout, blue),
        Phase::Discard if rollout.stood_ms.is_none() || !stands || green.desired > 0 => Step::Apply,
        Phase::Discard if green.running > 0 => wait(Why::Stopping { running: green.running }),
        Phase::Discard => Step::End(Ending::Restored { why: rollout.why.clone() }),
        Phase::Prepare
        | Phase::Stop
        | Phase::Migrate
        | Phase::First
        | Phase::ScaleUp
        | Phase::Test
        | Phase::Gate
        | Phase::Switch
        | Phase::Shift(_)
        | Phase::Bake
        | Phase::Commit
        | Phase::Drain
        | Phase::Cleanup => super::step(rollout, facts, now_ms),
    }
}

/// Whether blue is there for people. They come to an old service without the
/// load balancer again, which lets go of it.
fn serves(rollout: &Rollout, blue: &Side) -> bool {
    match rollout.cuts_over() {
        // Nobody was led away from it, and nothing was written of it.
        true => !rollout.may_write_old() || blue.running > 0,
        false => blue.healthy > 0,
    }
}

/// Nobody comes by the load balancer any more: two minutes without a request. At
/// night that says little: where the application says that it leads elsewhere
/// than to the old service, silence is not enough.
fn left(rollout: &Rollout, facts: &Facts, now_ms: u64) -> Step {
    let side = facts.sides.get(if rollout.is_joined() { rollout.blue() } else { rollout.to });
    let stood_for = rollout.stood_ms.map_or(0, |stood| now_ms.saturating_sub(stood));
    let is_quiet = side.quiet_for_ms.is_some_and(|quiet| quiet.min(stood_for) >= QUIET_MS);
    match facts.entry {
        _ if !is_quiet => wait(Why::Leaving(patience(rollout, now_ms))),
        Some(Entry::Balancer | Entry::Elsewhere) => wait(Why::StillLed(patience(rollout, now_ms))),
        Some(Entry::Old) | None => Step::Enter(Phase::DrainGreen),
    }
}

/// Whether blue may have all traffic: it has it already, it is whole, or it is
/// better off than green. A blue that misses a task of its own takes over from
/// a green that has none.
fn can_return(rollout: &Rollout, facts: &Facts) -> bool {
    let (green, blue) = (facts.sides.get(rollout.to), facts.sides.get(rollout.blue()));
    let has_it = weights(rollout, Phase::Return).is_some_and(|wanted| same_weights(&wanted, &facts.weights));
    let is_behind = !rollout.cuts_over() || rollout.is_joined();
    let is_untouched = rollout.cuts_over() && !rollout.may_write_old();
    is_untouched
        || (is_behind && has_it)
        || blue.healthy >= rollout.blue_tasks()
        || blue.healthy > green.healthy
}

fn blue_tasks(rollout: &Rollout, blue: &Side) -> Step {
    wait(Why::BlueTasks { healthy: blue.healthy, needed: rollout.blue_tasks() })
}

/// Until nothing is open on green, and for the drain time at most.
fn drain(rollout: &Rollout, green: &Side, now_ms: u64) -> Step {
    let until_ms = rollout.due_ms(rollout.settings.drain_ms);
    let stood_for = rollout.stood_ms.map_or(0, |stood| now_ms.saturating_sub(stood));
    let is_quiet = green.quiet_for_ms.is_some_and(|quiet| quiet.min(stood_for) >= QUIET_MS);
    let is_drained = is_quiet && green.connections == Some(0);
    if !rollout.moved || green.running == 0 || is_drained || until_ms.is_some_and(|until| until <= now_ms) {
        Step::Enter(Phase::Discard)
    } else {
        Step::Wait { why: Why::Draining { connections: green.connections }, until_ms }
    }
}

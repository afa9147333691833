use super::{
    Ending, Facts, Migration, Patience, Phase, Purpose, Reason, Rollout, Sample, Side, Step, Verdict, Why,
    alike::is_alike,
    compare,
    facts::{LOOKS, POLLS, has_begun, is_lost, is_short, needed, weights_of_others},
    layout::{Tasks, of_blue, of_green, weights},
    phase::Direction,
    same_weights, way_back,
};

/// So many tasks in a row that stop for the same reason end a rollout.
const SAME_STOPS: usize = 3;
/// Without a request for so long, no request is on its way to be counted:
/// CloudWatch has a minute's count within the next.
pub(super) const QUIET_MS: u64 = 2 * 60 * 1_000;

/// Whether nobody was counted on a side for two minutes, or nobody counts.
pub fn is_quiet(side: &Side) -> bool {
    side.quiet_for_ms.is_none_or(|quiet| quiet >= QUIET_MS)
}

/// What follows from the record and the facts.
///
/// Two rules hold in every phase. Nothing is written but on `Apply`, and
/// `Apply` is answered only while the facts are good enough for the phase's
/// layout: so a phase that was recorded before a crash is not brought about
/// after it by habit. And weights that are neither this phase's nor, until
/// it stood, those of the phase before, were written by someone else. (Until
/// then, someone who wrote just what stood before cannot be told from a phase
/// that was not brought about yet.) The
/// agent does not write its own over them, for two who correct each other move
/// everybody's sessions at every turn; seen twice, it goes back, which ends with
/// blue alone and with an end to writing. Only on the way back itself, which has no way
/// back, the rule is written again: blue alone is what stood before anybody
/// moved anything.
///
/// Once traffic may move and blue has no healthy target left, the steps between
/// are left out: a share that stays with blue would be answered by nobody.
pub fn step(rollout: &Rollout, facts: &Facts, now_ms: u64) -> Step {
    match rollout.phase.direction() {
        Direction::Back => way_back::step(rollout, facts, now_ms),
        Direction::Forward => forward(rollout, facts, now_ms),
    }
}

/// Waits for something that has no time of its own.
pub(super) fn wait(why: Why) -> Step {
    Step::Wait { why, until_ms: None }
}

/// The weights that the phase wants stand.
pub(super) fn weights_stand(rollout: &Rollout, facts: &Facts) -> bool {
    weights(rollout, rollout.phase).is_none_or(|wanted| same_weights(&wanted, &facts.weights))
}

fn forward(rollout: &Rollout, facts: &Facts, now_ms: u64) -> Step {
    if let Some(why) = turns_back(rollout, facts, now_ms) {
        return Step::Abort { why };
    }
    let (green, blue) = (facts.sides.get(rollout.to), facts.sides.get(rollout.blue()));
    if let Some((wanted, found)) = weights_of_others(rollout, facts).filter(|_| !is_gone(rollout, blue)) {
        return wait(Why::Weights { wanted, found });
    }
    let both_grow = !matches!(rollout.phase, Phase::Commit | Phase::Drain | Phase::Cleanup);
    if both_grow && blue.desired > rollout.tasks {
        return Step::Raise { tasks: blue.desired };
    }
    if let Phase::Shift(step) = rollout.phase
        && !rollout.never_overlaps()
        && blue.healthy == 0
        && !rollout.settings.is_last(step)
    {
        return proven(facts, Phase::Shift(rollout.settings.last()));
    }
    let is_missing = |tasks: Option<Tasks>, side: &Side| match tasks {
        Some(Tasks::Held(least)) => side.desired < least,
        Some(Tasks::One) => side.desired < 1,
        Some(Tasks::Zero | Tasks::Free) | None => false,
    };
    let blue_missing = !rollout.cuts_over() && is_missing(of_blue(rollout), blue);
    let missing = blue_missing || is_missing(of_green(rollout), green);
    let meets = rollout.stops_blue() && blue.desired > 0;
    let stands = rollout.stood_ms.is_some() && weights_stand(rollout, facts);
    if !stands || missing || meets {
        let risks = rollout.phase.has_traffic() && !is_gone(rollout, blue) && is_short(rollout, facts);
        return if risks && !stands { shaken(rollout, facts) } else { Step::Apply };
    }
    let next = onward(rollout, facts, now_ms);
    match (&facts.unmetered, &next) {
        // Who cannot see how something new does gives it no more traffic.
        (Some(why), Step::Enter(Phase::Switch | Phase::Shift(_) | Phase::Bake | Phase::Commit))
            if rollout.purpose != Purpose::Back =>
        {
            wait(Why::Unmetered(why.clone()))
        }
        _ => next,
    }
}

/// Whether blue went already, at the end.
fn is_gone(rollout: &Rollout, blue: &Side) -> bool {
    rollout.phase == Phase::Cleanup && blue.desired == 0
}

fn shaken(rollout: &Rollout, facts: &Facts) -> Step {
    let healthy = facts.sides.get(rollout.to).healthy;
    wait(Why::Shaken { healthy, needed: needed(rollout, facts) })
}

/// Why it goes back, if it does.
fn turns_back(rollout: &Rollout, facts: &Facts, now_ms: u64) -> Option<Reason> {
    let (green, blue) = (facts.sides.get(rollout.to), facts.sides.get(rollout.blue()));
    if is_gone(rollout, blue) {
        return None;
    }
    let others = weights_of_others(rollout, facts).filter(|_| facts.polls.foreign >= LOOKS);
    let others = others.map(|(wanted, found)| Reason::Weights { wanted, found });
    others.or_else(|| lost(rollout, facts)).or_else(|| {
        if rollout.phase.can_abort() { failed(rollout, facts, green, blue, now_ms) } else { None }
    })
}

/// Green has traffic, or is about to get it, and no targets for it.
fn lost(rollout: &Rollout, facts: &Facts) -> Option<Reason> {
    let healthy = facts.sides.get(rollout.to).healthy;
    let is_lost = rollout.phase.has_traffic() && is_lost(rollout, facts);
    is_lost.then(|| Reason::Unhealthy { healthy, needed: needed(rollout, facts) })
}

fn failed(rollout: &Rollout, facts: &Facts, green: &Side, blue: &Side, now_ms: u64) -> Option<Reason> {
    if let Some(said) = &rollout.abort {
        return Some(Reason::Asked(said.clone()));
    }
    if let Some(why) = &green.failed {
        return Some(Reason::GaveUp(why.clone()));
    }
    if let Some(first) = green.stopped.first()
        && green.stopped.iter().take(SAME_STOPS).filter(|why| is_alike(why, first)).count() == SAME_STOPS
    {
        return Some(Reason::Stopping(first.clone()));
    }
    let patience_ms = rollout.settings.patience_ms;
    if facts.refused_for_ms.is_some_and(|refused| refused >= patience_ms) {
        return Some(Reason::Refused { phase: rollout.phase, patience_ms });
    }
    let is_slow = now_ms.saturating_sub(rollout.since_ms) >= patience_ms;
    match rollout.phase {
        Phase::Migrate => {
            let within_ms = rollout.settings.migration.as_ref().map_or(patience_ms, |it| it.within_ms);
            if let Some(how) = rollout.migrated.as_ref().filter(|how| !how.is_done()) {
                return Some(Reason::MigrationFailed(how.clone()));
            }
            let is_late = now_ms.saturating_sub(rollout.since_ms) >= within_ms;
            if is_late && !matches!(facts.migration, Some(Migration::Ended(_))) && rollout.migrated.is_none()
            {
                return Some(Reason::TooSlow { phase: rollout.phase, patience_ms: within_ms });
            }
        }
        Phase::First if is_slow && !has_begun(rollout, facts) => {
            return Some(Reason::TooSlow { phase: rollout.phase, patience_ms });
        }
        Phase::ScaleUp if is_slow && facts.polls.steady == 0 => {
            return Some(Reason::TooSlow { phase: rollout.phase, patience_ms });
        }
        Phase::Test => {
            if let Some(Err(why)) = &facts.checked {
                return Some(Reason::TestFailed(why.clone()));
            }
            if is_slow && facts.checked.is_none() {
                return Some(Reason::TooSlow { phase: rollout.phase, patience_ms });
            }
        }
        _ => {}
    }
    if !rollout.phase.has_traffic() {
        return None;
    }
    let ringing: Vec<String> = facts.ringing.iter().chain(&facts.ringing_on_green).cloned().collect();
    if !ringing.is_empty() {
        return Some(Reason::Alarms(ringing));
    }
    let before = blue.counted.filter(Sample::is_enough).or(rollout.snapshot.before);
    match compare(green.counted, before) {
        Verdict::Worse => Some(Reason::Errors {
            green: green.counted.unwrap_or_default(),
            blue: before.filter(Sample::is_enough),
        }),
        Verdict::TooFew | Verdict::Same => None,
    }
}

/// What follows where the phase's layout stands and nothing turns it back.
fn onward(rollout: &Rollout, facts: &Facts, now_ms: u64) -> Step {
    let (green, blue) = (facts.sides.get(rollout.to), facts.sides.get(rollout.blue()));
    let settings = &rollout.settings;
    let watched = |length_ms: u64, why: Why, next: Phase| {
        // Whoever promotes it skips the time and nothing else.
        let until_ms = if rollout.promote.is_some() { None } else { rollout.due_ms(length_ms) };
        match until_ms {
            Some(until_ms) if now_ms < until_ms => Step::Wait { why, until_ms: Some(until_ms) },
            Some(_) | None => proven(facts, next),
        }
    };
    let never = rollout.never_overlaps();
    match rollout.phase {
        Phase::Prepare if never && settings.approve_traffic => Step::Enter(Phase::Gate),
        Phase::Prepare if never => Step::Enter(Phase::Stop),
        Phase::Prepare => Step::Enter(Phase::Migrate),
        Phase::Stop if blue.running > 0 => wait(Why::Stopping { running: blue.running }),
        Phase::Stop if settings.migration.is_some() => Step::Enter(Phase::Migrate),
        Phase::Stop => Step::Enter(Phase::First),
        Phase::Migrate => match (&rollout.migrated, &facts.migration) {
            // How it failed turns it back.
            (Some(_), _) => Step::Enter(Phase::ScaleUp),
            (None, Some(Migration::Ended(how))) => Step::Migrated(how.clone()),
            (None, Some(Migration::Running) | None) => wait(Why::Migrating),
        },
        Phase::First if !has_begun(rollout, facts) => {
            wait(Why::Starting { healthy: green.healthy, needed: 1 })
        }
        Phase::First => Step::Enter(Phase::ScaleUp),
        Phase::ScaleUp if facts.polls.steady == 0 => {
            wait(Why::Starting { healthy: green.healthy, needed: rollout.tasks })
        }
        Phase::ScaleUp => proven(facts, Phase::Test),
        Phase::Test if facts.checked.is_none() => wait(Why::Checking),
        Phase::Test if settings.approve_traffic && !never => Step::Enter(Phase::Gate),
        Phase::Test => to_traffic(rollout, facts),
        Phase::Gate if rollout.approval(now_ms).is_some() => {
            if never {
                Step::Enter(Phase::Stop)
            } else {
                to_traffic(rollout, facts)
            }
        }
        Phase::Gate => Step::Ask { expired: rollout.approvals.last().cloned() },
        Phase::Switch => switched(rollout, facts, now_ms),
        Phase::Shift(step) => {
            let next =
                if settings.is_last(step) { Phase::Bake } else { Phase::Shift(step.saturating_add(1)) };
            watched(settings.hold_ms, Why::Holding, next)
        }
        Phase::Bake => watched(settings.bake_ms, Why::Baking, Phase::Commit),
        Phase::Commit => {
            let stood_for = rollout.stood_ms.map_or(0, |stood| now_ms.saturating_sub(stood));
            let is_quiet = blue.quiet_for_ms.is_some_and(|quiet| quiet.min(stood_for) >= QUIET_MS);
            let until_ms = rollout.due_ms(settings.drain_ms);
            if never || is_quiet || until_ms.is_some_and(|until| until <= now_ms) {
                Step::Enter(Phase::Drain)
            } else {
                Step::Wait { why: Why::Requests, until_ms }
            }
        }
        Phase::Drain if is_short(rollout, facts) => shaken(rollout, facts),
        Phase::Drain => {
            let until_ms = rollout.due_ms(settings.drain_ms);
            if never || blue.connections == Some(0) || until_ms.is_some_and(|until| until <= now_ms) {
                Step::Enter(Phase::Cleanup)
            } else {
                Step::Wait { why: Why::Draining { connections: blue.connections }, until_ms }
            }
        }
        Phase::Cleanup if blue.desired > 0 => Step::Apply,
        Phase::Cleanup if blue.running > 0 => wait(Why::Stopping { running: blue.running }),
        Phase::Cleanup => Step::End(Ending::Released),
        Phase::StopGreen
        | Phase::BlueFirst
        | Phase::Return
        | Phase::SwitchBack
        | Phase::DrainGreen
        | Phase::Discard => way_back::step(rollout, facts, now_ms),
    }
}

/// The phase, once three polls in a row have shown green to be whole.
fn proven(facts: &Facts, next: Phase) -> Step {
    let polls = facts.polls.steady;
    if polls < POLLS { wait(Why::Proving { polls, of: POLLS }) } else { Step::Enter(next) }
}

/// Traffic begins to move, unless something rings already: what rings before
/// has another cause than green, and would turn it back at once. Where nobody is
/// served until it moves, that may be what rings, and nothing is waited for.
fn to_traffic(rollout: &Rollout, facts: &Facts) -> Step {
    if !facts.ringing.is_empty() && !rollout.never_overlaps() {
        return wait(Why::Ringing(facts.ringing.clone()));
    }
    proven(facts, if rollout.cuts_over() { Phase::Switch } else { first_shift(rollout, facts) })
}

fn first_shift(rollout: &Rollout, facts: &Facts) -> Phase {
    let is_alone = rollout.never_overlaps() || facts.sides.get(rollout.blue()).healthy == 0;
    Phase::Shift(if is_alone { rollout.settings.last() } else { 0 })
}

/// People come by the load balancer once requests are counted behind it: on
/// green, or on the old service where the load balancer leads there first.
fn switched(rollout: &Rollout, facts: &Facts, now_ms: u64) -> Step {
    let (green, blue) = (facts.sides.get(rollout.to), facts.sides.get(rollout.blue()));
    let joined = rollout.is_joined();
    if joined && blue.healthy == 0 {
        // Nobody is to be led to where nobody answers.
        return wait(Why::BlueTasks { healthy: 0, needed: rollout.blue_tasks() });
    }
    let counted = if joined { blue.counted } else { green.counted };
    if counted.is_some_and(|sample| sample.requests > 0) {
        return proven(facts, if joined { first_shift(rollout, facts) } else { Phase::Bake });
    }
    wait(Why::Arriving(patience(rollout, now_ms)))
}

/// How long what people do is waited for without a word.
pub(super) fn patience(rollout: &Rollout, now_ms: u64) -> Patience {
    match rollout.due_ms(rollout.settings.patience_ms) {
        Some(due) if due <= now_ms => Patience::Spent,
        Some(_) | None => Patience::Left,
    }
}

//! A rollout as people read it: where it is, the two sides, what it waits for,
//! and how it ended.

mod checks;
mod cut_over;
mod obstacle;
mod phases;
mod reasons;
mod tracks;

use std::fmt::Write;

pub use checks::unproven;
pub use cut_over::{proxy, steps};
pub use obstacle::obstacle;
pub use phases::{phase, phase_name};
pub use reasons::{reason, why};
pub(crate) use tracks::share;
pub use tracks::tracks;

use super::{
    layout::{hanging, padded},
    paint::{bold, green, plain, yellow},
    words,
};
use crate::{
    environment::EnvironmentName,
    lease::LockInfo,
    report::{RolloutOutcome, Standstill},
    rollout::{
        Begins, EcsRelease, Ended, Ending, Facts, Phase, Purpose, Refusal, Rollout, Settings, Step, Track,
        Why, Word,
    },
};

/// So much of an approval hash tells plans apart.
const HASH: usize = 16;

/// An alarm on blue that rings for what green does.
pub fn measured_of(alarm: &str, green: &str) -> String {
    format!("{alarm} (of {green})")
}

/// A rollout that is under way, for terminals and for a comment's code block:
/// where it is, both sides, and what comes next.
pub fn under_way(service: &str, rollout: &Rollout, facts: &Facts, next: &Step, now_ms: u64) -> String {
    let what = match rollout.purpose {
        Purpose::Release => "releasing",
        Purpose::Back => "going back to",
        Purpose::CutOver => "cutting over to",
        Purpose::ToOld => "going back to the old service from",
    };
    let what = if rollout.phase.is_way_back() { "turning back" } else { what };
    let mut text = format!(
        "{}: {what} {}, {}\n",
        bold(&plain(service)),
        plain(words::short(&rollout.commit)),
        phase_name(rollout.phase, &rollout.settings)
    );
    text.push_str(&tracks(service, rollout, facts));
    let mut line = |mark: &str, said: &str| {
        let _ = writeln!(text, "{}", hanging(&format!("  {}", padded(mark, 6)), 8, said));
    };
    line("now", &phase(rollout.phase, &rollout.settings));
    if let Some(because) = &rollout.why {
        line("why", &reason(because));
    }
    line("next", &step(next, &rollout.settings, now_ms));
    if let Some(sticks) = sticks(rollout, facts, next) {
        line("stick", &sticks);
    }
    if let Some(turned) = cut_over::turned(rollout) {
        line("proxy", &turned);
    } else if let Some(steps) = steps(rollout).filter(|_| asks_to_switch(next)) {
        line(if cut_over::is_by_agent(rollout) { "proxy" } else { "to do" }, &steps);
    }
    text
}

/// Who still holds blue's cookie when it leaves the rule, as far as they came.
fn sticks(rollout: &Rollout, facts: &Facts, next: &Step) -> Option<String> {
    let is_end = rollout.phase == Phase::Bake && *next == Step::Enter(Phase::Commit);
    let came = facts.sides.get(rollout.blue()).counted.filter(|it| is_end && it.requests > 0)?.requests;
    let requests = words::count(usize::try_from(came).unwrap_or(usize::MAX), "request", "requests");
    Some(format!(
        "{requests} came to blue since traffic moved: whoever still holds its cookie moves to green now."
    ))
}

/// What is to be done next, in a sentence or two.
pub fn step(step: &Step, settings: &Settings, now_ms: u64) -> String {
    match step {
        Step::Wait { why: reason, until_ms } => {
            let left = until_ms.map(|until| until.saturating_sub(now_ms)).filter(|left| *left > 0);
            let left = left.map(|left| format!(" It has {} left.", words::took(left))).unwrap_or_default();
            format!("{}{left}", why(reason))
        }
        Step::Apply => "What the phase wants is brought about.".to_owned(),
        Step::Enter(phase) => format!("It goes on: {}.", phase_name(*phase, settings)),
        Step::Ask { expired: None } => "Waits for a person to approve the plan.".to_owned(),
        Step::Ask { expired: Some(said) } => format!(
            "Waits for a person to approve the plan: what {} said is too old, or was about another plan.",
            plain(&said.who)
        ),
        Step::Abort { why } => format!("It goes back. {}", reason(why)),
        Step::Raise { tasks } => {
            format!("Blue grew: both sides get {}.", words::count(*tasks as usize, "task", "tasks"))
        }
        Step::Migrated(how) if how.is_done() => "The database is migrated.".to_owned(),
        Step::Migrated(how) => cut_over::migration(how),
        Step::End(Ending::Released) => "It is over: green is live.".to_owned(),
        Step::End(Ending::Restored { .. }) => "It is over: blue is live, as before.".to_owned(),
    }
}

/// How a rollout ended, and what follows from it.
pub fn ended(service: &str, ended: &Ended) -> String {
    let Ended { commit, purpose, to, opened_at_ms, ended_at_ms, ending, turned, unsure } = ended;
    let proxy = proxy(turned.as_ref(), unsure.as_ref());
    let people = if unsure.is_some() { "people should use" } else { "people use" };
    let took = words::took(ended_at_ms.saturating_sub(*opened_at_ms));
    let (service, commit) = (plain(service), plain(words::short(commit)));
    let block = plain(&to.block_name(&service));
    match (ending, purpose) {
        (Ending::Released, Purpose::Release) => format!(
            "{}\n",
            hanging(
                &green("Released:"),
                9,
                &format!(
                    "{service} serves {commit} from {block}, after {took}. The release before stays at zero tasks, as the fast way back."
                )
            )
        ),
        (Ending::Released, Purpose::CutOver) => format!(
            "{}\n",
            hanging(
                &green("Cut over:"),
                9,
                &format!(
                    "people use {service}, from {block}, after {took}. The old service stays at zero tasks, as the way back.{proxy}"
                )
            )
        ),
        (Ending::Restored { .. }, Purpose::ToOld) => format!(
            "{}\n",
            hanging(
                &green("Gone back:"),
                10,
                &format!("{people} the old service again, after {took}; {block} stays at zero tasks.{proxy}")
            )
        ),
        (Ending::Released, Purpose::Back | Purpose::ToOld) => format!(
            "{}\n",
            hanging(
                &green("Gone back:"),
                10,
                &format!("{service} serves {commit} again, from {block}, after {took}.")
            )
        ),
        (Ending::Restored { why }, _) => {
            let because = why.as_ref().map(|why| format!(" {}", reason(why))).unwrap_or_default();
            format!(
                "{}\n",
                hanging(
                    &yellow("Turned back:"),
                    12,
                    &format!(
                        "{service} does not serve {commit}; what stood before stands again, after {took}.{because}{proxy}"
                    )
                )
            )
        }
    }
}

/// The last rollout that ended, or that none did; one that is open is
/// [`under_way`].
pub fn last(service: &str, track: &Track) -> String {
    match &track.last {
        Some(last) => ended(service, last),
        None => format!("{}: nothing was rolled out yet\n", plain(service)),
    }
}

/// Where a service is, in a line: which side is live, and how far a rollout is.
pub fn in_a_line(service: &str, track: &Track) -> String {
    let service = plain(service);
    let Some(open) = &track.open else {
        if let Some(old) = track.old.as_ref().filter(|old| old.serves || track.idle.is_none()) {
            return cut_over::at_rest(&service, &track.live.block_name(&service), old);
        }
        let live = track.live.block_name(&service);
        let idle = match &track.idle {
            Some(_) => format!("; the release before waits as {}", track.live.other().block_name(&service)),
            None => String::new(),
        };
        return format!("{service} serves from {live}{idle}");
    };
    let phase = phase_name(open.phase, &open.settings);
    let blue = match &open.snapshot.old {
        Some(old) => plain(&old.service),
        None => open.blue().block_name(&service),
    };
    let from_to = format!("from {blue} to {}", open.to.block_name(&service));
    match open.phase {
        Phase::Gate => yellow(&format!(
            "{service} {from_to}: waits for approval of plan {}",
            plain(short_hash(&open.plan))
        )),
        phase_now if phase_now.is_way_back() => {
            let why = open.why.as_ref().map(|why| format!("; {}", reason(why))).unwrap_or_default();
            yellow(&format!("{service} {from_to}: turning back, {phase}{why}"))
        }
        _ => format!("{service} {from_to}: {phase}"),
    }
}

/// As much of an approval hash as people copy.
pub fn short_hash(plan: &str) -> &str {
    plan.get(..HASH).unwrap_or(plan)
}

/// What a plan begins, in a sentence or two.
pub fn begins(begins: &Begins) -> String {
    let Begins { service, purpose, to, settings, snapshot } = begins;
    match (&snapshot.old, purpose) {
        (Some(old), Purpose::CutOver) => return cut_over::begins(begins, old),
        (Some(old), _) => return cut_over::goes_to_old(begins, old),
        (None, _) => {}
    }
    let steps: Vec<String> = settings.shift.iter().map(|share| format!("{share} %")).collect();
    let what = match purpose {
        Purpose::Release | Purpose::CutOver => "gets a new side",
        Purpose::Back | Purpose::ToOld => "goes back to the side",
    };
    let asks = if settings.approve_traffic { ", after a person agreed" } else { "" };
    format!(
        "{service} {what}, {}, with {}. People stay on {} until it is healthy and tested; then traffic moves{asks}: {}. Until the end it can be turned back.{}",
        to.block_name(service),
        words::count(usize::try_from(snapshot.tasks).unwrap_or_default(), "task", "tasks"),
        snapshot.live.block_name(service),
        steps.join(", "),
        cut_over::outage(settings, &snapshot.live.block_name(service)),
    )
}

/// What a rollout came to in a run: how it ended, or why it stands.
pub fn outcome(environment: &EnvironmentName, outcome: &RolloutOutcome) -> String {
    let service = plain(&outcome.service);
    match (&outcome.ended, outcome.stands) {
        (Some(it), _) => ended(&outcome.service, it),
        (None, Some(Standstill::Asks)) => format!(
            "{} {service} waits for a person before traffic moves; people are served as before.{} Next: `pointsman approve {environment} --plan {}`, or `pointsman abort {environment}`.\n",
            yellow("Waiting:"),
            outcome.to_do.as_ref().map(|steps| format!(" After that: {steps}")).unwrap_or_default(),
            short_hash(&outcome.plan),
        ),
        (None, Some(Standstill::Switch)) => format!(
            "{} {service} waits for people's way to be switched; until then nothing is taken down.{} The next look goes on with it, or `pointsman abort {environment}`.\n",
            yellow("Waiting:"),
            outcome.to_do.as_ref().map(|steps| format!(" {steps}")).unwrap_or_default(),
        ),
        (None, Some(Standstill::Stopped)) => format!(
            "{} the rollout of {service} stands where it was; the next run goes on with it.\n",
            yellow("Stopped:")
        ),
        (None, Some(Standstill::LeaseLost) | None) => format!(
            "{} the rollout of {service} is another's now; it goes on from what was recorded.\n",
            yellow("Lease lost:")
        ),
    }
}

/// Whether a person is asked to switch people's way now, or soon.
fn asks_to_switch(next: &Step) -> bool {
    matches!(
        next,
        Step::Ask { .. } | Step::Wait { why: Why::Arriving(_) | Why::Leaving(_) | Why::StillLed(_), .. }
    )
}

/// A person's word was kept.
pub fn kept(word: Word, services: &[String]) -> String {
    let services: Vec<String> = services.iter().map(|service| plain(service)).collect();
    let what = match word {
        Word::Approve => "Approved",
        Word::Abort => "To be turned back",
        Word::Promote => "To be moved on",
    };
    format!("{what}: the rollout of {}.", services.join(", "))
}

/// A release that ECS carries out, in a line.
pub fn ecs_release_in_a_line(service: &str, release: &EcsRelease) -> String {
    let commit = if release.commit.is_empty() {
        String::new()
    } else {
        format!(" of {}", words::short(&release.commit))
    };
    format!("{}: ECS carries out the release{commit}", plain(service))
}

/// A release that ECS carries out came to nothing in time.
pub fn ecs_was_too_slow(last: &str) -> String {
    format!("ECS was told to go back: {}.", plain(last).trim_end_matches('.'))
}

/// A release of this commit that ECS went back with is not begun again.
pub fn ecs_went_back(why: &str) -> String {
    format!(
        "ECS went back with this commit's release already: {}; mend that and release it, or apply once more to try the \
         same again",
        plain(why).trim_end_matches('.')
    )
}

/// Somebody else has the lock, and so drives the rollout.
pub fn driven_by(holder: &LockInfo) -> String {
    format!(
        "{} drives it, and hears of this at the next look, within seconds.\n",
        super::event::holder_words(holder)
    )
}

/// No rollout is open.
pub fn nothing_open(environment: &EnvironmentName) -> String {
    format!(
        "No rollout of {environment} is under way. Next: `pointsman status {environment}` shows what is deployed; `pointsman rollback {environment}` goes back to the release before."
    )
}

/// Nobody's word was taken.
pub fn refused(refused: &[(String, Refusal)]) -> String {
    refused.iter().map(|(service, why)| refusal(service, *why)).collect::<Vec<_>>().join("\n")
}

/// Whether to go back is asked.
pub fn asks_to_go_back(environment: &EnvironmentName) -> String {
    format!(
        "The release before gets its tasks back, and then all of the traffic of {environment}. Only `yes` is a yes:"
    )
}

/// Nobody agreed to go back.
pub fn not_gone_back(environment: &EnvironmentName) -> String {
    format!("{environment} was left as it is.")
}

/// There is nobody who could be asked.
pub fn nobody_to_ask(environment: &EnvironmentName) -> String {
    format!(
        "Nobody can be asked: this is not a terminal. {environment} was left as it is. Next: run it with --yes."
    )
}

/// Why something was not recorded, and what to do.
pub fn refusal(service: &str, refusal: Refusal) -> String {
    let service = plain(service);
    match refusal {
        Refusal::AlreadyOpen => {
            format!("A rollout of {service} is under way. Next: let it end, or abort it.")
        }
        Refusal::NothingOpen => {
            format!("No rollout of {service} is under way, so there is nothing to say about it.")
        }
        Refusal::NotLive => {
            format!(
                "The side of {service} that was looked at is not the live one. Next: look again, then plan again."
            )
        }
        Refusal::NothingIdle => format!(
            "The other side of {service} holds no release to go back to. Next: revert the commit, and release that."
        ),
        Refusal::OtherPlan => format!(
            "The plan that was approved is not the one that rolls {service} out. Next: read the one that does, and approve that."
        ),
        Refusal::TooLate => format!(
            "The rollout of {service} ends, or goes back already. Next: wait for its end; then go back, or release anew."
        ),
        Refusal::EcsDecides => format!(
            "ECS carries out the release of {service}, and waits its times out. Next: wait for its end, or abort it."
        ),
    }
}

use std::time::{Duration, Instant};

use pointsman_tests::{
    agent::Running,
    clock::Clock,
    process::{handles, resident},
    story::World,
};

use super::small;
use crate::{PATIENCE, kinds, road::deployed};

/// The agent polls once in so many minutes of its own time.
const POLL_MINUTES: u64 = 1;
/// What it may take on in a soak, in MiB and in handles.
const MOST_MORE: (f64, usize) = (24.0, 8);

/// What the agent holds, at a moment of its own time.
#[derive(Clone, Copy, Debug)]
struct Held {
    memory: f64,
    handles: usize,
}

/// An agent that polls once in so many minutes and looks for drift each hour, of its own time.
pub(super) fn start(world: &World, clock: &Clock, poll_minutes: u64) -> Running {
    let file = world.configuration("[drift]\nevery = \"1h\"\n");
    let text = std::fs::read_to_string(&file).unwrap();
    let slower = text.replace("poll = \"1s\"", &format!("poll = \"{poll_minutes}m\""));
    assert_ne!(text, slower);
    std::fs::write(&file, slower).unwrap();
    let mut command = world.command();
    command.arg("run").arg("--config").arg(file);
    Running::start(clock.lead_skipping(&mut command))
}

/// So many polls so far: it asks for new comments at each.
fn polls(world: &World) -> u64 {
    let asked =
        |request: &pointsman_tests::github::RecordedRequest| request.path.ends_with("/issues/comments");
    u64::try_from(world.github.requests().iter().filter(|request| asked(request)).count()).unwrap()
}

/// Waits for so many polls.
pub(super) fn pass(world: &World, many: u64) {
    let before = polls(world);
    let deadline = Instant::now() + PATIENCE * 4;
    while polls(world) - before < many {
        assert!(Instant::now() < deadline, "{} polls", polls(world) - before);
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Rounds of a change that is proposed, planned, merged and deployed, and hours in which nothing happens.
fn soak(rounds: usize, quiet_minutes: u64) {
    let began = Instant::now();
    let world = small();
    let clock = Clock::in_folder(world.folder());
    let agent = start(&world, &clock, POLL_MINUTES);
    let (mut held, mut minutes, mut drifts) = (Vec::new(), 0, 0);
    for round in 0..rounds {
        let branch = format!("change-{round}");
        let text = kinds::TEXT.replace("\"15m\"", &format!("\"{}m\"", 16 + round % 100));
        let number = world.propose(&branch, kinds::FILE, &text, "As agreed");
        let head = world.github.pull(number).head_sha();
        world.github.wait_until(PATIENCE, "it is planned", |repository| {
            repository.checks.iter().any(|check| {
                check.head_sha == head && check.name == "pointsman" && check.status == "completed"
            })
        });
        let commit = world.github.merge(number);
        world.github.wait_until(PATIENCE, "it is deployed", |repository| deployed(repository, &commit));
        world.github.forget_requests();
        world.aws.proxy().clear();
        pass(&world, quiet_minutes / POLL_MINUTES);
        minutes += polls(&world) * POLL_MINUTES;
        drifts +=
            world.aws.proxy().calls().iter().filter(|call| call.operation == "GetCallerIdentity").count();
        assert!(world.aws.proxy().mutations().is_empty(), "nothing is written while nothing changes");
        held.push(Held { memory: resident(agent.id()), handles: handles(agent.id()) });
    }
    // What it keeps of what it saw is bounded, and taken on first.
    let (first, last) = (held[held.len() / 3], *held.last().unwrap());
    println!(
        "a soak of {:.1} days of its own time in {:.0?}: {rounds} deploys, {minutes} polls, {drifts} looks for drift; \
         {:.0} MiB and {} handles after a third, {:.0} MiB and {} at the end",
        f64::from(u32::try_from(minutes).unwrap()) / 1_440.0,
        began.elapsed(),
        first.memory,
        first.handles,
        last.memory,
        last.handles,
    );
    assert!(last.memory <= first.memory + MOST_MORE.0, "memory grows: {held:#?}");
    assert!(last.handles <= first.handles + MOST_MORE.1, "handles grow: {held:#?}");
    assert_eq!(agent.stop(PATIENCE).1, 0);
    world.github.assert_no_violations();
}

#[test]
fn hours_of_its_own_time_leave_nothing_behind() {
    soak(3, 20);
}

#[test]
#[ignore = "a week of its own time: about an hour"]
fn a_week_of_its_own_time_leaves_nothing_behind() {
    soak(28, 360);
}

//! T12: every call that makes, changes or deletes something is done, answered as failed, and so
//! sent again; and every call of a step is refused once. The end is the same as if none had been.

use std::collections::BTreeSet;

use pointsman_tests::{
    agent::Program,
    aws::{Call, Harm, Options, Weather},
    story::{Clone, PRODUCTION, PRODUCTION_FILE, World},
};

use super::{GRACE, NAME, small, standing, succeeds};
use crate::{estate, settled};

/// What is deployed, and how what stands of it is told.
struct Subject {
    name: &'static str,
    described: fn() -> World,
    standing: fn(&World) -> String,
}

const REPORTS: Subject = Subject { name: NAME, described: small, standing };
const ESTATE: Subject = Subject { name: PRODUCTION, described: whole, standing: estate::inventory };

/// A world in which the example environment stands on `main`.
fn whole() -> World {
    let options = Options { grace: GRACE, ..Options::default() };
    let world = World::with(Program::at(env!("CARGO_BIN_EXE_pointsman")), &options);
    let text = World::example_environment();
    world.git.commit("main", &[(PRODUCTION_FILE, Some(&text))], "Describe OpenWebUI");
    world
}

/// What befalls each call once.
#[derive(Clone, Copy)]
struct Mode {
    title: &'static str,
    weather: fn() -> Weather,
    harm: Harm,
    /// So many tries succeed in the end, at most.
    tries: usize,
}

const TWICE: Mode =
    Mode { title: "done and answered as failed", weather: Weather::twice, harm: Harm::Disowned, tries: 3 };
const REFUSED: Mode = Mode { title: "refused", weather: Weather::refusing, harm: Harm::Refused, tries: 60 };

/// A try makes so many times the calls of an undisturbed one, at most.
const MOST_CALLS: usize = 4;

/// What came of tries while each call was harmed once.
struct Came {
    tries: usize,
    calls: usize,
    harmed: usize,
    /// The operations of what was harmed.
    operations: BTreeSet<String>,
    /// Those of which a call was not sent again as it was.
    read_back: BTreeSet<String>,
}

impl Came {
    fn of(world: &World, clone: &Clone<'_>, command: &[&str], mode: Mode) -> Self {
        let proxy = world.aws.proxy();
        proxy.clear();
        proxy.set_weather((mode.weather)());
        let tries = succeeds(clone, command, mode.tries);
        proxy.calm();
        let calls = proxy.calls();
        let harmed: Vec<usize> = (0..calls.len()).filter(|at| calls[*at].harm == Some(mode.harm)).collect();
        let named = |at: &usize| format!("{}:{}", calls[*at].service, calls[*at].operation);
        let read_back =
            harmed.iter().filter(|at| !calls[**at + 1..].iter().any(|later| same(later, &calls[**at])));
        Self {
            tries,
            calls: calls.len(),
            harmed: harmed.len(),
            operations: harmed.iter().map(named).collect(),
            read_back: read_back.map(named).collect(),
        }
    }
}

fn same(one: &Call, other: &Call) -> bool {
    (&one.service, &one.operation, &one.asked.path, &one.asked.body)
        == (&other.service, &other.operation, &other.asked.path, &other.asked.body)
}

/// Task definitions that stand: AWS registers another one each time that it is asked.
fn revisions(world: &World) -> String {
    world.aws.python(
        "print(sorted(a.rsplit('/')[1] for a in client('ecs').list_task_definitions(status='ACTIVE')['taskDefinitionArns']))",
    )
}

/// Makes it and deletes it, each call harmed once.
fn harmed(mode: Mode, Subject { name, described, standing }: Subject) {
    let (apply, destroy) = (["apply", name, "--yes"], ["destroy", name, "--yes"]);
    let quiet = described();
    let clone = quiet.clone_of("main");
    quiet.aws.proxy().clear();
    clone.run(&apply).expect_code(0);
    let undisturbed = quiet.aws.proxy().calls().len();
    let (reference, registered) = (settled(&standing(&quiet)), revisions(&quiet));

    let world = described();
    let clone = world.clone_of("main");
    let made = Came::of(&world, &clone, &apply, mode);
    clone.run(&["plan", name, "--detailed-exitcode"]).expect_code(0);
    assert_eq!(settled(&standing(&world)), reference, "something was made twice, or otherwise");
    assert_eq!(revisions(&world), registered, "a task definition was registered twice");
    let deleted = Came::of(&world, &clone, &destroy, mode);
    assert_eq!(standing(&world), "", "something stands that the state does not know");
    for (what, came) in [("made", &made), ("deleted", &deleted)] {
        let Came { tries, calls, harmed, operations, read_back } = came;
        println!(
            "T12 {name} {what}: {harmed} of {calls} calls {} once, of {} operations, in {tries} tries (to make it \
             undisturbed: {undisturbed} calls)",
            mode.title,
            operations.len(),
        );
        // What became of lock, journal and task definitions is asked for; everything else is sent again.
        let asked = |operation: &String| {
            operation.starts_with("dynamodb:") || operation == "ecs:RegisterTaskDefinition"
        };
        assert!(mode.harm == Harm::Refused || read_back.iter().all(asked), "{read_back:?}");
        assert!(*calls <= MOST_CALLS * undisturbed * tries, "{calls} calls in {tries} tries");
        assert!(operations.len() > 5, "{operations:?}");
    }
}

#[test]
fn t12_every_call_of_the_small_environment_is_sent_twice() {
    harmed(TWICE, REPORTS);
}

#[test]
fn t12_every_call_of_the_estate_is_sent_twice() {
    harmed(TWICE, ESTATE);
}

#[test]
fn t12_every_call_of_a_step_of_the_small_environment_is_refused_once() {
    harmed(REFUSED, REPORTS);
}

#[test]
fn t12_every_call_of_a_step_of_the_estate_is_refused_once() {
    harmed(REFUSED, ESTATE);
}

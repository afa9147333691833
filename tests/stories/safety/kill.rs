use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use pointsman_tests::{
    agent::Program,
    aws::{Options, Place},
    story::{PRODUCTION, PRODUCTION_FILE, World},
};

use super::{GRACE, NAME, Point, killed_at, locks, median, side_by_side, standing, with_lock_file};
use crate::{estate, kinds, settled};

/// So many worlds at a time.
const WORLDS: usize = 3;

/// What is deployed, and how what stands of it is told.
#[derive(Clone, Copy)]
struct Subject {
    name: &'static str,
    file: &'static str,
    text: fn() -> String,
    standing: fn(&World) -> String,
    lock_file: bool,
}

const REPORTS: Subject =
    Subject { name: NAME, file: kinds::FILE, text: || kinds::TEXT.to_owned(), standing, lock_file: false };
const ESTATE: Subject = Subject {
    name: PRODUCTION,
    file: PRODUCTION_FILE,
    text: World::example_environment,
    standing: estate::inventory,
    lock_file: false,
};

impl Subject {
    /// The same, whose agents take the lock file as well.
    fn with_lock_file(self) -> Self {
        Self { lock_file: true, ..self }
    }

    /// A world in which it is described, and one program at a time lives.
    fn world(self) -> World {
        let options = Options { grace: GRACE, ..Options::default() };
        let world = World::with(Program::at(env!("CARGO_BIN_EXE_pointsman")), &options).skipping();
        let text = (self.text)();
        let text = if self.lock_file { with_lock_file(&text) } else { text };
        world.git.commit("main", &[(self.file, Some(&text))], "Describe it");
        world
    }
}

/// So often a recovery is killed as well, one after the other.
const DEEP: usize = 3;

/// What came of all points.
#[derive(Default)]
struct Report {
    /// The first ones killed, the recoveries killed, the recoveries of those, ...
    killed: [AtomicUsize; DEEP + 1],
    converged: AtomicUsize,
    duplicates: AtomicUsize,
    orphans: AtomicUsize,
    externals: AtomicUsize,
    seconds: Mutex<Vec<f64>>,
    wrong: Mutex<Vec<String>>,
}

/// Which calls of a deploy somebody is killed at.
#[derive(Clone, Copy)]
enum Calls {
    /// Before and after each that changes something.
    Mutations,
    /// At each that reads; but not where it asks once more for what nobody changed since.
    Reads,
}

/// What stands when nobody is killed: what to compare with, and which calls that takes.
struct Undisturbed {
    stands: String,
    externals: String,
    calls: usize,
    mutations: usize,
    reads: usize,
}

impl Undisturbed {
    fn of(subject: Subject) -> Self {
        let world = subject.world();
        let externals = settled(&estate::externals(&world));
        let clone = world.clone_of("main");
        world.aws.proxy().clear();
        clone.run(&["apply", subject.name, "--yes"]).expect_code(0);
        let proxy = world.aws.proxy();
        let (calls, mutations, reads) =
            (proxy.calls().len(), proxy.mutations_counted(), proxy.reads_counted());
        Self { stands: settled(&(subject.standing)(&world)), externals, calls, mutations, reads }
    }

    fn points(&self, at: Calls) -> Vec<Point> {
        match at {
            Calls::Mutations => {
                let both =
                    |number| [Place::Request, Place::Answer].map(|place| Point::Mutation(number, place));
                (1..=self.mutations).flat_map(both).collect()
            }
            Calls::Reads => (1..=self.reads).map(Point::Read).collect(),
        }
    }
}

/// So many lines of what stands are there more often than they should be.
fn duplicates(is: &str, should_be: &str) -> usize {
    let mut more: BTreeMap<&str, isize> = BTreeMap::new();
    is.lines().for_each(|line| *more.entry(line).or_default() += 1);
    should_be.lines().for_each(|line| *more.entry(line).or_default() -= 1);
    more.values().filter(|more| **more > 0).count()
}

/// One point: killed there, `deep` more times at the same number of what the next one does, halved each
/// time, then left alone.
fn one(subject: Subject, reference: &Undisturbed, point: Point, deep: usize, report: &Report) {
    let world = subject.world();
    let clone = world.clone_of("main");
    for (depth, killed) in report.killed.iter().enumerate().take(1 + deep) {
        if !killed_at(&world, point.halved(depth), || clone.start(&["apply", subject.name, "--yes"])) {
            break;
        }
        killed.fetch_add(1, Ordering::Relaxed);
    }
    let (ended, took) = world.in_its_own_time(|| clone.run(&["apply", subject.name, "--yes"]));
    let point = format!("{point:?}");
    let mut wrong = Vec::new();
    if ended.code != 0 {
        wrong.push(format!("{point}: the next apply ended with {}: {}{}", ended.code, ended.out, ended.err));
    }
    let plan = clone.run(&["plan", subject.name, "--detailed-exitcode"]);
    if plan.code != 0 {
        wrong.push(format!("{point}: a second plan is not empty: {}", plan.out));
    }
    let stands = settled(&(subject.standing)(&world));
    if stands != reference.stands {
        report.duplicates.fetch_add(duplicates(&stands, &reference.stands), Ordering::Relaxed);
        wrong.push(format!(
            "{point}: what stands differs\n--- is\n{stands}\n--- should be\n{}",
            reference.stands
        ));
    }
    let held = locks(&world);
    if !held.is_empty() {
        wrong.push(format!("{point}: a lock stays: {held}"));
    }
    let destroyed = clone.run(&["destroy", subject.name, "--yes"]);
    let left = (subject.standing)(&world);
    if destroyed.code != 0 || !left.is_empty() {
        report.orphans.fetch_add(left.lines().count(), Ordering::Relaxed);
        wrong
            .push(format!("{point}: something stands that the state does not know: {left}{}", destroyed.err));
    }
    if settled(&estate::externals(&world)) != reference.externals {
        report.externals.fetch_add(1, Ordering::Relaxed);
        wrong.push(format!("{point}: an external was touched"));
    }
    if wrong.is_empty() {
        report.converged.fetch_add(1, Ordering::Relaxed);
    }
    report.seconds.lock().unwrap().push(took.as_secs_f64());
    wrong.iter().for_each(|wrong| println!("{wrong}"));
    report.wrong.lock().unwrap().extend(wrong);
}

/// A whole matrix that was ended goes on with `POINTSMAN_FIRST_POINT`: so many points are left out.
fn first_point() -> usize {
    std::env::var("POINTSMAN_FIRST_POINT").ok().and_then(|number| number.parse().ok()).unwrap_or_default()
}

/// Every so many-th point of a subject.
fn matrix(title: &str, subject: Subject, at: Calls, step: usize, deep: usize) {
    let reference = Undisturbed::of(subject);
    let Undisturbed { calls, mutations, reads, .. } = reference;
    let all = reference.points(at);
    let points: Vec<Point> = all.iter().copied().step_by(step).skip(first_point()).collect();
    let (report, done) = (Report::default(), AtomicUsize::new(0));
    side_by_side(&points, WORLDS, |point| {
        one(subject, &reference, *point, deep, &report);
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        if done.is_multiple_of(20) {
            println!("{title}: {done} of {} points", points.len());
        }
    });
    let wrong = report.wrong.into_inner().unwrap();
    let killed = report.killed.map(AtomicUsize::into_inner);
    println!(
        "{title}: {} points of {} (of {calls} calls {mutations} mutations, {reads} reads{}), killed {:?} times, {} \
         converged, duplicates {}, orphans {}, externals touched {}, {} wrong; median {:.1} s of their own time to \
         converge, the watch of the dead one's lock included",
        points.len(),
        all.len(),
        if subject.lock_file { ", with the lock file" } else { "" },
        &killed[..=deep],
        report.converged.into_inner(),
        report.duplicates.into_inner(),
        report.orphans.into_inner(),
        report.externals.into_inner(),
        wrong.len(),
        median(report.seconds.into_inner().unwrap()),
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn t08_killed_at_some_calls_of_a_deploy() {
    matrix("T8 (part)", REPORTS, Calls::Mutations, 13, 0);
}

#[test]
fn t08_killed_at_some_reads_of_a_deploy() {
    matrix("T8 reads (part)", REPORTS, Calls::Reads, 37, 0);
}

#[test]
fn t08_killed_at_some_calls_with_the_lock_file() {
    matrix("T8 (part)", REPORTS.with_lock_file(), Calls::Mutations, 29, 0);
}

#[test]
fn t09_killed_again_while_recovering() {
    matrix("T9 (part)", REPORTS, Calls::Mutations, 47, DEEP);
}

#[test]
#[ignore = "every write of the whole estate's deploy: about a quarter of an hour"]
fn t08_killed_at_every_call_of_the_estates_deploy() {
    matrix("T8", ESTATE, Calls::Mutations, 1, 0);
}

#[test]
#[ignore = "every read of the same: about half an hour"]
fn t08_killed_at_every_read_of_the_estates_deploy() {
    matrix("T8 reads", ESTATE, Calls::Reads, 1, 0);
}

#[test]
#[ignore = "every other point of the same with the lock file: about half an hour"]
fn t08_killed_at_every_other_call_with_the_lock_file() {
    matrix("T8", ESTATE.with_lock_file(), Calls::Mutations, 2, 0);
}

#[test]
#[ignore = "every point of the same, and three recoveries killed as well: about an hour"]
fn t09_killed_again_while_recovering_the_estate() {
    matrix("T9", ESTATE, Calls::Mutations, 1, DEEP);
}

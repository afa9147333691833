//! Hours of trouble, with a time that is told and GitHub behind a function.

#![allow(clippy::unwrap_used, reason = "tests")]

use pointsman_core::{
    environment::EnvironmentName,
    report::pull_request::{EnvironmentReport, Purpose, Status},
};

use super::*;
use crate::github::DeploymentState;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const PROGRESS_PAUSE: Duration = Duration::from_secs(10);

/// What GitHub does with a letter so long after the start.
type Refuses = fn(Duration, &Letter) -> Option<Cause>;

/// A desk, its outbox, and a postman who needs a tenth of a second.
struct Round {
    desk: Desk,
    outbox: BTreeMap<Subject, Letter>,
    refuses: Refuses,
    start: Instant,
    now: Instant,
    on_its_way: Option<(Instant, Turn)>,
    arrived: Vec<(Duration, Letter)>,
    tries: Vec<Duration>,
}

impl Round {
    fn start(left: Vec<Letter>, refuses: Refuses) -> Self {
        let start = Instant::now();
        let outbox = left.iter().map(|letter| (letter.subject.clone(), letter.clone())).collect();
        let desk = Desk::new(left, Links::default(), start);
        Self {
            desk,
            outbox,
            refuses,
            start,
            now: start,
            on_its_way: None,
            arrived: Vec::new(),
            tries: Vec::new(),
        }
    }

    /// Tells how far an environment is.
    fn post(&mut self, number: u64, status: Status) {
        self.desk.post(Subject::Pull(number), report(number, &[("web", status)]), self.now);
    }

    /// Lets everything happen until so long after the start.
    fn until(&mut self, time: Duration) {
        let end = self.start + time;
        loop {
            for letter in self.desk.write(PROGRESS_PAUSE, self.now) {
                self.outbox.insert(letter.subject.clone(), letter);
            }
            if self.on_its_way.is_none()
                && let Some(turn) = self.desk.next(self.now)
            {
                self.tries.push(self.now - self.start);
                self.on_its_way = Some((self.now + SECOND / 10, turn));
            }
            let arrival = self.on_its_way.as_ref().map(|(at, _)| *at);
            let wake = self.desk.wakes(PROGRESS_PAUSE, arrival.is_some());
            let Some(next) = arrival.into_iter().chain(wake).min().filter(|next| *next < end) else { break };
            assert!(next > self.now, "it turns in a circle");
            self.now = next;
            if let Some((_, turn)) = self.on_its_way.take_if(|(at, _)| *at <= next) {
                self.arrive(turn);
            }
        }
        self.now = end;
    }

    fn arrive(&mut self, Turn { letter, count }: Turn) {
        let subject = letter.subject.clone();
        let result = match (self.refuses)(self.now - self.start, &letter) {
            Some(cause) => Err(Undelivered { rest: letter, cause, retry_after: None, part: Part::Whole }),
            None => {
                self.arrived.push((self.now - self.start, letter));
                Ok(Part::Whole)
            }
        };
        match self.desk.arrived(&subject, count, result, self.now) {
            Keep::Letter(letter) => drop(self.outbox.insert(subject, letter)),
            Keep::Nothing(subject) => drop(self.outbox.remove(&subject)),
            Keep::AsItIs => {}
        }
    }

    fn arrived(&self, number: u64) -> Vec<(Duration, DeploymentState)> {
        let ours = self.arrived.iter().filter(|(_, letter)| letter.subject == Subject::Pull(number));
        ours.map(|(at, letter)| (*at, letter.deployments[0].state)).collect()
    }

    fn states(&self, number: u64) -> Vec<DeploymentState> {
        self.arrived(number).into_iter().map(|(_, state)| state).collect()
    }
}

pub(in crate::daemon) fn report(number: u64, environments: &[(&str, Status)]) -> PullReport {
    let environment = |(name, status): &(&str, Status)| EnvironmentReport {
        status: *status,
        ..EnvironmentReport::queued(EnvironmentName::parse(name).unwrap())
    };
    PullReport {
        base: "main".to_owned(),
        base_commit: None,
        head: format!("{number:040}"),
        purpose: Purpose::Deploy,
        environments: environments.iter().map(environment).collect(),
        diagnostics: Vec::new(),
        problem: None,
        commands: Vec::new(),
        page: None,
        revert: None,
    }
}

#[test]
fn github_away_for_an_hour_hears_the_end_of_every_deploy_once() {
    let back = 60 * MINUTE;
    let mut round = Round::start(Vec::new(), |now, _| (now < 60 * MINUTE).then_some(Cause::Github));
    for number in 1..=3 {
        round.post(number, Status::Queued);
    }
    round.until(MINUTE);
    for tick in 1..=400 {
        for number in 1..=3 {
            round.post(number, Status::Deploying);
        }
        round.until(MINUTE + tick * 5 * SECOND);
    }
    for number in 1..=3 {
        round.post(number, Status::Deployed);
    }
    round.until(back + 6 * MINUTE);
    for number in 1..=3 {
        assert_eq!(round.states(number), [DeploymentState::Success]);
    }
    let tries = round.tries.iter().filter(|at| **at < back).count();
    assert!((10..40).contains(&tries), "asked {tries} times in an hour");
    assert!(round.desk.is_done() && round.outbox.is_empty());
}

#[test]
fn what_happens_is_told_in_order_and_progress_not_too_often() {
    let mut round = Round::start(Vec::new(), |_, _| None);
    round.post(1, Status::Queued);
    round.until(SECOND);
    for tick in 2..=101 {
        round.post(1, Status::Deploying);
        round.until(tick * SECOND);
    }
    round.post(1, Status::Deployed);
    round.until(102 * SECOND);
    let states = round.states(1);
    assert!(states.is_sorted(), "{states:?}");
    assert_eq!(
        (states.first(), states.last()),
        (Some(&DeploymentState::Queued), Some(&DeploymentState::Success))
    );
    let progress = states.iter().filter(|state| **state == DeploymentState::InProgress).count();
    assert_eq!(progress, 10);
}

#[test]
fn one_subjects_trouble_is_not_anothers() {
    let mut round =
        Round::start(Vec::new(), |_, letter| (letter.subject == Subject::Pull(1)).then_some(Cause::Subject));
    round.post(1, Status::Deployed);
    round.until(10 * MINUTE);
    for (number, minute) in (2..=20).zip(10..) {
        round.post(number, Status::Deployed);
        round.until((minute + 1) * MINUTE);
        let arrived = round.arrived(number);
        assert_eq!(arrived.len(), 1);
        assert!(arrived[0].0 < minute * MINUTE + SECOND, "{arrived:?}");
    }
    assert!(round.arrived(1).is_empty() && round.outbox.len() == 1);
    assert!(round.tries.len() < 19 + 20, "{:?}", round.tries);
}

#[test]
fn when_everybodys_letters_fail_nobody_asks_often() {
    let mut round = Round::start(Vec::new(), |_, _| Some(Cause::Subject));
    for number in 1..=50 {
        round.post(number, Status::Deployed);
    }
    round.until(60 * MINUTE);
    assert!(round.tries.len() < 40, "{}", round.tries.len());
}

#[test]
fn what_can_never_be_delivered_is_given_up() {
    let mut round = Round::start(Vec::new(), |_, _| Some(Cause::Github));
    round.post(1, Status::Deployed);
    round.until(73 * 60 * MINUTE);
    assert!(round.desk.is_done() && round.outbox.is_empty());
    let tries = round.tries.len();
    round.until(80 * 60 * MINUTE);
    assert_eq!(round.tries.len(), tries);
}

#[test]
fn a_killed_agents_letters_are_delivered_by_the_next() {
    let mut away = Round::start(Vec::new(), |_, _| Some(Cause::Github));
    let two = [("a", Status::Deployed), ("b", Status::Deploying)];
    away.desk.post(Subject::Pull(1), report(1, &two), away.now);
    away.post(2, Status::Deployed);
    away.until(MINUTE);
    let left: Vec<Letter> = away.outbox.into_values().collect();
    // It knows of `b` alone what it does now; what was said of `a` is not lost.
    let mut next = Round::start(left, |now, _| (now < MINUTE).then_some(Cause::Github));
    next.desk.post(Subject::Pull(1), report(1, &[("b", Status::Deployed)]), next.now);
    next.until(10 * MINUTE);
    let letters: Vec<_> = next
        .arrived
        .iter()
        .map(|(_, letter)| {
            let mut states: Vec<_> =
                letter.deployments.iter().map(|it| format!("{} {:?}", it.environment, it.state)).collect();
            states.sort();
            (letter.subject.clone(), states.join(", "))
        })
        .collect();
    assert_eq!(letters.len(), 2, "{letters:?}");
    assert!(letters.contains(&(Subject::Pull(1), "a Success, b Success".to_owned())), "{letters:?}");
    assert!(letters.contains(&(Subject::Pull(2), "web Success".to_owned())), "{letters:?}");
    assert!(next.outbox.is_empty());
}

#[test]
fn what_became_newer_on_the_way_is_sent_after_it() {
    let mut round = Round::start(Vec::new(), |_, _| None);
    round.post(1, Status::Deploying);
    round.until(SECOND / 20);
    round.post(1, Status::Deployed);
    round.until(SECOND);
    assert_eq!(round.states(1), [DeploymentState::InProgress, DeploymentState::Success]);
    assert!(round.desk.is_done() && round.outbox.is_empty());
}

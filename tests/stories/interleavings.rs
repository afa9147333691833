//! T16 through the real agent: approving, pushing, merging, taking back, closing and what lives, in
//! any order; only the approved plan is ever applied. The same over the functions that decide, many
//! more of them, is in `agent/core/tests/requirement/interleavings.rs`.
//!
//! Each pull request changes one value of one queue. What must come of it follows in `history.rs` from
//! what people did and saw; the agent's answers are held against that after every moment: what is
//! deployed, what each command comes to, which plan has which approval hash, and what lives.
//!
//! That it fails when it must was seen by hand. In `Asked::facts` of
//! `agent/src/daemon/requirements/facts.rs` every review was taken for one of the plan that would be
//! applied (`review.plan = Some(plan.to_owned())`): the first round ended with “applied without an
//! approval”, a review of a plan that had been shown within a minute of another.

mod event;
mod history;
mod played;

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use fastrand::Rng;
use pointsman_tests::{agent::Running, story::World};

use self::{
    event::{Event, after_merge, before_merge, while_closed},
    history::{Plan, Verdict},
    played::{Place, Played, With},
};
use crate::{PATIENCE, requirements::another_second, world};

const REQUIRED: &str = "[requirements.production]\napprovals = 1\n";

/// Everything that the agent is asked about, and everything that is known of what it was asked.
struct Story {
    world: World,
    agent: Option<Running>,
    chance: Rng,
    /// In the life of a pull request; what happens between two of them is not waited for.
    moments: u32,
    /// No value is used twice.
    value: u32,
    places: Vec<Place>,
    /// The pull requests of this round, one of each place.
    played: Vec<Played>,
    /// Which plan has which approval hash: what was read in a comment, and what was kept as shown.
    plans: BTreeMap<String, Plan>,
    counts: Counts,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    applied: usize,
    held: usize,
    unmerged: usize,
    either: usize,
    events: usize,
}

/// What is read in the account: what lives, and which plans were kept as shown.
#[derive(serde::Deserialize)]
struct Account {
    live: BTreeMap<String, String>,
    shown: Vec<Shown>,
}

#[derive(Clone, serde::Deserialize)]
struct Shown {
    pull: u64,
    commit: String,
    plan: String,
    at_ms: u64,
}

impl Story {
    /// Environments of one queue each, which stand as they are described; from now on their plans must be
    /// approved by somebody who may write.
    fn begin(seed: u64, environments: usize, moments: u32) -> Self {
        let world = world();
        let mut story = Self {
            agent: None,
            chance: Rng::with_seed(seed),
            moments,
            value: 2_000,
            places: Vec::new(),
            played: Vec::new(),
            plans: BTreeMap::new(),
            counts: Counts::default(),
            world,
        };
        story.places = (0..environments).map(|at| Place::new(at, story.next_value())).collect();
        let described: Vec<_> =
            story.places.iter().map(|place| (place.file(), place.text(place.live, 0))).collect();
        let mut files = vec![("policies", None)];
        files.extend(described.iter().map(|(file, text)| (file.as_str(), Some(text.as_str()))));
        let commit = story.world.git.commit("main", &files, "Describe the queues");
        let agent = story.world.agent("");
        agent.wait_until_said("deploying", PATIENCE);
        story.agent = Some(agent);
        story.world.github.wait_until(PATIENCE, "the queues are made", |repository| {
            story.places.iter().all(|place| place.is_deployed(repository, &commit))
        });
        story.world.git.commit("main", &[("pointsman.toml", Some(REQUIRED))], "Ask for an approval");
        story
    }

    fn next_value(&mut self) -> u32 {
        self.value += 1;
        self.value
    }

    /// A pull request on every environment, and what happens to each of them.
    fn round(&mut self) {
        self.world.github.forget_requests();
        // A hundred of these use up what GitHub answers in an hour, and then the agent waits for the next.
        self.world.github.refill_rate_limit();
        for at in 0..self.places.len() {
            let described = self.next_value();
            self.played.push(Played::open(&self.world, &self.places[at], described));
        }
        self.rest();
        let dies_at = self.chance.u32(..self.moments * 2);
        for moment in 1..=self.moments {
            for at in 0..self.played.len() {
                let events = self.events(at, moment);
                let is_alone = events.len() == 1;
                for event in events {
                    self.happens(at, event, is_alone);
                }
            }
            self.rest();
            if moment == dies_at {
                self.agent.take().into_iter().for_each(Running::kill);
                let agent = self.world.agent("");
                // Whatever asks it to end from here on is heard.
                agent.wait_until_said("the agent runs", PATIENCE);
                self.agent = Some(agent);
            }
        }
        for (place, played) in self.places.iter_mut().zip(self.played.drain(..)) {
            place.live = played.history.live;
            match (&played.merged, played.is_applied) {
                (Some(_), true) => {
                    self.counts.applied += 1;
                    place.before = None;
                }
                (Some(_), false) => {
                    self.counts.held += 1;
                    place.before = played.shown().map(|plan| (played.number, plan));
                }
                (None, _) => {
                    self.counts.unmerged += 1;
                    self.world.github.close(played.number);
                }
            }
        }
    }

    fn events(&mut self, at: usize, moment: u32) -> Vec<Event> {
        let played = &self.played[at];
        let chance = &mut self.chance;
        if played.merged.is_some() {
            return if chance.u32(..10) < 7 { after_merge(chance) } else { Vec::new() };
        }
        if !played.is_open {
            return while_closed(chance);
        }
        let merges = chance.u32(..100) < [0, 50, 85, 40, 20, 0][(self.moments - moment) as usize];
        before_merge(chance, merges)
    }

    fn happens(&mut self, at: usize, event: Event, is_alone: bool) {
        self.counts.events += 1;
        let value = self.next_value();
        let other = self.chance.usize(..self.played.len());
        let foreign = self.played[other].shown().filter(|_| other != at).unwrap_or_else(|| "0".repeat(64));
        let digits = if self.chance.bool() { 12 } else { 64 };
        let (world, place) = (&self.world, &self.places[at]);
        self.played[at].happens(event, &With { world, place, value, foreign, digits, is_alone });
    }

    /// Waits until the agent has said all that it has to say of everything that happened, and compares
    /// that with what must have come of it.
    fn rest(&mut self) {
        self.played.iter_mut().for_each(|played| played.hear(&self.world, &self.plans));
        let requests = self.world.github.requests();
        self.played.iter_mut().for_each(|played| played.mark(&requests));
        for (played, place) in self.played.iter_mut().zip(&self.places) {
            played.wait(&self.world, place);
        }
        for at in 0..self.played.len() {
            self.compare(at);
        }
        let account = self.observe();
        for (place, played) in self.places.iter().zip(&self.played) {
            let lives = account.live[&place.queue()].as_str();
            assert_eq!(lives, played.history.live.to_string(), "{place:?}{}", self.told(played));
        }
        another_second(account.shown.iter().map(|shown| shown.at_ms).max().unwrap_or_default());
    }

    /// What is merged was applied, or not, as it must.
    fn compare(&mut self, at: usize) {
        let (played, place) = (&self.played[at], &self.places[at]);
        let Some(commit) = played.merged.as_ref().filter(|_| !played.is_applied) else { return };
        let is_applied = self.world.github.read(|repository| place.is_deployed(repository, commit));
        let verdict = played.history.verdict();
        match (is_applied, verdict) {
            (true, Verdict::Held) => panic!("applied without an approval:{}", self.told(played)),
            (false, Verdict::Applied) => panic!("approved, and not applied:{}", self.told(played)),
            (true, _) => {
                let played = &mut self.played[at];
                played.is_applied = true;
                played.history.applied();
            }
            (false, _) => {}
        }
        self.counts.either += usize::from(verdict == Verdict::Either);
    }

    /// Waits until the plans that stand in the comments are kept as shown, and learns their hashes.
    fn observe(&mut self) -> Account {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let before: Vec<_> = self.played.iter().map(|played| played.seen(&self.world)).collect();
            let account = self.account();
            let mut is_known = true;
            for (played, before) in self.played.iter_mut().zip(before) {
                let shown = account.shown.iter().rfind(|shown| shown.pull == played.number);
                let seen = played.seen(&self.world).filter(|seen| Some(*seen) == before);
                is_known &= played.learns(shown.map(|it| (&it.commit, &it.plan)), seen, &mut self.plans);
            }
            if is_known {
                return account;
            }
            let unknown = self.played.iter().find(|played| !played.is_settled);
            let told = unknown.map(|played| self.told(played)).unwrap_or_default();
            assert!(Instant::now() < deadline, "what is shown is not kept as shown, or another plan:{told}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn account(&self) -> Account {
        let names: Vec<_> = self.places.iter().map(|place| (place.queue(), place.lock())).collect();
        let said = self.world.aws.python(&format!(
            "names = json.loads('''{}''')\n{}",
            serde_json::to_string(&names).unwrap(),
            include_str!("interleavings/account.py")
        ));
        serde_json::from_str(&said).unwrap()
    }

    /// How it came to this, for who reads of a failure; the agent's words are printed as well.
    fn told(&self, played: &Played) -> String {
        let comments = self.world.github.pull(played.number).bot_comments();
        let comment = comments.last().map(|comment| comment.body.clone()).unwrap_or_default();
        format!("\n{played:#?}\n{:?}\n--- comment\n{comment}", played.history.verdict())
    }

    fn end(&mut self) -> Counts {
        let written = self.world.aws.proxy().mutations();
        let written = written.iter().filter(|call| call.operation == "SetQueueAttributes").count();
        assert_eq!(
            written, self.counts.applied,
            "each plan that was let in wrote once, and nothing else did"
        );
        if let Some(agent) = self.agent.take() {
            let (said, code) = agent.stop(PATIENCE);
            assert_eq!(code, 0, "{said}");
            assert!(!said.contains("fault of the agent"), "{said}");
        }
        self.world.github.assert_no_violations();
        self.counts
    }
}

impl Drop for Story {
    fn drop(&mut self) {
        if let Some(agent) = self.agent.as_ref().filter(|_| std::thread::panicking()) {
            let said = agent.said();
            let lines: Vec<&str> = said.lines().collect();
            eprintln!("--- the agent\n{}", lines[lines.len().saturating_sub(400)..].join("\n"));
        }
    }
}

fn play(seed: u64, environments: usize, rounds: usize, moments: u32) -> Counts {
    let mut story = Story::begin(seed, environments, moments);
    for _ in 0..rounds {
        story.round();
    }
    let counts = story.end();
    let Counts { applied, held, unmerged, either, events } = counts;
    println!(
        "T16: {} interleavings, {applied} applied, {held} held, 0 applied without approval \
         ({unmerged} never merged; {events} events; {either} times either would have been right)",
        environments * rounds
    );
    counts
}

#[test]
fn only_the_approved_plan_is_applied() {
    let counts = play(16, 6, 2, 4);
    assert!(counts.applied > 0 && counts.held > 0, "{counts:?}");
}

#[test]
#[ignore = "200 pull requests, twenty at a time: some minutes"]
fn only_the_approved_plan_is_ever_applied() {
    let counts = play(2_026, 20, 10, 6);
    assert!(counts.applied >= 40 && counts.held >= 40 && counts.either < 20, "{counts:?}");
}

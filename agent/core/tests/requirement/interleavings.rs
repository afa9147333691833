//! Only the approved plan is ever applied: every order of approving, pushing,
//! merging, taking back, closing, moving the base, changes in the account and
//! starting anew, by chance that can be repeated. What is asked here is what
//! the agent asks: `plan_of_review` and `unmet`. What a person had before their
//! eyes when they approved is kept apart, and is what the end is held against.

use std::collections::BTreeMap;

use pointsman_core::requirement::{
    Approved, Facts, How, Login, Merge, Opinion, PullFacts, Requirements, Review, SETTLED_MS, Shown,
    plan_of_review, unmet,
};

use super::{ENVIRONMENT, NOW, login};

/// Chance that can be repeated: SplitMix64.
struct Chance(u64);

impl Chance {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }
}

/// A mistake that the agent could be written with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mistake {
    None,
    /// A review counts for whatever would be applied.
    ReviewOfAnything,
    /// A review counts for the plan that was shown last, however fresh.
    ReviewOfTheNewest,
    /// An approval counts for whatever would be applied.
    WordOfAnything,
    /// What is met is applied as it is planned then.
    AppliesAfresh,
    /// Reviews that were taken back count.
    ForgetsDismissals,
    /// Reviews of commits before count.
    ForgetsCommits,
}

/// What was planned, shown, said and applied; one environment, one pull request.
struct World {
    chance: Chance,
    mistake: Mistake,
    now: u64,
    commit: u64,
    /// What the commit describes; another commit can describe the same.
    content: u64,
    base: u64,
    live: u64,
    merged: bool,
    closed: bool,
    reviews: Vec<Review>,
    /// Kept in the run table: no start forgets it.
    shown: Vec<Shown>,
    words: Vec<Approved>,
    /// What stands on the pull request, and of which commit.
    before_eyes: Option<(String, String)>,
    /// Lost with every start: the plan, and when it was made.
    held: Option<(String, u64)>,
    /// Who had which plan before their eyes, and still stands by it: by review, by command.
    reviewed: BTreeMap<Login, String>,
    commanded: BTreeMap<Login, Vec<String>>,
    counts: Counts,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    events: u64,
    asked: u64,
    stale: u64,
    applied: u64,
    wrong: u64,
}

const PEOPLE: [&str; 4] = ["alice", "bob", "robin", "mallory"];

impl World {
    fn new(seed: u64, mistake: Mistake) -> Self {
        Self {
            chance: Chance(seed),
            mistake,
            now: NOW,
            commit: 1,
            content: 1,
            base: 0,
            live: 0,
            merged: false,
            closed: false,
            reviews: Vec::new(),
            shown: Vec::new(),
            words: Vec::new(),
            before_eyes: None,
            held: None,
            reviewed: BTreeMap::new(),
            commanded: BTreeMap::new(),
            counts: Counts::default(),
        }
    }

    fn head(&self) -> String {
        format!("c{}", self.commit)
    }

    /// What would be done now: some changes of the base or in the account make no difference.
    fn plan(&self) -> String {
        format!("{}-{}-{}", self.content, self.base / 2, self.live % 3)
    }

    fn somebody(&mut self) -> Login {
        let at = self.chance.next(PEOPLE.len() as u64) as usize;
        login(PEOPLE[at])
    }

    fn show(&mut self, plan: String) {
        let commit = if self.merged { "m".to_owned() } else { self.head() };
        self.before_eyes = Some((commit.clone(), plan.clone()));
        // It is noted when it has been delivered, which is known a little later.
        let at_ms = self.now + self.chance.next(3_000);
        self.shown.push(Shown { environment: ENVIRONMENT.to_owned(), pull: 7, commit, plan, at_ms });
    }

    fn step(&mut self) {
        self.counts.events += 1;
        // From a moment to a quarter of an hour.
        self.now += match self.chance.next(4) {
            0 => 100 + self.chance.next(2_000),
            1 => self.chance.next(SETTLED_MS * 2),
            _ => SETTLED_MS * 2 + self.chance.next(900_000),
        };
        match self.chance.next(14) {
            0..=2 => self.review(),
            3 => self.approve(),
            4 => self.dismiss(),
            5 if !self.merged && !self.closed => {
                self.commit += 1;
                // Every second push describes what was described before.
                self.content += self.chance.next(2);
            }
            6 if !self.closed => self.merged = true,
            7 if !self.merged => self.closed = !self.closed,
            8 => self.base += 1,
            9 => self.live += 1,
            10 => self.held = None,
            11 | 12 if !self.merged && !self.closed => self.show(self.plan()),
            _ => {}
        }
        if self.merged {
            self.gate();
        }
    }

    /// Somebody approves, or objects to, what they have before their eyes.
    fn review(&mut self) {
        let (who, commit) = (self.somebody(), self.head());
        let approves = self.chance.next(4) > 0;
        let opinion = if approves { Opinion::Approved } else { Opinion::ChangesRequested };
        // GitHub says whole seconds.
        let at_ms = self.now / 1_000 * 1_000;
        self.reviews.push(Review { login: who.clone(), opinion, commit, at_ms, plan: None });
        self.reviewed.remove(&who);
        if let (true, Some((_, plan))) = (approves, &self.before_eyes) {
            self.reviewed.insert(who, plan.clone());
        }
    }

    /// The command names the plan that stands there.
    fn approve(&mut self) {
        let who = self.somebody();
        let Some((commit, plan)) = self.before_eyes.clone() else { return };
        self.commanded.entry(who.clone()).or_default().push(plan.clone());
        let how = How::Command;
        let environment = ENVIRONMENT.to_owned();
        self.words.push(Approved {
            environment,
            pull: 7,
            commit,
            plan,
            who,
            at_ms: self.now,
            how,
            why: None,
        });
    }

    fn dismiss(&mut self) {
        let who = self.somebody();
        for review in self.reviews.iter_mut().filter(|review| review.login == who) {
            review.opinion = Opinion::Dismissed;
        }
        self.reviewed.remove(&who);
    }

    fn facts(&self, plan: &str) -> Facts {
        let head = self.head();
        let commits = [head.as_str(), "m"];
        let of = |review: &Review| {
            let stood = || self.shown.iter().max_by_key(|one| one.at_ms).map(|one| one.plan.clone());
            let mut review = review.clone();
            review.plan = match self.mistake {
                Mistake::ReviewOfAnything => Some(plan.to_owned()),
                Mistake::ReviewOfTheNewest => stood(),
                _ => plan_of_review(&self.shown, &commits, review.at_ms).map(str::to_owned),
            };
            if self.mistake == Mistake::ForgetsCommits {
                review.commit.clone_from(&head);
                let before = self.shown.iter().filter(|one| one.at_ms <= review.at_ms);
                review.plan = before.max_by_key(|one| one.at_ms).map(|_| plan.to_owned());
            }
            if self.mistake == Mistake::ForgetsDismissals && review.opinion == Opinion::Dismissed {
                review.opinion = Opinion::Approved;
            }
            review
        };
        let mut approved = self.words.clone();
        if self.mistake == Mistake::WordOfAnything {
            approved.iter_mut().for_each(|word| plan.clone_into(&mut word.plan));
        }
        Facts {
            environment: ENVIRONMENT.to_owned(),
            pull: Some(PullFacts {
                number: 7,
                author: login("robin"),
                pushers: [].into(),
                reviews: self.reviews.iter().map(of).collect(),
                merge: Merge::Merged,
                head: head.clone(),
            }),
            plan: plan.to_owned(),
            changes_nothing: false,
            allowed: true,
            approved,
            writers: ["alice", "bob", "robin"].map(login).into(),
            members: Default::default(),
        }
    }

    /// A look of the agent after the merge: what it holds, what it asks, what it applies.
    fn gate(&mut self) {
        let kept = self.held.clone().filter(|(_, at)| self.now - at < 300_000);
        let plan = kept.map_or_else(|| self.plan(), |(plan, _)| plan);
        if self.held.as_ref().is_none_or(|(held, _)| *held != plan) {
            self.held = Some((plan.clone(), self.now));
        }
        let requirements = Requirements { approvals: 1, ..Requirements::default() };
        if !unmet(&requirements, &self.facts(&plan), self.now).is_empty() {
            self.counts.asked += 1;
            if self.before_eyes.as_ref().is_none_or(|(_, shown)| *shown != plan) {
                self.show(plan);
            }
            return;
        }
        // Between the look and the lease anything may happen.
        if self.chance.next(5) == 0 {
            self.live += 1;
        }
        let stands = self.plan();
        if stands != plan && self.mistake != Mistake::AppliesAfresh {
            self.counts.stale += 1;
            self.held = None;
            return;
        }
        self.counts.applied += 1;
        let eligible = ["alice", "bob"].map(login);
        let approved = eligible.iter().any(|who| {
            self.reviewed.get(who) == Some(&stands)
                || self.commanded.get(who).is_some_and(|plans| plans.contains(&stands))
        });
        self.counts.wrong += u64::from(!approved);
        // What was applied is what lives: the next change of it is another plan.
        self.live += 1;
        self.held = None;
    }
}

const STEPS: usize = 40;

fn play(seeds: std::ops::Range<u64>, mistake: Mistake) -> Counts {
    let mut all = Counts::default();
    for seed in seeds {
        let mut world = World::new(seed, mistake);
        for _ in 0..STEPS {
            world.step();
        }
        let Counts { events, asked, stale, applied, wrong } = world.counts;
        assert!(
            mistake != Mistake::None || wrong == 0,
            "seed {seed}: a plan was applied that nobody approved"
        );
        all.events += events;
        all.asked += asked;
        all.stale += stale;
        all.applied += applied;
        all.wrong += wrong;
    }
    all
}

#[test]
fn only_the_approved_plan_is_ever_applied() {
    let counts = play(0..20_000, Mistake::None);
    println!("T16: 20000 interleavings of {STEPS} events: {counts:?}");
    assert!(counts.applied > 5_000 && counts.stale > 500 && counts.asked > 20_000, "{counts:?}");
}

#[test]
fn every_mistake_is_found() {
    for mistake in [
        Mistake::ReviewOfAnything,
        Mistake::ReviewOfTheNewest,
        Mistake::WordOfAnything,
        Mistake::AppliesAfresh,
        Mistake::ForgetsDismissals,
        Mistake::ForgetsCommits,
    ] {
        let counts = play(0..2_000, mistake);
        println!(
            "T16, {mistake:?}: {} of {} applies were of plans nobody approved",
            counts.wrong, counts.applied
        );
        assert!(counts.wrong > 0, "{mistake:?} is not found: {counts:?}");
    }
}

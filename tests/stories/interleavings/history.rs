//! What people did and saw on one pull request, and what must come of it: the rules of
//! `docs/requirements.md` once more, from what happened alone. Nothing of the agent is asked.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

/// What a plan does: from the value that lives to the one that is described. No value is used twice,
/// so that two plans are the same when both ends are.
pub(super) type Plan = (u32, u32);

/// Two plans that stood on the pull request so short after one another were certainly shown within a
/// minute of it, however late the second appeared: what was reviewed then is asked for again.
const SURELY_A_MINUTE: Duration = Duration::from_secs(55);

/// What must come of a merged pull request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Somebody who may approved this very plan, and nobody objects.
    Applied,
    /// Nobody did, or somebody does.
    Held,
    /// The plan was read and approved, so close to a change of what stood there that it may be asked again.
    Either,
}

/// What somebody thinks of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opinion {
    /// They approve.
    Approves,
    /// They want something changed first.
    Objects,
}

/// What stood in the comment while somebody reviewed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    /// This plan, and it had stood there.
    Stood(Plan),
    /// This plan; it was hardly there, or the comment was being written.
    Hardly(Plan),
    /// It became another in that very moment.
    Changed,
}

#[derive(Clone, Debug)]
struct Review {
    opinion: Opinion,
    commit: String,
    sight: Sight,
    at: Instant,
}

/// Everything that counts of one pull request.
#[derive(Clone, Debug)]
pub(super) struct History {
    /// What lives.
    pub(super) live: u32,
    /// What the head describes.
    pub(super) described: u32,
    head: String,
    /// When the plan became another for the last time.
    changed: Option<Instant>,
    /// Who may write, but for the author.
    writers: BTreeSet<String>,
    reviews: BTreeMap<String, Review>,
    words: BTreeSet<(String, Plan)>,
}

impl History {
    /// A pull request that was just opened.
    pub(super) fn of(live: u32, described: u32, head: String, writers: &[String]) -> Self {
        Self {
            live,
            described,
            head,
            changed: None,
            writers: writers.iter().cloned().collect(),
            reviews: BTreeMap::new(),
            words: BTreeSet::new(),
        }
    }

    /// What would be done now.
    pub(super) fn plan(&self) -> Plan {
        (self.live, self.described)
    }

    /// The commit that it proposes.
    pub(super) fn head(&self) -> &str {
        &self.head
    }

    /// Whether somebody's approval would count.
    pub(super) fn may_approve(&self, who: &str) -> bool {
        self.writers.contains(who)
    }

    /// A commit was pushed that describes this.
    pub(super) fn pushed(&mut self, head: String, described: u32) {
        if self.described != described {
            self.changed = Some(Instant::now());
        }
        (self.head, self.described) = (head, described);
    }

    /// Somebody changed what lives, by hand.
    pub(super) fn touched(&mut self, live: u32) {
        self.live = live;
        self.changed = Some(Instant::now());
    }

    /// The plan was applied.
    pub(super) fn applied(&mut self) {
        self.live = self.described;
    }

    /// Somebody reviewed the head.
    pub(super) fn reviewed(&mut self, who: String, opinion: Opinion, sight: Sight) {
        let review = Review { opinion, commit: self.head.clone(), sight, at: Instant::now() };
        self.reviews.insert(who, review);
    }

    /// Somebody's review was taken back.
    pub(super) fn dismissed(&mut self, who: &str) {
        self.reviews.remove(who);
    }

    /// A command that approves this plan was accepted.
    pub(super) fn said(&mut self, who: String, plan: Plan) {
        self.words.insert((who, plan));
    }

    /// Somebody may write no more.
    pub(super) fn revoked(&mut self, who: &str) {
        self.writers.remove(who);
    }

    /// Somebody may write again.
    pub(super) fn given_back(&mut self, who: String) {
        self.writers.insert(who);
    }

    /// What must come of it, now that it is merged.
    pub(super) fn verdict(&self) -> Verdict {
        let plan = self.plan();
        let objects =
            |(who, review): (&String, &Review)| review.opinion == Opinion::Objects && self.may_approve(who);
        if self.reviews.iter().any(objects) {
            return Verdict::Held;
        }
        let commanded = |who: &String| self.words.contains(&(who.clone(), plan));
        if self.writers.iter().any(commanded) {
            return Verdict::Applied;
        }
        let reviews = self.writers.iter().filter_map(|who| self.reviews.get(who));
        let verdicts: Vec<Verdict> = reviews.map(|review| self.verdict_of(review)).collect();
        let strongest = [Verdict::Applied, Verdict::Either].into_iter().find(|one| verdicts.contains(one));
        strongest.unwrap_or(Verdict::Held)
    }

    /// What would come of it with this review alone.
    fn verdict_of(&self, review: &Review) -> Verdict {
        let (plan, is_certain) = match review.sight {
            Sight::Stood(plan) => (plan, true),
            Sight::Hardly(plan) => (plan, false),
            Sight::Changed => return Verdict::Held,
        };
        if plan != self.plan() || review.commit != self.head {
            return Verdict::Held;
        }
        match self.changed {
            None if is_certain => Verdict::Applied,
            Some(changed) if review.at.saturating_duration_since(changed) < SURELY_A_MINUTE => Verdict::Held,
            None | Some(_) => Verdict::Either,
        }
    }
}

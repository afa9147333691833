use std::collections::BTreeMap;

use super::{Approved, Facts, How, Login, Merge, Opinion, PullFacts, Requirements, Review, Who};

/// What is missing before a plan may be applied.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unmet {
    /// The policies deny the plan.
    Denied,
    /// The commit came without a pull request: nobody can have approved it.
    NoPull,
    /// These people want something changed first.
    ChangesRequested {
        /// Who.
        by: Vec<Login>,
    },
    /// Too few people approved this plan.
    Approvals {
        /// So many are needed.
        needed: u8,
        /// Whose approval counts.
        have: Vec<Login>,
        /// Whose would; everybody's who may write, when empty.
        from: Vec<Who>,
        /// Whose does not, and why.
        discounted: Vec<(Login, Discounted)>,
    },
    /// GitHub has not worked out yet whether it can be merged.
    MergeUnknown,
    /// It cannot be merged.
    NotMergeable,
    /// The base has commits that it lacks.
    Behind,
    /// Nothing is applied at this time.
    Frozen {
        /// Until then, Unix milliseconds.
        until_ms: u64,
        /// Why.
        reason: String,
        /// Who may pass it; nobody when empty.
        break_glass: Vec<Who>,
    },
}

/// Why somebody's approval does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Discounted {
    /// It is an App's.
    Bot,
    /// They opened the pull request.
    Author,
    /// They made its last commit.
    Pusher,
    /// They may not write to the repository.
    MayNotWrite,
    /// They are not among those whose approval counts.
    NotNamed,
    /// It is a review of another commit.
    OtherCommit,
    /// It is not certain which plan stood there when they reviewed.
    PlanUnknown,
    /// It is of another plan.
    OtherPlan,
}

/// What is missing of these requirements, now (Unix milliseconds).
pub fn unmet(requirements: &Requirements, facts: &Facts, now_ms: u64) -> Vec<Unmet> {
    let Requirements { approvals, approvers: _, mergeable, up_to_date, apply: _, freeze, break_glass } =
        requirements;
    let mut unmet = Vec::new();
    if !facts.allowed {
        unmet.push(Unmet::Denied);
    }
    // What changes nothing needs nobody, at any time.
    if facts.changes_nothing {
        return unmet;
    }
    match &facts.pull {
        None if *mergeable || *up_to_date => unmet.push(Unmet::NoPull),
        Some(PullFacts { merge: Merge::Open { mergeable: can, behind }, .. }) => {
            match can {
                None if *mergeable => unmet.push(Unmet::MergeUnknown),
                Some(false) if *mergeable => unmet.push(Unmet::NotMergeable),
                None | Some(_) => {}
            }
            if *up_to_date && *behind {
                unmet.push(Unmet::Behind);
            }
        }
        None | Some(PullFacts { merge: Merge::Merged, .. }) => {}
    }
    if *approvals > 0 {
        match &facts.pull {
            None if !unmet.contains(&Unmet::NoPull) => unmet.push(Unmet::NoPull),
            None => {}
            Some(pull) => unmet.extend(unapproved(requirements, facts, pull)),
        }
    }
    for freeze in freeze {
        if let Some(window) = freeze.window(now_ms)
            && passed(requirements, facts, window.from_ms).is_none()
        {
            unmet.push(Unmet::Frozen {
                until_ms: window.until_ms,
                reason: freeze.reason().to_owned(),
                break_glass: break_glass.clone(),
            });
        }
    }
    unmet
}

/// What is missing of any of these: all of them must be met.
pub fn unmet_of_all<'r>(
    requirements: impl IntoIterator<Item = &'r Requirements>,
    facts: &Facts,
    now_ms: u64,
) -> Vec<Unmet> {
    let mut all = Vec::new();
    for one in requirements {
        for missing in unmet(one, facts, now_ms) {
            if !all.contains(&missing) {
                all.push(missing);
            }
        }
    }
    all
}

/// Why a person's approval would not count, whatever plan it is of; none when it would.
pub fn ineligible(requirements: &Requirements, facts: &Facts, login: &Login) -> Option<Discounted> {
    let pull = facts.pull.as_ref();
    if login.is_bot() {
        Some(Discounted::Bot)
    } else if pull.is_some_and(|pull| pull.author == *login) {
        Some(Discounted::Author)
    } else if pull.is_some_and(|pull| pull.pushers.contains(login)) {
        Some(Discounted::Pusher)
    } else if !facts.writers.contains(login) {
        Some(Discounted::MayNotWrite)
    } else if !requirements.approvers.is_empty() && !names(&requirements.approvers, facts, login) {
        Some(Discounted::NotNamed)
    } else {
        None
    }
}

/// Whose approval of this plan counts.
pub fn approvers_of(requirements: &Requirements, facts: &Facts) -> Vec<Login> {
    match &facts.pull {
        Some(pull) if requirements.approvals > 0 => heard(requirements, facts, pull).0,
        Some(_) | None => Vec::new(),
    }
}

/// Whether a list names a person, alone or with a team that they are in.
pub fn names(list: &[Who], facts: &Facts, login: &Login) -> bool {
    list.iter().any(|who| match who {
        Who::Person(person) => person == login,
        Who::Team(team) => facts.members.contains(&(team.clone(), login.clone())),
    })
}

fn unapproved(requirements: &Requirements, facts: &Facts, pull: &PullFacts) -> Vec<Unmet> {
    let mut unmet = Vec::new();
    let objects = |review: &&Review| {
        review.opinion == Opinion::ChangesRequested
            && facts.writers.contains(&review.login)
            && !review.login.is_bot()
    };
    let by: Vec<Login> =
        pull.opinions().into_iter().filter(objects).map(|review| review.login.clone()).collect();
    if !by.is_empty() {
        unmet.push(Unmet::ChangesRequested { by });
    }
    let (have, discounted) = heard(requirements, facts, pull);
    let needed = requirements.approvals;
    if have.len() < usize::from(needed) {
        unmet.push(Unmet::Approvals { needed, have, from: requirements.approvers.clone(), discounted });
    }
    unmet
}

/// Whose approval counts; and whose does not, and why.
fn heard(
    requirements: &Requirements,
    facts: &Facts,
    pull: &PullFacts,
) -> (Vec<Login>, Vec<(Login, Discounted)>) {
    // What each said in favour, and what is against counting it: the best of it decides.
    let mut said: BTreeMap<&Login, Option<Discounted>> = BTreeMap::new();
    let approving = pull.opinions().into_iter().filter(|review| review.opinion == Opinion::Approved);
    let reviewed = approving.map(|review| {
        let discounted = match &review.plan {
            _ if review.commit != pull.head => Some(Discounted::OtherCommit),
            None => Some(Discounted::PlanUnknown),
            Some(plan) => (*plan != facts.plan).then_some(Discounted::OtherPlan),
        };
        (&review.login, discounted)
    });
    let commanded = kept(facts, How::Command).map(|approved| {
        let discounted = (approved.plan != facts.plan).then_some(Discounted::OtherPlan);
        (&approved.who, discounted)
    });
    for (login, discounted) in reviewed.chain(commanded) {
        let best = said.entry(login).or_insert(discounted);
        *best = (*best).min(discounted);
    }
    let (mut have, mut not) = (Vec::new(), Vec::new());
    for (login, of_plan) in said {
        match ineligible(requirements, facts, login).or(of_plan) {
            None => have.push(login.clone()),
            Some(why) => not.push((login.clone(), why)),
        }
    }
    (have, not)
}

/// What was said of this environment on this pull request.
fn kept(facts: &Facts, how: How) -> impl Iterator<Item = &Approved> {
    let number = facts.pull.as_ref().map(|pull| pull.number);
    facts.approved.iter().filter(move |approved| {
        approved.how == how && Some(approved.pull) == number && approved.environment == facts.environment
    })
}

/// Who, of those who may, has passed the window that is open since then, with this plan.
pub fn passed<'f>(requirements: &Requirements, facts: &'f Facts, since_ms: u64) -> Option<&'f Approved> {
    kept(facts, How::BreakGlass).find(|broken| {
        broken.plan == facts.plan
            && broken.at_ms >= since_ms
            && !broken.who.is_bot()
            && facts.writers.contains(&broken.who)
            && names(&requirements.break_glass, facts, &broken.who)
    })
}

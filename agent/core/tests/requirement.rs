//! Requirements before an apply: every rule as a row of a table, what must hold
//! of all facts, and every order in which people, pushes and accidents come.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "tests")]

#[path = "requirement/interleavings.rs"]
mod interleavings;
#[path = "requirement/properties.rs"]
mod properties;
#[path = "requirement/table.rs"]
mod table;
#[path = "requirement/written.rs"]
mod written;

use pointsman_core::requirement::{
    Approved, Facts, How, Login, Merge, Opinion, PullFacts, Requirements, Review,
};

const ENVIRONMENT: &str = "production/web";
const HEAD: &str = "c2";
const PLAN: &str = "p1";
const NOW: u64 = 1_927_843_200_000;

fn login(name: &str) -> Login {
    Login::new(name)
}

/// A review of the head by somebody, for the plan that would be applied.
fn review(who: &str, opinion: Opinion) -> Review {
    Review { login: login(who), opinion, commit: HEAD.to_owned(), at_ms: NOW, plan: Some(PLAN.to_owned()) }
}

fn word(who: &str, how: How) -> Approved {
    Approved {
        environment: ENVIRONMENT.to_owned(),
        pull: 7,
        commit: HEAD.to_owned(),
        plan: PLAN.to_owned(),
        who: login(who),
        at_ms: NOW,
        how,
        why: None,
    }
}

/// `robin` opened it, `pat` made its last commit; `alice`, `bob` and both of
/// them may write, `mallory` may not.
fn facts(reviews: Vec<Review>) -> Facts {
    Facts {
        environment: ENVIRONMENT.to_owned(),
        pull: Some(PullFacts {
            number: 7,
            author: login("robin"),
            pushers: [login("pat")].into(),
            head: HEAD.to_owned(),
            reviews,
            merge: Merge::Merged,
        }),
        plan: PLAN.to_owned(),
        changes_nothing: false,
        allowed: true,
        approved: Vec::new(),
        writers: ["robin", "pat", "alice", "bob", "carol", "renovate[bot]"].map(login).into(),
        members: Default::default(),
    }
}

fn asking(approvals: u8, approvers: &[&str]) -> Requirements {
    let approvers = approvers.iter().map(|who| who.parse().unwrap()).collect();
    Requirements { approvals, approvers, ..Requirements::default() }
}

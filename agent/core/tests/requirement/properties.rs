//! What must hold of all facts.

use pointsman_core::requirement::{
    Approved, Facts, Freeze, How, Login, Merge, Opinion, PullFacts, Requirements, Review, Team, Unmet, Who,
    unmet, unmet_of_all,
};
use proptest::prelude::*;

use super::{ENVIRONMENT, HEAD, NOW, PLAN, login};

const PEOPLE: [&str; 6] = ["robin", "pat", "alice", "bob", "mallory", "renovate[bot]"];

fn people() -> impl Strategy<Value = Login> {
    prop::sample::select(&PEOPLE[..]).prop_map(login)
}

fn plans() -> impl Strategy<Value = String> {
    prop::sample::select(&[PLAN, "p2"][..]).prop_map(str::to_owned)
}

fn reviews() -> impl Strategy<Value = Review> {
    use Opinion::{Approved, ChangesRequested, Commented, Dismissed};
    let opinions = prop::sample::select(vec![Approved, Approved, ChangesRequested, Commented, Dismissed]);
    let commits = prop::sample::select(&[HEAD, HEAD, "c1"][..]);
    (people(), opinions, commits, 0..4_u64, prop::option::weighted(0.9, plans())).prop_map(
        |(login, opinion, commit, at, plan)| Review {
            login,
            opinion,
            commit: commit.to_owned(),
            at_ms: NOW + at,
            plan,
        },
    )
}

fn words() -> impl Strategy<Value = Approved> {
    let how = prop::sample::select(vec![How::Command, How::Command, How::BreakGlass]);
    (people(), how, plans(), 6..8_u64, 0..4_u64, any::<bool>()).prop_map(
        |(who, how, plan, pull, at, ours)| Approved {
            environment: if ours { ENVIRONMENT } else { "staging/web" }.to_owned(),
            pull,
            commit: HEAD.to_owned(),
            plan,
            who,
            at_ms: NOW + at,
            how,
            why: None,
        },
    )
}

fn team() -> Team {
    Team { organisation: "acme".to_owned(), slug: "ops".to_owned() }
}

fn merges() -> impl Strategy<Value = Merge> {
    let open = (prop::option::of(any::<bool>()), any::<bool>())
        .prop_map(|(mergeable, behind)| Merge::Open { mergeable, behind });
    prop_oneof![Just(Merge::Merged), open]
}

fn facts() -> impl Strategy<Value = Facts> {
    let sets = (
        prop::collection::btree_set(people(), 0..6),
        prop::collection::btree_set(people(), 0..3),
        prop::collection::btree_set(people(), 0..2),
    );
    let said = (prop::collection::vec(reviews(), 0..6), prop::collection::vec(words(), 0..4));
    (sets, said, merges(), any::<bool>(), any::<bool>(), 0..10_u8).prop_map(
        |((writers, members, pushers), (reviews, approved), merge, changes_nothing, allowed, pull)| Facts {
            environment: ENVIRONMENT.to_owned(),
            pull: (pull > 0).then(|| PullFacts {
                number: 7,
                author: login("robin"),
                pushers,
                head: HEAD.to_owned(),
                reviews,
                merge,
            }),
            plan: PLAN.to_owned(),
            changes_nothing,
            allowed,
            approved,
            writers,
            members: members.into_iter().map(|member| (team(), member)).collect(),
        },
    )
}

fn listed() -> impl Strategy<Value = Vec<Who>> {
    let who = prop_oneof![people().prop_map(Who::Person), Just(Who::Team(team()))];
    prop::collection::vec(who, 0..3)
}

fn requirements() -> impl Strategy<Value = Requirements> {
    let freeze = (0..4_u64, 1..4_u64).prop_map(|(from, lasts)| Freeze::Once {
        from_ms: NOW + from,
        to_ms: NOW + from + lasts,
        reason: "the fair".to_owned(),
    });
    (0..4_u8, listed(), any::<bool>(), any::<bool>(), prop::collection::vec(freeze, 0..2), listed()).prop_map(
        |(approvals, approvers, mergeable, up_to_date, freeze, break_glass)| Requirements {
            approvals,
            approvers,
            apply: None,
            mergeable,
            up_to_date,
            freeze,
            break_glass,
        },
    )
}

/// Which things are missing, without how much of them.
fn kinds(unmet: &[Unmet]) -> Vec<std::mem::Discriminant<Unmet>> {
    unmet.iter().map(std::mem::discriminant).collect()
}

/// Whose approval was counted.
fn counted(facts: &Facts, approvers: &[Who]) -> Vec<Login> {
    let all = Requirements { approvals: u8::MAX, approvers: approvers.to_vec(), ..Requirements::default() };
    let found = unmet(&all, facts, NOW).into_iter().find_map(|one| match one {
        Unmet::Approvals { have, .. } => Some(have),
        _ => None,
    });
    found.unwrap_or_default()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_approval_more_misses_nothing_more(
        facts in facts(), requirements in requirements(), who in people(), plan in plans(), now in NOW..NOW + 8
    ) {
        let before = kinds(&unmet(&requirements, &facts, now));
        let mut word = super::word(who.as_str(), How::Command);
        word.plan = plan;
        let mut more = facts;
        more.approved.push(word);
        for kind in kinds(&unmet(&requirements, &more, now)) {
            prop_assert!(before.contains(&kind));
        }
        if let Some(pull) = &mut more.pull {
            let at_ms = NOW + 100;
            // Of this plan: one of another takes the place of what was said before.
            let (opinion, plan) = (Opinion::Approved, Some(PLAN.to_owned()));
            pull.reviews.push(Review { login: who, opinion, commit: HEAD.to_owned(), at_ms, plan });
        }
        for kind in kinds(&unmet(&requirements, &more, now)) {
            prop_assert!(before.contains(&kind));
        }
    }

    #[test]
    fn what_is_required_more_misses_no_less(
        facts in facts(), one in requirements(), other in requirements(), now in NOW..NOW + 8
    ) {
        let (alone, both) = (unmet(&one, &facts, now), unmet_of_all([&one, &other], &facts, now));
        prop_assert!(alone.iter().all(|missing| both.contains(missing)));
        let stricter = Requirements { approvals: one.approvals + 1, ..one };
        let stricter = kinds(&unmet(&stricter, &facts, now));
        prop_assert!(kinds(&alone).iter().all(|kind| stricter.contains(kind)));
    }

    #[test]
    fn an_approval_of_another_plan_never_counts(
        facts in facts(), requirements in requirements(), now in NOW..NOW + 8
    ) {
        let mut without = facts.clone();
        without.approved.retain(|approved| approved.plan == facts.plan);
        if let Some(pull) = &mut without.pull {
            // A review of another plan is worth as much as one of none that is known.
            for review in &mut pull.reviews {
                review.plan = review.plan.take().filter(|plan| *plan == facts.plan);
            }
        }
        let (with, without) = (unmet(&requirements, &facts, now), unmet(&requirements, &without, now));
        prop_assert_eq!(kinds(&with), kinds(&without));
    }

    #[test]
    fn who_made_it_apps_and_strangers_never_count(facts in facts(), approvers in listed()) {
        if let Some(pull) = &facts.pull {
            for who in counted(&facts, &approvers) {
                prop_assert!(who != pull.author && !pull.pushers.contains(&who) && !who.is_bot());
                prop_assert!(facts.writers.contains(&who));
                let named = approvers.iter().any(|one| match one {
                    Who::Person(person) => *person == who,
                    Who::Team(team) => facts.members.contains(&(team.clone(), who.clone())),
                });
                prop_assert!(approvers.is_empty() || named);
                let last = pull.reviews.iter().filter(|r| r.login == who && r.opinion != Opinion::Commented);
                let last = last.max_by_key(|review| review.at_ms);
                let reviewed = last.is_some_and(|review| {
                    review.opinion == Opinion::Approved
                        && review.commit == pull.head
                        && review.plan.as_ref() == Some(&facts.plan)
                });
                let said = facts.approved.iter().any(|word| {
                    word.who == who
                        && word.plan == facts.plan
                        && word.pull == pull.number
                        && word.environment == facts.environment
                        && word.how == How::Command
                });
                prop_assert!(reviewed || said, "{} was counted and said nothing", who);
            }
        }
    }

    #[test]
    fn met_means_every_rule_holds(facts in facts(), requirements in requirements(), now in NOW..NOW + 8) {
        if unmet(&requirements, &facts, now).is_empty() {
            prop_assert!(facts.allowed);
            if !facts.changes_nothing {
                let have = counted(&facts, &requirements.approvers);
                prop_assert!(have.len() >= usize::from(requirements.approvals));
                let open = requirements.freeze.iter().any(|freeze| freeze.window(now).is_some());
                let broken = facts.approved.iter().any(|word| word.how == How::BreakGlass && word.plan == facts.plan);
                prop_assert!(!open || broken);
            }
        }
    }

    #[test]
    fn the_same_said_in_another_order_of_words_is_the_same(facts in facts(), requirements in requirements()) {
        let mut turned = facts.clone();
        turned.approved.reverse();
        prop_assert_eq!(unmet(&requirements, &facts, NOW), unmet(&requirements, &turned, NOW));
    }
}

use pointsman_core::{
    environment::EnvironmentName,
    render,
    requirement::{
        Applies, Approved as Word, Discounted, Facts, Freeze, How, Merge, Opinion, Requirements, Shown, Team,
        Unmet, before_merge, plan_of_review, unmet, unmet_of_all,
    },
};

use super::{HEAD, NOW, PLAN, asking, facts, login, review, word};

use Opinion::{Approved, ChangesRequested, Commented, Dismissed};

/// Whether these reviews give one approval, whose is discounted and why.
fn heard(reviews: &[(&str, Opinion)]) -> Vec<Unmet> {
    let reviews = reviews.iter().map(|(who, opinion)| review(who, *opinion)).collect();
    unmet(&asking(1, &[]), &facts(reviews), NOW)
}

fn discounted(facts: &Facts, requirements: &Requirements) -> Vec<(String, Discounted)> {
    match unmet(requirements, facts, NOW).as_slice() {
        [Unmet::Approvals { discounted, .. }] => {
            discounted.iter().map(|(login, why)| (login.to_string(), *why)).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_last_opinion_of_everybody_counts() {
    let blocks = |who: &str| Unmet::ChangesRequested { by: vec![login(who)] };
    let kinds = |unmet: Vec<Unmet>| -> Vec<&'static str> {
        let kind = |one: &Unmet| match one {
            Unmet::Approvals { .. } => "approvals",
            Unmet::ChangesRequested { .. } => "changes",
            _ => "other",
        };
        unmet.iter().map(kind).collect()
    };
    type Row<'r> = (&'r [(&'r str, Opinion)], &'r [&'r str]);
    let table: &[Row<'_>] = &[
        (&[], &["approvals"]),
        (&[("alice", Approved)], &[]),
        (&[("alice", Commented)], &["approvals"]),
        (&[("alice", Approved), ("alice", Commented)], &[]),
        (&[("alice", Approved), ("alice", Dismissed)], &["approvals"]),
        (&[("alice", Approved), ("alice", ChangesRequested)], &["changes", "approvals"]),
        (&[("alice", ChangesRequested), ("alice", Approved)], &[]),
        (&[("alice", ChangesRequested), ("alice", Commented)], &["changes", "approvals"]),
        (&[("alice", ChangesRequested), ("alice", Dismissed)], &["approvals"]),
        (&[("alice", ChangesRequested), ("bob", Approved)], &["changes"]),
        (&[("alice", Dismissed), ("bob", Approved)], &[]),
        (&[("mallory", ChangesRequested), ("bob", Approved)], &[]),
        (&[("renovate[bot]", ChangesRequested), ("bob", Approved)], &[]),
        (&[("Alice", Approved), ("ALICE", ChangesRequested)], &["changes", "approvals"]),
    ];
    for (reviews, expected) in table {
        assert_eq!(kinds(heard(reviews)), *expected, "{reviews:?}");
    }
    assert_eq!(heard(&[("alice", ChangesRequested), ("bob", Approved)]), [blocks("alice")]);
    // What was said earlier does not come later by its place in a list.
    let mut reviews = vec![review("alice", Approved), review("alice", ChangesRequested)];
    reviews[0].at_ms = NOW + 1_000;
    assert_eq!(unmet(&asking(1, &[]), &facts(reviews), NOW), []);
}

#[test]
fn whose_approval_does_not_count_is_said_with_the_reason() {
    let of = |who: &str| facts(vec![review(who, Approved)]);
    for (who, why) in [
        ("robin", Discounted::Author),
        ("Robin", Discounted::Author),
        ("pat", Discounted::Pusher),
        ("mallory", Discounted::MayNotWrite),
        ("renovate[bot]", Discounted::Bot),
    ] {
        assert_eq!(discounted(&of(who), &asking(1, &[])), [(who.to_lowercase(), why)]);
    }
    assert_eq!(discounted(&of("alice"), &asking(1, &["bob"])), [("alice".to_owned(), Discounted::NotNamed)]);
    // Also by command, and also when they are named.
    for who in ["robin", "pat", "mallory", "renovate[bot]"] {
        let mut facts = facts(Vec::new());
        facts.approved = vec![word(who, How::Command)];
        assert_eq!(discounted(&facts, &asking(1, &[])).len(), 1, "{who}");
    }
    assert_eq!(discounted(&of("robin"), &asking(1, &["robin"])), [("robin".to_owned(), Discounted::Author)]);

    let mut other = of("alice");
    other.pull.as_mut().unwrap().reviews[0].commit = "c1".to_owned();
    assert_eq!(discounted(&other, &asking(1, &[])), [("alice".to_owned(), Discounted::OtherCommit)]);
    let mut other = of("alice");
    other.pull.as_mut().unwrap().reviews[0].plan = None;
    assert_eq!(discounted(&other, &asking(1, &[])), [("alice".to_owned(), Discounted::PlanUnknown)]);
    let mut other = of("alice");
    other.plan = "p2".to_owned();
    assert_eq!(discounted(&other, &asking(1, &[])), [("alice".to_owned(), Discounted::OtherPlan)]);
}

#[test]
fn a_stale_objection_still_stands_and_a_stale_approval_does_not() {
    let mut stale = facts(vec![review("alice", ChangesRequested), review("bob", Approved)]);
    stale.pull.as_mut().unwrap().reviews[0].commit = "c1".to_owned();
    assert_eq!(unmet(&asking(1, &[]), &stale, NOW), [Unmet::ChangesRequested { by: vec![login("alice")] }]);
}

#[test]
fn one_person_is_one_approval_and_the_best_of_it_counts() {
    let mut twice = facts(vec![review("alice", Approved)]);
    twice.approved = vec![word("alice", How::Command), word("alice", How::Command)];
    assert_eq!(unmet(&asking(1, &[]), &twice, NOW), []);
    assert!(matches!(unmet(&asking(2, &[]), &twice, NOW).as_slice(),
        [Unmet::Approvals { needed: 2, have, .. }] if *have == [login("alice")]));
    twice.pull.as_mut().unwrap().reviews[0].commit = "c1".to_owned();
    assert_eq!(unmet(&asking(1, &[]), &twice, NOW), [], "the command is of this plan");
    twice.approved.push(word("bob", How::Command));
    assert_eq!(unmet(&asking(2, &[]), &twice, NOW), []);
}

#[test]
fn a_word_counts_for_its_pull_request_environment_and_plan_alone() {
    let with = |change: fn(&mut Word)| {
        let mut facts = facts(Vec::new());
        let mut approved = word("alice", How::Command);
        change(&mut approved);
        facts.approved = vec![approved];
        unmet(&asking(1, &[]), &facts, NOW).is_empty()
    };
    assert!(with(|_| {}));
    assert!(with(|word| word.commit = "c1".to_owned()), "a new commit, the same plan");
    assert!(!with(|word| word.pull = 8));
    assert!(!with(|word| word.environment = "staging/web".to_owned()));
    assert!(!with(|word| word.plan = "p2".to_owned()));
    assert!(!with(|word| word.how = How::BreakGlass));
}

#[test]
fn teams_are_named_as_people_are() {
    let asks = asking(1, &["@acme/ops"]);
    let mut member = facts(vec![review("alice", Approved)]);
    assert_eq!(discounted(&member, &asks), [("alice".to_owned(), Discounted::NotNamed)]);
    let team = |slug: &str| Team { organisation: "acme".to_owned(), slug: slug.to_owned() };
    member.members = [(team("dev"), login("alice")), (team("ops"), login("bob"))].into();
    assert_eq!(discounted(&member, &asks), [("alice".to_owned(), Discounted::NotNamed)]);
    member.members.insert((team("ops"), login("alice")));
    assert_eq!(unmet(&asks, &member, NOW), []);
}

#[test]
fn without_a_pull_request_nobody_approved() {
    let mut pushed = facts(Vec::new());
    pushed.pull = None;
    pushed.approved = vec![word("alice", How::Command)];
    assert_eq!(unmet(&asking(1, &[]), &pushed, NOW), [Unmet::NoPull]);
    assert_eq!(unmet(&asking(0, &[]), &pushed, NOW), []);
    let mergeable = Requirements { mergeable: true, ..asking(1, &[]) };
    assert_eq!(unmet(&mergeable, &pushed, NOW), [Unmet::NoPull]);
    pushed.changes_nothing = true;
    assert_eq!(unmet(&asking(1, &[]), &pushed, NOW), []);
}

#[test]
fn an_open_pull_request_is_mergeable_and_up_to_date_where_that_is_asked() {
    let both = Requirements { mergeable: true, up_to_date: true, ..Requirements::default() };
    let table: &[(Option<bool>, bool, &[Unmet])] = &[
        (Some(true), false, &[]),
        (None, false, &[Unmet::MergeUnknown]),
        (Some(false), false, &[Unmet::NotMergeable]),
        (Some(true), true, &[Unmet::Behind]),
        (Some(false), true, &[Unmet::NotMergeable, Unmet::Behind]),
    ];
    for (mergeable, behind, expected) in table {
        let mut open = facts(Vec::new());
        open.pull.as_mut().unwrap().merge = Merge::Open { mergeable: *mergeable, behind: *behind };
        assert_eq!(unmet(&both, &open, NOW), *expected);
        assert_eq!(unmet(&Requirements::default(), &open, NOW), []);
    }
    assert_eq!(unmet(&both, &facts(Vec::new()), NOW), []);
}

#[test]
fn before_a_merge_it_is_applied_where_one_lets_it_and_none_says_otherwise() {
    let [none, early, late] = [None, Some(Applies::BeforeMerge), Some(Applies::AfterMerge)]
        .map(|apply| Requirements { apply, ..asking(1, &[]) });
    for (required, expected) in [
        (vec![], false),
        (vec![&none], false),
        (vec![&early], true),
        (vec![&none, &early, &early], true),
        (vec![&early, &late], false),
    ] {
        assert_eq!(before_merge(required.iter().copied()), expected, "{required:?}");
    }
}

fn frozen(break_glass: &[&str]) -> Requirements {
    let break_glass = break_glass.iter().map(|who| who.parse().unwrap()).collect();
    let freeze = Freeze::Once { from_ms: NOW, to_ms: NOW + 10, reason: "the fair".to_owned() };
    Requirements { freeze: vec![freeze], break_glass, ..Requirements::default() }
}

#[test]
fn a_freeze_is_passed_by_those_named_with_this_plan_and_since_it_began() {
    let holds = |requirements: &Requirements, facts: &Facts, now| {
        unmet(requirements, facts, now).iter().any(|one| matches!(one, Unmet::Frozen { .. }))
    };
    let nobody = facts(Vec::new());
    assert!(!holds(&frozen(&[]), &nobody, NOW - 1) && holds(&frozen(&[]), &nobody, NOW));
    assert!(holds(&frozen(&[]), &nobody, NOW + 9) && !holds(&frozen(&[]), &nobody, NOW + 10));
    let broken = |change: fn(&mut Word)| {
        let mut facts = facts(Vec::new());
        let mut word = word("alice", How::BreakGlass);
        change(&mut word);
        facts.approved = vec![word];
        facts
    };
    assert!(!holds(&frozen(&["alice"]), &broken(|_| {}), NOW + 1));
    assert!(holds(&frozen(&["bob"]), &broken(|_| {}), NOW + 1));
    assert!(holds(&frozen(&[]), &broken(|_| {}), NOW + 1));
    assert!(holds(&frozen(&["alice"]), &broken(|word| word.at_ms = NOW - 1), NOW + 1));
    assert!(holds(&frozen(&["alice"]), &broken(|word| word.plan = "p2".to_owned()), NOW + 1));
    assert!(holds(&frozen(&["alice"]), &broken(|word| word.how = How::Command), NOW + 1));
    assert!(holds(&frozen(&["mallory"]), &broken(|word| word.who = login("mallory")), NOW + 1));
    // Who breaks the glass approves nothing by that.
    let both = Requirements { approvals: 1, ..frozen(&["alice"]) };
    assert!(matches!(unmet(&both, &broken(|_| {}), NOW + 1).as_slice(), [Unmet::Approvals { .. }]));
    // It may be the author: approvals are asked for beside it.
    assert!(!holds(&frozen(&["robin"]), &broken(|word| word.who = login("robin")), NOW + 1));
}

#[test]
fn what_changes_nothing_needs_nobody_at_any_time() {
    let mut nothing = facts(Vec::new());
    nothing.changes_nothing = true;
    let all = Requirements { approvals: 2, ..frozen(&[]) };
    assert_eq!(unmet(&all, &nothing, NOW), []);
    nothing.allowed = false;
    assert_eq!(unmet(&all, &nothing, NOW), [Unmet::Denied]);
}

#[test]
fn all_of_several_requirements_must_be_met() {
    let approved = facts(vec![review("alice", Approved)]);
    let (mine, theirs) = (asking(1, &["alice"]), asking(1, &["bob"]));
    assert_eq!(unmet_of_all([&mine], &approved, NOW), []);
    assert_eq!(unmet_of_all([&mine, &theirs], &approved, NOW).len(), 1);
    assert_eq!(unmet_of_all([&theirs, &theirs], &approved, NOW).len(), 1);
    assert_eq!(unmet_of_all([], &approved, NOW), []);
}

#[test]
fn a_review_is_of_the_plan_that_surely_stood_there() {
    let shown = |at_s: u64, commit: &str, plan: &str| Shown {
        environment: super::ENVIRONMENT.to_owned(),
        pull: 7,
        commit: commit.to_owned(),
        plan: plan.to_owned(),
        at_ms: NOW + at_s * 1_000,
    };
    let of = |shown: &[Shown], at_s: u64| {
        plan_of_review(shown, &[HEAD, "m"], NOW + at_s * 1_000).map(str::to_owned)
    };
    let p1 = Some(PLAN.to_owned());
    assert_eq!(of(&[], 100), None);
    assert_eq!(of(&[shown(0, HEAD, PLAN)], 0), p1);
    assert_eq!(of(&[shown(1, HEAD, PLAN)], 0), None, "reviewed before it was shown");
    assert_eq!(of(&[shown(0, "c1", PLAN)], 100), None, "another commit's plan stood there");
    assert_eq!(of(&[shown(0, "m", PLAN)], 100), p1, "what it became on the base branch");
    let two = [shown(0, HEAD, PLAN), shown(100, HEAD, "p2")];
    for (at, plan) in [(38, Some(PLAN)), (39, None), (99, None), (100, None), (160, None), (161, Some("p2"))]
    {
        assert_eq!(of(&two, at).as_deref(), plan, "at {at}");
        let turned: Vec<Shown> = two.iter().rev().cloned().collect();
        assert_eq!(of(&turned, at), of(&two, at), "in any order");
    }
    let same = [shown(0, "c1", PLAN), shown(100, HEAD, PLAN)];
    assert_eq!(of(&same, 101), p1, "the same plan, shown again");
    assert_eq!(of(&same, 99), None, "the commit before");
}

#[test]
fn what_is_missing_is_said_with_who_may_give_it_and_what_to_write() {
    let environment = EnvironmentName::parse(super::ENVIRONMENT).unwrap();
    let mut facts = facts(vec![
        review("robin", Approved),
        review("alice", ChangesRequested),
        review("bob", Approved),
        review("Mal`lory", Approved),
    ]);
    facts.plan = "0123456789abcdef".to_owned();
    facts.allowed = false;
    let all = Requirements { approvals: 2, ..frozen(&["alice", "@acme/ops"]) };
    let named = asking(1, &["carol"]);
    let unmet = unmet_of_all([&all, &named, &frozen(&[])], &facts, NOW);
    insta::assert_snapshot!(render::requirement::held(&environment, &facts.plan, &unmet, true));
    let rest = [Unmet::NoPull, Unmet::MergeUnknown, Unmet::NotMergeable, Unmet::Behind];
    insta::assert_snapshot!(render::requirement::held(&environment, &facts.plan, &rest, false));
}

//! ECS itself can carry a release out as it is described.

use super::{Diagnostic, Subject, out_of_range};
use crate::{
    environment::block::{Rollout, SchemaChange, Strategy},
    resource::Shift,
    scalar::{Duration, Percentage},
};

/// The longest that ECS waits between two steps and after the last one, in minutes.
const LONGEST_WAIT: u64 = 1_440;

fn native<'a>(subject: &Subject<'a>) -> Option<&'a Rollout> {
    subject.file.rollout.as_ref().filter(|rollout| rollout.strategy == Strategy::Native)
}

/// What is asked for beside the steps is what ECS does.
pub(super) fn releases(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let mut say = |path: &[&str], what: &str, label: &str, help: &str| {
        found.push(Diagnostic::error("native", what).at(subject.key(path)).label(label).help(help));
    };
    let Some(rollout) = native(subject) else {
        if subject.file.rollout.as_ref().is_some_and(|rollout| rollout.role.is_some()) {
            say(
                &["rollout", "role"],
                "only a native release needs a role to move traffic",
                "would not be used",
                "write `strategy = \"native\"`, or take `role` out",
            );
        }
        return;
    };
    let exposes = subject.file.service.values().any(|service| service.expose.is_some());
    if rollout.role.is_none() && exposes {
        say(
            &["rollout", "strategy"],
            "a native release needs a role with which ECS moves traffic",
            "there is no `role`",
            "write `role = \"arn:aws:iam::ACCOUNT:role/NAME\"`: a role that ecs.amazonaws.com may take, with \
             AWS's policy AmazonECSInfrastructureRolePolicyForLoadBalancers",
        );
    }
    if rollout.schema_change == SchemaChange::Breaking {
        let written = subject.written(&["rollout", "schema_change"]);
        say(
            if written { &["rollout", "schema_change"] } else { &["rollout", "strategy"] },
            "ECS cannot carry out a release with a breaking schema change",
            if written {
                "breaks the old version"
            } else {
                "`schema_change` is `breaking` when nothing is written"
            },
            "it runs both versions on one database: write `schema_change = \"none\"` or `\"additive\"` if that \
             is true of this release, or `strategy = \"blue_green\"`",
        );
    }
    if rollout.approve_traffic {
        say(
            &["rollout", "approve_traffic"],
            "a native release asks nobody before traffic moves",
            "would not be asked for",
            "write `strategy = \"blue_green\"`, or take `approve_traffic` out and ask for an approval of the plan \
             (docs/requirements.md)",
        );
    }
    if rollout.test.is_some() {
        say(
            &["rollout", "test"],
            "ECS tests nothing but the health of new tasks",
            "would not be tested",
            "write `strategy = \"blue_green\"`, or take `[rollout.test]` out",
        );
    }
    if rollout.progress_deadline.is_some() {
        say(
            &["rollout", "progress_deadline"],
            "how long new tasks may take to become healthy is ECS's to say",
            "would not be kept",
            "write `strategy = \"blue_green\"`, or take `progress_deadline` out: ECS gives up after a number of \
             tasks that failed, and the agent after 40 minutes without traffic",
        );
    }
}

/// Traffic moves in steps that ECS knows.
pub(super) fn steps(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let Some(rollout) = native(subject) else { return };
    let steps: Vec<u8> = rollout.shift.iter().copied().map(Percentage::value).collect();
    let rises = steps.is_sorted_by(|a, b| a < b) && steps.first() != Some(&0) && steps.last() == Some(&100);
    // What does not rise is told already.
    if rises && Shift::of(&steps, 0).is_none() {
        found.push(
            Diagnostic::error("native", "ECS cannot move traffic in these steps")
                .at(subject.key(&["rollout", "shift"]))
                .label("neither all at once, nor one step and the rest, nor equal steps")
                .help(
                    "write `[\"100%\"]` (BLUE_GREEN), two steps such as `[\"10%\", \"100%\"]` (CANARY), equal steps of \
                     at least 3% such as `[\"25%\", \"50%\", \"75%\", \"100%\"]` (LINEAR), or `strategy = \"blue_green\"`",
                ),
        );
    }
}

/// ECS counts in whole minutes, up to a day.
pub(super) fn times(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let Some(rollout) = native(subject) else { return };
    let mut check = |key: &str, value: Option<Duration>| {
        let fits = |it: &Duration| it.seconds().is_multiple_of(60) && it.seconds() / 60 <= LONGEST_WAIT;
        if let Some(value) = value.filter(|it| !fits(it)) {
            found.push(out_of_range(
                subject,
                &["rollout", key],
                value,
                "whole minutes, `0s` to `1d`: ECS counts so",
            ));
        }
    };
    check("hold", rollout.hold);
    check("bake", rollout.bake);
}

/// Both target groups stay in the rule: whoever stuck to the one whose tasks
/// are gone would be answered 503.
pub(super) fn sticky(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    if native(subject).is_none() {
        return;
    }
    let sticky = subject
        .file
        .service
        .iter()
        .filter(|(_, service)| service.expose.as_ref().is_some_and(|expose| expose.stickiness.is_some()));
    for (name, _) in sticky {
        found.push(
            Diagnostic::error("native", format!("`{name}` cannot be sticky where ECS moves traffic"))
                .at(subject.key(&["service", name, "expose", "stickiness"]))
                .label("who stays with a target group that lost its tasks is answered 503")
                .help("take `stickiness` out and keep sessions where every task finds them, or write `strategy = \"blue_green\"`"),
        );
    }
}

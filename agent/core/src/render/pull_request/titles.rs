//! One line each: statuses, sizes, and the titles of checks.

use super::code;
use crate::{
    plan::{Disruption, Plan, Summary},
    render::{forecast, plan::summary, words},
    report::{
        Outcome,
        pull_request::{EnvironmentReport, PullReport, Purpose, Status, Why},
    },
};

/// How far an environment is, in a few words.
pub(super) fn status(environment: &EnvironmentReport) -> String {
    match (environment.status, environment.needs.as_slice()) {
        (Status::Queued, [first, ..]) => {
            let worst = environment.needs.iter().find(|unmet| unmet.why == Why::Failed).unwrap_or(first);
            let what = if worst.why == Why::Failed { "stopped by" } else { "waits for" };
            format!("{what} {}", code(worst.name.as_str()))
        }
        _ if is_turned_back(environment) => "turned back".to_owned(),
        (status, _) => word(status).to_owned(),
    }
}

/// Whether its rollout went back, so that what served before serves.
pub(super) fn is_turned_back(environment: &EnvironmentReport) -> bool {
    environment.status == Status::Failed && environment.outcome.as_ref().is_some_and(Outcome::is_turned_back)
}

/// What its plan does to people, as far as there is one.
pub(super) fn disrupts(environment: &EnvironmentReport) -> Disruption {
    environment.judged.as_ref().map_or(Disruption::None, |judged| judged.plan.disruption())
}

/// Whether a merge would do something that is not for every day: things
/// unreachable, data lost.
pub(super) fn would_hurt(purpose: Purpose, environment: &EnvironmentReport) -> bool {
    purpose == Purpose::Preview && disrupts(environment) > Disruption::ConnectionsDrain
}

/// An environment at a glance.
pub(super) fn glance(purpose: Purpose, environment: &EnvironmentReport) -> &'static str {
    if environment.status == Status::Planned && would_hurt(purpose, environment) {
        return "⚠️";
    }
    mark(environment.status)
}

/// A status in a word or two.
pub(in crate::render) fn word(status: Status) -> &'static str {
    match status {
        Status::Queued => "queued",
        Status::Planning => "being planned",
        Status::Planned => "planned",
        Status::Invalid => "has errors",
        Status::Denied => "denied by policy",
        Status::NoPlan => "cannot be planned",
        Status::Checked => "checked, not planned",
        Status::Postponed => "planned after the merge",
        Status::Removed => "no longer described",
        Status::Waiting => "waiting for the lock",
        Status::Deploying => "deploying",
        Status::Asks => "waiting for approval",
        Status::Held => "waiting for what is required",
        Status::Deployed => "deployed",
        Status::Failed => "failed",
        Status::Stopped => "interrupted",
    }
}

/// A status at a glance.
pub(super) fn mark(status: Status) -> &'static str {
    match status {
        Status::Queued | Status::Planning | Status::Waiting | Status::Deploying => "⏳",
        Status::Planned | Status::Checked | Status::Deployed => "✅",
        Status::Invalid | Status::Denied | Status::NoPlan | Status::Failed => "❌",
        Status::Postponed | Status::Removed | Status::Stopped | Status::Asks | Status::Held => "⚠️",
    }
}

/// Which status counts for the whole: what failed before what goes on, what
/// goes on before what is done.
pub(in crate::render) fn weight(status: Status) -> u8 {
    match status {
        Status::Planned | Status::Checked | Status::Deployed => 0,
        Status::Postponed | Status::Removed => 1,
        Status::Queued | Status::Planning | Status::Waiting | Status::Deploying => 2,
        Status::Stopped | Status::Asks | Status::Held => 3,
        Status::Invalid | Status::Denied | Status::NoPlan | Status::Failed => 4,
    }
}

/// The status that counts for the whole.
pub(in crate::render) fn worst(report: &PullReport) -> Status {
    let stops =
        report.problem.is_some() || report.diagnostics.iter().any(crate::environment::Diagnostic::is_error);
    if stops {
        return Status::Failed;
    }
    super::worst_status(report).unwrap_or(match report.purpose {
        Purpose::Preview => Status::Planned,
        Purpose::Deploy => Status::Deployed,
    })
}

/// A plan's size, short enough for a table.
pub(super) fn size(plan: &Plan) -> String {
    if plan.is_empty() {
        return "nothing to do".to_owned();
    }
    let Summary { add, change, destroy } = plan.summary();
    let parts = [(add, "add"), (change, "change"), (destroy, "destroy")];
    let told = parts.iter().filter(|(count, _)| *count > 0);
    let told: Vec<String> = told.map(|(count, what)| format!("{count} to {what}")).collect();
    // A rollout can be all there is.
    if told.is_empty() { "rollout".to_owned() } else { told.join(", ") }
}

/// What a plan does to people, short enough for a table.
pub(super) fn disruption(plan: &Plan) -> String {
    let worst = plan.disruption();
    let longest = plan
        .changes
        .iter()
        .filter(|change| change.disruption == worst)
        .map(|change| change.impact.lasts)
        .max_by_key(|lasts| (lasts.is_none(), *lasts));
    let lasts = longest.flatten().filter(|lasts| lasts.high > 0 && worst > Disruption::None);
    let lasts = lasts.map(|lasts| format!(", {}", forecast::short(lasts))).unwrap_or_default();
    format!("{}{}{lasts}", disruption_mark(worst), brief(worst))
}

fn brief(disruption: Disruption) -> &'static str {
    match disruption {
        Disruption::None => "none",
        Disruption::ConnectionsDrain => "drain",
        Disruption::Outage => "outage",
        Disruption::DataLost => "data lost",
    }
}

/// A disruption at a glance, with the space behind it.
pub(super) fn disruption_mark(disruption: Disruption) -> &'static str {
    match disruption {
        Disruption::None => "",
        Disruption::ConnectionsDrain => "⚠️ ",
        Disruption::Outage | Disruption::DataLost => "🛑 ",
    }
}

/// The title of an environment's check, and its deployment's description.
pub fn environment_title(environment: &EnvironmentReport) -> String {
    let plan = environment.judged.as_ref().map(|judged| &judged.plan);
    let planned = || match plan {
        Some(plan) if plan.is_empty() => "Nothing to do: what lives is what the file says.".to_owned(),
        Some(plan) => summary(plan.summary()),
        None => "Planned.".to_owned(),
    };
    match environment.status {
        Status::Queued => match environment.needs.as_slice() {
            [] => "Queued.".to_owned(),
            needs if needs.iter().any(|unmet| unmet.why == Why::Failed) => {
                "Stopped: what it needs failed.".to_owned()
            }
            needs => format!(
                "Waits for {} that it needs.",
                words::count(needs.len(), "environment", "environments")
            ),
        },
        Status::Planning => "Being planned.".to_owned(),
        Status::Planned => planned(),
        Status::Invalid => {
            let errors = environment.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
            format!("The files have {}.", words::count(errors, "error", "errors"))
        }
        Status::Denied => {
            // Where there is no plan, the files alone were judged.
            let of_files = || environment.diagnostics.iter().filter(|one| one.is_error()).count();
            let judged = environment.judged.as_ref();
            let denials = judged.map_or_else(of_files, |judged| judged.verdict.denials().count());
            format!("The policies deny it: {}.", words::count(denials, "finding", "findings"))
        }
        Status::NoPlan => "It cannot be planned; see the details.".to_owned(),
        Status::Checked => "The files have no errors; forks are not planned.".to_owned(),
        Status::Postponed => "The files have no errors; it is planned after the merge.".to_owned(),
        Status::Removed => "No longer described; what was made for it stands.".to_owned(),
        Status::Waiting => "Waiting for the lock, which someone else holds.".to_owned(),
        Status::Deploying => {
            let done = environment.progress.iter().filter(|(_, progress)| is_done(progress)).count();
            match plan {
                Some(plan) => format!(
                    "Deploying: {done} of {} done.",
                    words::count(plan.changes.len(), "change", "changes")
                ),
                None => "Deploying.".to_owned(),
            }
        }
        Status::Deployed => match &environment.outcome {
            Some(outcome) if outcome.changes.is_empty() => "Deployed: there was nothing to do.".to_owned(),
            Some(outcome) => format!(
                "Deployed: {} in {}.",
                words::count(outcome.changes.len(), "change", "changes"),
                words::took(outcome.took_ms)
            ),
            None => "Deployed.".to_owned(),
        },
        Status::Failed if is_turned_back(environment) => "Turned back: what stood before stands.".to_owned(),
        Status::Failed => match &environment.outcome {
            Some(outcome) => {
                let done = outcome
                    .changes
                    .iter()
                    .filter(|change| change.result == crate::report::ChangeResult::Done);
                format!(
                    "Failed: {} of {} done.",
                    done.count(),
                    words::count(outcome.changes.len(), "change", "changes")
                )
            }
            None => "Failed before anything was changed; see the details.".to_owned(),
        },
        Status::Asks if environment.outcome.as_ref().is_some_and(Outcome::waits_for_switch) => {
            "Waiting until people are switched; see what is to be done.".to_owned()
        }
        Status::Asks => "Waiting for approval before traffic moves; people are served as before.".to_owned(),
        Status::Held => "Waiting for what is required before an apply; nothing was changed.".to_owned(),
        Status::Stopped => "Interrupted; the agent goes on with it.".to_owned(),
    }
}

fn is_done(progress: &crate::report::pull_request::Progress) -> bool {
    matches!(progress, crate::report::pull_request::Progress::Done(..))
}

/// The title of the check of constant name.
pub fn title(report: &PullReport) -> String {
    if report.problem.is_some() {
        return "The config repo cannot be used as it is; see the details.".to_owned();
    }
    if report.environments.is_empty() {
        return if report.diagnostics.iter().any(crate::environment::Diagnostic::is_error) {
            "There are errors in files; no environment is changed.".to_owned()
        } else {
            "No environment is changed.".to_owned()
        };
    }
    if let [only] = report.environments.as_slice() {
        return format!("{}: {}", only.name, environment_title(only));
    }
    let mut counts: Vec<(Status, usize)> = Vec::new();
    for environment in &report.environments {
        match counts.iter_mut().find(|(status, _)| *status == environment.status) {
            Some((_, count)) => *count += 1,
            None => counts.push((environment.status, 1)),
        }
    }
    counts.sort_by_key(|(status, _)| std::cmp::Reverse(weight(*status)));
    let parts: Vec<String> =
        counts.iter().map(|(status, count)| format!("{count} {}", word(*status))).collect();
    format!(
        "{}: {}.",
        words::count(report.environments.len(), "environment", "environments"),
        parts.join(", ")
    )
}

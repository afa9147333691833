//! The first lines: what all of it comes to.

use super::{code, titles};
use crate::{
    cost::Dollars,
    environment::{Diagnostic, EnvironmentName},
    plan::{Disruption, Summary},
    render::{plan::summary, words},
    report::pull_request::{EnvironmentReport, PullReport, Purpose, Status},
};

/// So many environments are named.
const NAMED: usize = 2;

/// The verdict in words.
pub(super) fn heading(report: &PullReport) -> String {
    let (mark, words) = verdict(report);
    format!("{mark} Pointsman: {words}")
}

fn verdict(report: &PullReport) -> (&'static str, String) {
    if report.problem.is_some() {
        return ("❌", "the config repo cannot be used as it is".to_owned());
    }
    let worst = titles::worst(report);
    if report.environments.is_empty() {
        return if worst == Status::Failed {
            ("❌", "there are errors in files; no environment is changed".to_owned())
        } else {
            ("✅", "no environment is changed".to_owned())
        };
    }
    let with = |wanted: &dyn Fn(&EnvironmentReport) -> bool| -> Vec<&EnvironmentReport> {
        report.environments.iter().filter(|environment| wanted(environment)).collect()
    };
    let heaviest =
        |environment: &EnvironmentReport| titles::weight(environment.status) == titles::weight(worst);
    let these = with(&heaviest);
    let all = report.environments.len();
    let mark = titles::mark(worst);
    match (report.purpose, worst) {
        (Purpose::Deploy, Status::Failed)
            if !these.is_empty() && these.iter().all(|one| titles::is_turned_back(one)) =>
        {
            let was = if these.len() == 1 { "was" } else { "were" };
            (mark, format!("{} {was} turned back; what served before serves", named(&these)))
        }
        (Purpose::Preview, Status::Invalid | Status::Denied | Status::NoPlan | Status::Failed)
            if !deployed_nevertheless(report).is_empty() =>
        {
            (mark, in_part(report, &these))
        }
        (purpose, Status::Invalid | Status::Denied | Status::NoPlan | Status::Failed) => {
            let what = match purpose {
                Purpose::Preview => "as it is, this would not be deployed",
                Purpose::Deploy => "not everything was deployed",
            };
            let each = match these.as_slice() {
                [] => "there are errors in files".to_owned(),
                [only] => format!("{} {}", code(only.name.as_str()), predicate(only.status)),
                several => format!("{} of {all} environments are in the way", several.len()),
            };
            let each = match purpose {
                Purpose::Deploy if these.len() > 1 => format!("{} of {all} environments failed", these.len()),
                _ => each,
            };
            (mark, format!("{what}: {each}"))
        }
        (Purpose::Preview, Status::Queued | Status::Planning | Status::Waiting) => {
            let done = all - these.len();
            (
                mark,
                format!("being planned, {done} of {} done", words::count(all, "environment", "environments")),
            )
        }
        (Purpose::Preview, _) => ready(report),
        (Purpose::Deploy, Status::Asks) => (mark, format!("{} for a person", waits(&these))),
        (Purpose::Deploy, Status::Held) => {
            (mark, format!("{} for what is required; nothing was changed", waits(&these)))
        }
        (Purpose::Deploy, Status::Waiting) if these.iter().all(|one| one.status == Status::Waiting) => {
            (mark, format!("{} for the lock", waits(&these)))
        }
        (Purpose::Deploy, Status::Queued | Status::Planning | Status::Waiting | Status::Deploying) => {
            let done = all - these.len();
            let progress =
                if all > 1 { format!(", {done} of {all} environments done") } else { String::new() };
            (mark, format!("deploying {}{progress}", named(&these)))
        }
        (Purpose::Deploy, Status::Stopped) => {
            (mark, format!("the deploy of {} was interrupted; it goes on", named(&these)))
        }
        (Purpose::Deploy, Status::Removed) => {
            (mark, format!("{} no longer described; what was made stands", are(&these)))
        }
        (Purpose::Deploy, Status::Deployed | Status::Planned | Status::Checked | Status::Postponed) => {
            // Before a merge, each environment is applied when it is asked for.
            let applied = with(&|environment| environment.status == Status::Deployed);
            match all - applied.len() {
                0 => (mark, format!("deployed {}", named(&applied))),
                _ if applied.is_empty() => (mark, format!("{} not applied yet", are(&these))),
                rest => (mark, format!("deployed {}; {rest} of {all} planned", named(&applied))),
            }
        }
    }
}

/// Which environments a merge would deploy, where others are in the way of
/// themselves alone; none where nothing or everything would be deployed.
pub(super) fn deployed_nevertheless(report: &PullReport) -> Vec<&EnvironmentReport> {
    let stops = report.problem.is_some() || report.diagnostics.iter().any(Diagnostic::is_error);
    let stopped: Vec<&EnvironmentName> = report
        .environments
        .iter()
        .filter(|environment| titles::weight(environment.status) == titles::weight(Status::Failed))
        .map(|environment| &environment.name)
        .collect();
    if stops || stopped.is_empty() {
        return Vec::new();
    }
    let needs_none = |environment: &EnvironmentReport| {
        environment.needs.iter().all(|unmet| !stopped.contains(&&unmet.name))
    };
    let is_ready = |status: Status| matches!(status, Status::Planned | Status::Checked | Status::Postponed);
    report.environments.iter().filter(|one| is_ready(one.status) && needs_none(one)).collect()
}

/// Some would not be deployed; what a merge does to the others is said as well.
fn in_part(report: &PullReport, in_the_way: &[&EnvironmentReport]) -> String {
    let not = match in_the_way {
        [only] => {
            format!("{} {} and would not be deployed", code(only.name.as_str()), predicate(only.status))
        }
        several => {
            format!("{} of {} environments would not be deployed", several.len(), report.environments.len())
        }
    };
    let others = deployed_nevertheless(report);
    let would = match others.as_slice() {
        [only] => format!("{} would", code(only.name.as_str())),
        several => format!("{} others would", several.len()),
    };
    let (worst, hurt) = worst(&others);
    let does = match worst {
        Disruption::DataLost => format!(", which **loses data** in {}", named(&hurt)),
        Disruption::Outage => format!(", which makes something unreachable in {}", named(&hurt)),
        Disruption::ConnectionsDrain | Disruption::None => String::new(),
    };
    format!("as it is, {not}; {would}{does}")
}

/// What is worst of what is done to people, and where.
fn worst<'a>(environments: &[&'a EnvironmentReport]) -> (Disruption, Vec<&'a EnvironmentReport>) {
    let worst = environments.iter().map(|one| titles::disrupts(one)).max().unwrap_or(Disruption::None);
    (worst, environments.iter().copied().filter(|one| titles::disrupts(one) == worst).collect())
}

/// What a merge would do to people.
fn ready(report: &PullReport) -> (&'static str, String) {
    let (worst, hurt) = worst(&report.environments.iter().collect::<Vec<_>>());
    let planned = report.environments.iter().filter_map(|environment| environment.judged.as_ref());
    let nothing = planned.clone().count() > 0 && planned.clone().all(|judged| judged.plan.is_empty());
    let removed = report.environments.iter().any(|environment| environment.status == Status::Removed);
    let postponed: Vec<_> =
        report.environments.iter().filter(|environment| environment.status == Status::Postponed).collect();
    match worst {
        Disruption::DataLost => ("🛑", format!("can be merged, and **loses data** in {}", named(&hurt))),
        Disruption::Outage => {
            ("⚠️", format!("can be merged, and makes something unreachable in {}", named(&hurt)))
        }
        Disruption::ConnectionsDrain | Disruption::None if !postponed.is_empty() => {
            let is = are(&postponed);
            ("⚠️", format!("can be merged; {is} planned only after that, so look at the details"))
        }
        Disruption::ConnectionsDrain => {
            ("✅", format!("can be merged; connections drain in {}, nothing is unreachable", named(&hurt)))
        }
        Disruption::None if removed => {
            ("⚠️", "can be merged; what was made for removed files stands".to_owned())
        }
        Disruption::None if planned.count() == 0 => {
            ("✅", "the files have no errors; forks are not planned".to_owned())
        }
        Disruption::None if nothing => ("✅", "nothing to do; what lives is what the files say".to_owned()),
        Disruption::None => ("✅", "can be merged; it disrupts nothing".to_owned()),
    }
}

fn predicate(status: Status) -> &'static str {
    match status {
        Status::Invalid => "has errors",
        Status::Denied => "is denied by policy",
        Status::NoPlan => "cannot be planned",
        _ => "failed",
    }
}

fn named(environments: &[&EnvironmentReport]) -> String {
    let names: Vec<String> =
        environments.iter().take(NAMED).map(|environment| code(environment.name.as_str())).collect();
    match environments.len().saturating_sub(NAMED) {
        0 => names.join(" and "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}

fn waits(environments: &[&EnvironmentReport]) -> String {
    format!("{} {}", named(environments), if environments.len() == 1 { "waits" } else { "wait" })
}

fn are(environments: &[&EnvironmentReport]) -> String {
    format!("{} {}", named(environments), if environments.len() == 1 { "is" } else { "are" })
}

/// Of what that is the verdict; with several environments, what all of their
/// plans come to.
pub(super) fn about(report: &PullReport) -> String {
    let what = match report.purpose {
        Purpose::Preview => "Plan for",
        Purpose::Deploy => "Deploy of",
    };
    let of = format!("{what} {}", code(words::short(&report.head)));
    let plans: Vec<_> =
        report.environments.iter().filter_map(|environment| environment.judged.as_ref()).collect();
    if report.environments.is_empty() {
        let what = match report.purpose {
            Purpose::Preview => "this pull request changes no environment",
            Purpose::Deploy => "this commit changes no environment",
        };
        return format!("{of}: {what}.\n");
    }
    if plans.len() < 2 {
        return format!("{of}.\n");
    }
    let sum = plans.iter().map(|judged| judged.plan.summary()).fold(
        Summary { add: 0, change: 0, destroy: 0 },
        |sum, one| Summary {
            add: sum.add + one.add,
            change: sum.change + one.change,
            destroy: sum.destroy + one.destroy,
        },
    );
    let of_all = if plans.len() == report.environments.len() {
        format!("all {} environments", plans.len())
    } else {
        format!("{} of {} environments", plans.len(), report.environments.len())
    };
    let costs = || plans.iter().map(|judged| &judged.plan.cost).filter(|cost| cost.prices.is_some());
    let (before, after) = (
        costs().map(|cost| cost.before.usual).sum::<Dollars>(),
        costs().map(|cost| cost.after.usual).sum::<Dollars>(),
    );
    let money = match costs().count() {
        0 => String::new(),
        _ if before == after => format!(" Cost: {after} per month (unchanged)."),
        _ => format!(" Cost: {before} → {after} per month ({}).", (after - before).difference()),
    };
    format!("{of}, {of_all}. **{}**{money}\n", summary(sum))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::heading;
    use crate::{
        environment::EnvironmentName,
        report::pull_request::{EnvironmentReport, PullReport, Purpose, Status},
    };

    fn said(purpose: Purpose, status: Status) -> String {
        let name = EnvironmentName::parse("production/web").unwrap();
        heading(&PullReport {
            base: "main".to_owned(),
            base_commit: None,
            head: "a1b2c3d".to_owned(),
            purpose,
            environments: vec![EnvironmentReport { status, ..EnvironmentReport::queued(name) }],
            diagnostics: Vec::new(),
            problem: None,
            commands: Vec::new(),
            page: None,
            revert: None,
        })
    }

    #[test]
    fn deployed_is_said_of_what_is_deployed_alone() {
        let all = [
            (Status::Queued, "⏳ Pointsman: deploying `production/web`"),
            (Status::Planning, "⏳ Pointsman: deploying `production/web`"),
            (Status::Invalid, "❌ Pointsman: not everything was deployed: `production/web` has errors"),
            (
                Status::Denied,
                "❌ Pointsman: not everything was deployed: `production/web` is denied by policy",
            ),
            (Status::NoPlan, "❌ Pointsman: not everything was deployed: `production/web` cannot be planned"),
            (Status::Failed, "❌ Pointsman: not everything was deployed: `production/web` failed"),
            (Status::Removed, "⚠️ Pointsman: `production/web` is no longer described; what was made stands"),
            (Status::Waiting, "⏳ Pointsman: `production/web` waits for the lock"),
            (Status::Deploying, "⏳ Pointsman: deploying `production/web`"),
            (Status::Asks, "⚠️ Pointsman: `production/web` waits for a person"),
            (Status::Held, "⚠️ Pointsman: `production/web` waits for what is required; nothing was changed"),
            (Status::Stopped, "⚠️ Pointsman: the deploy of `production/web` was interrupted; it goes on"),
            (Status::Deployed, "✅ Pointsman: deployed `production/web`"),
        ];
        for (status, words) in all {
            assert_eq!(said(Purpose::Deploy, status), words);
        }
    }
}

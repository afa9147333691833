//! The one comment of a pull request, and what its checks say, in Markdown.

mod changes;
mod cost;
pub(super) mod environment;
mod escape;
#[cfg(test)]
mod tests;
pub(super) mod titles;

pub use titles::{environment_title, title};

use crate::{
    environment::Diagnostic,
    plan::{Disruption, Plan},
    render::words,
    report::pull_request::{EnvironmentReport, PullReport, Purpose, Status},
};
use escape::{block, code, folded, prose};

/// What GitHub takes, less what the caller puts before it.
const MOST_CHARACTERS: usize = 65_000;

/// How much of each environment is written, from everything to nearly nothing.
const ROOM: &[usize] = &[usize::MAX, 400, 150, 60, 25, 10, 3];

/// The comment. When it would be longer than GitHub takes, the details of
/// environments are shortened step by step, and it says so.
pub fn comment(report: &PullReport) -> String {
    for room in ROOM {
        let text = written(report, *room, usize::MAX);
        if text.chars().count() <= MOST_CHARACTERS {
            return text;
        }
    }
    let mut environments = report.environments.len();
    loop {
        environments /= 2;
        let text = written(report, 0, environments);
        if environments == 0 || text.chars().count() <= MOST_CHARACTERS {
            return text;
        }
    }
}

/// The comment with a link to the agent's page, where all of it is shown; that
/// fits below what GitHub takes.
pub fn linked(comment: String, page: Option<String>) -> String {
    match page {
        Some(page) if page.len() < 400 => format!("{comment}<sub>[All of it, live]({page})</sub>\n"),
        Some(_) | None => comment,
    }
}

/// What the check of one environment says: the same as the comment says of it.
pub fn environment_summary(report: &PullReport, environment: &EnvironmentReport) -> String {
    for room in ROOM {
        let text = tidy(&environment::section(report, environment, *room));
        if text.len() <= MOST_CHARACTERS {
            return text;
        }
    }
    environment::section(report, environment, 0)
}

/// What the check of constant name says: the table, and what concerns all.
pub fn overview(report: &PullReport) -> String {
    let mut text = table(report, 200);
    text.push_str(&of_the_revision(report, 50));
    text
}

fn written(report: &PullReport, room: usize, environments: usize) -> String {
    let mut text = format!("### {}\n\n", heading(report));
    text.push_str(&table(report, environments));
    text.push_str(&of_the_revision(report, room));
    for environment in report.environments.iter().take(environments) {
        text.push_str(&format!("\n#### {}\n\n", code(environment.name.as_str())));
        text.push_str(&environment::section(report, environment, room));
    }
    text.push('\n');
    text.push_str(&footer(report));
    tidy(&text)
}

/// One empty line is enough. Blocks of code have none.
fn tidy(text: &str) -> String {
    let mut text = text.to_owned();
    while text.contains("\n\n\n") {
        text = text.replace("\n\n\n", "\n\n");
    }
    text
}

fn heading(report: &PullReport) -> String {
    let commit = code(words::short(&report.head));
    let what = match report.purpose {
        Purpose::Preview => "plan for",
        Purpose::Deploy => "deploy of",
    };
    let worst = titles::worst(report);
    let hurts = |plan: &Plan| plan.disruption() > Disruption::ConnectionsDrain;
    let mut plans = report.environments.iter().filter_map(|environment| environment.judged.as_ref());
    let mark = if worst == Status::Planned && plans.any(|judged| hurts(&judged.plan)) {
        "⚠️"
    } else {
        titles::mark(worst)
    };
    format!("{mark} Pointsman: {what} {commit}")
}

fn table(report: &PullReport, environments: usize) -> String {
    if report.environments.is_empty() {
        let what = match report.purpose {
            Purpose::Preview => "This pull request changes no environment.",
            Purpose::Deploy => "This commit changes no environment.",
        };
        return format!("{what}\n");
    }
    let mut text = "| Environment | Status | Plan | Disruption |\n| --- | --- | --- | --- |\n".to_owned();
    for environment in report.environments.iter().take(environments) {
        let plan = environment.judged.as_ref().map(|judged| &judged.plan);
        text.push_str(&format!(
            "| {} | {} {} | {} | {} |\n",
            code(environment.name.as_str()),
            titles::mark(environment.status),
            titles::status(environment.status),
            plan.map_or_else(|| "–".to_owned(), titles::size),
            plan.filter(|plan| !plan.is_empty()).map_or_else(|| "–".to_owned(), titles::disruption),
        ));
    }
    let left_out = report.environments.len().saturating_sub(environments);
    if left_out > 0 {
        text.push_str(&format!(
            "\n{} not shown: GitHub takes no longer comment. Each has a check of its own.\n",
            words::count(left_out, "more environment is", "more environments are")
        ));
    }
    text
}

fn of_the_revision(report: &PullReport, room: usize) -> String {
    let mut text = String::new();
    if let Some(problem) = &report.problem {
        text.push_str(&format!("\n{}", lines_of(problem)));
    }
    if !report.diagnostics.is_empty() {
        text.push_str("\nIn files that no changed environment was read from:\n\n");
        text.push_str(&diagnostics(&report.diagnostics, room));
    }
    text
}

fn footer(report: &PullReport) -> String {
    let base = code(&report.base);
    let what = match (report.purpose, &report.base_commit) {
        (Purpose::Deploy, _) => format!("Commit {} of {base}.", code(words::short(&report.head))),
        (Purpose::Preview, base_commit) => {
            let judges = match base_commit {
                Some(commit) => {
                    format!("Judged by the policies of {base} at {}. ", code(words::short(commit)))
                }
                None => String::new(),
            };
            let then = match titles::worst(report) {
                _ if report.environments.is_empty() => "Merging deploys nothing.",
                Status::Invalid | Status::Denied | Status::NoPlan | Status::Failed => {
                    "As it is, a merge would not be deployed."
                }
                Status::Queued | Status::Planning | Status::Waiting | Status::Removed => "",
                _ => "Merging deploys it.",
            };
            format!("{judges}Nothing was changed. {then}").trim_end().to_owned()
        }
    };
    format!("<sub>{what}</sub>\n")
}

/// Findings in files, each with its place and what to do.
fn diagnostics(diagnostics: &[Diagnostic], room: usize) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics.iter().take(room) {
        let place =
            diagnostic.place.as_ref().map(|place| format!("{}:{}:{}", place.file, place.line, place.column));
        text.push_str(&format!(
            "- **{}** {}{}\n",
            diagnostic.severity.as_str(),
            place.map(|place| format!("{}: ", code(&place))).unwrap_or_default(),
            prose(&diagnostic.message),
        ));
        if let Some(help) = &diagnostic.help {
            text.push_str(&format!("  Help: {}\n", prose(help)));
        }
    }
    text.push_str(&left_out(diagnostics.len(), room, "finding", "findings", "`pointsman check` shows all"));
    text
}

/// Says how many of a list are not shown, and where they are.
fn left_out(all: usize, room: usize, one: &str, many: &str, where_else: &str) -> String {
    match all.saturating_sub(room) {
        0 => String::new(),
        more => format!("\n{} not shown here; {where_else}.\n", words::count(more, one, many)),
    }
}

/// Our own plain text of several lines as a quotation; its list marks stay.
fn lines_of(text: &str) -> String {
    let mut quoted = String::new();
    let mut in_list = false;
    for line in text.lines() {
        if let Some(item) = line.strip_prefix("- ") {
            quoted.push_str(&format!("> - {}\n", prose(item)));
            in_list = true;
        } else if in_list && line.starts_with("  ") {
            quoted.push_str(&format!(">   {}\n", prose(line)));
        } else {
            // Without an empty line it would belong to the last item.
            quoted.push_str(if in_list { ">\n" } else { "" });
            quoted.push_str(&format!("> {}  \n", prose(line)));
            in_list = false;
        }
    }
    quoted
}

/// Whether anything of it went wrong, or waits for somebody.
pub fn worst_status(report: &PullReport) -> Option<Status> {
    report
        .environments
        .iter()
        .map(|environment| environment.status)
        .max_by_key(|status| titles::weight(*status))
}

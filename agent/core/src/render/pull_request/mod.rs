//! The one comment of a pull request, and what its checks say, in Markdown.

mod changes;
pub mod commands;
mod cost;
mod cut;
pub(super) mod environment;
mod escape;
mod failed;
mod policies;
mod room;
#[cfg(test)]
mod tests;
pub(super) mod titles;
mod verdict;

pub use cut::{remarks_left_out, rest_is_elsewhere};
pub use titles::{environment_title, title};

use crate::{
    environment::Diagnostic,
    render::words,
    report::pull_request::{EnvironmentReport, PullReport, Purpose, Status},
};
use escape::{block, code, folded, link, prose};
use room::Room;

/// With more environments than this, what is said of each is folded, but of
/// those that somebody must look at.
const MOST_OPEN: usize = 3;

/// A message longer than this is shortened.
const LONGEST_MESSAGE: usize = 1_000;

/// The comment. When it would be longer than GitHub takes, it is shortened:
/// differences first, then lists, then what is said of the environments that
/// nobody must look at, then rows of the table. Each cut says so.
pub fn comment(report: &PullReport) -> String {
    room::fitted(report.environments.len(), |room| written(report, room), |text| text.chars().count())
}

/// What the check of one environment says: the same as the comment says of it.
pub fn environment_summary(report: &PullReport, environment: &EnvironmentReport) -> String {
    room::fitted(1, |room| tidy(&environment::section(report, environment, room)), str::len)
}

/// What the check of constant name says: the table, and what concerns all.
pub fn overview(report: &PullReport) -> String {
    let of_all = |room: Room| format!("{}{}", table(report, room), of_the_revision(report, room));
    room::fitted(report.environments.len(), of_all, str::len)
}

fn written(report: &PullReport, room: Room) -> String {
    let mut text = format!("### {}\n\n{}\n", verdict::heading(report), verdict::about(report));
    text.push_str(&table(report, room));
    text.push_str(&of_the_revision(report, room));
    let all = by_importance(report);
    for environment in all.iter().take(room.sections) {
        text.push('\n');
        let body = environment::section(report, environment, room);
        let name = environment.name.as_str();
        if all.len() > MOST_OPEN && !wants_a_look(report.purpose, environment) {
            let mark = titles::glance(report.purpose, environment);
            let line = format!("{mark} <code>{name}</code>: {}", environment_title(environment));
            text.push_str(&folded(&line, &body));
        } else {
            text.push_str(&format!("#### {}\n\n{body}", code(name)));
        }
    }
    let not_told = all.len().saturating_sub(room.sections);
    if not_told > 0 && room.rows > 0 {
        let whose = words::count(not_told, "environment", "environments");
        text.push_str(&format!(
            "\nOf {whose} there is only the row above: GitHub takes no longer comment. {}\n",
            elsewhere(report, "Each has a check of its own.")
        ));
    }
    text.push_str(&commands::section(&report.commands));
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

/// Whether somebody must do something about it, or agree to what it breaks.
fn wants_a_look(purpose: Purpose, environment: &EnvironmentReport) -> bool {
    titles::weight(environment.status) > titles::weight(Status::Queued)
        || titles::would_hurt(purpose, environment)
}

/// What somebody must look at first, then what goes on, then what would be
/// noticed; by name otherwise.
fn by_importance(report: &PullReport) -> Vec<&EnvironmentReport> {
    let mut all: Vec<&EnvironmentReport> = report.environments.iter().collect();
    all.sort_by_key(|environment| {
        let weight = titles::weight(environment.status);
        std::cmp::Reverse((weight, titles::would_hurt(report.purpose, environment)))
    });
    all
}

fn table(report: &PullReport, room: Room) -> String {
    if report.environments.is_empty() {
        return String::new();
    }
    let mut text =
        "\n| Environment | Status | Plan | Disruption | Cost per month |\n| --- | --- | --- | --- | --- |\n"
            .to_owned();
    for environment in by_importance(report).into_iter().take(room.rows) {
        let plan = environment.judged.as_ref().map(|judged| &judged.plan);
        let or_none = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
        text.push_str(&format!(
            "| {} | {} {} | {} | {} | {} |\n",
            code(environment.name.as_str()),
            titles::glance(report.purpose, environment),
            titles::status(environment),
            or_none(plan.map(titles::size)),
            or_none(plan.filter(|plan| !plan.is_empty()).map(titles::disruption)),
            or_none(plan.and_then(|plan| cost::cell(&plan.cost))),
        ));
    }
    let left_out = report.environments.len().saturating_sub(room.rows);
    if left_out > 0 {
        text.push_str(&format!(
            "\n{} not shown: GitHub takes no longer comment. {}\n",
            words::count(left_out, "more environment is", "more environments are"),
            elsewhere(report, "Each has a check of its own.")
        ));
    }
    text
}

/// Where all of it stands: on the agent's page, when there is one.
fn elsewhere(report: &PullReport, otherwise: &str) -> String {
    match &report.page {
        Some(page) => format!("{otherwise} All of it: {}.", link("the agent's page", page)),
        None => otherwise.to_owned(),
    }
}

fn of_the_revision(report: &PullReport, room: Room) -> String {
    let mut text = String::new();
    if let Some(problem) = &report.problem {
        text.push_str(&format!("\n{}", lines_of(problem, room)));
    }
    if !report.diagnostics.is_empty() {
        text.push_str("\nIn files that no changed environment was read from:\n\n");
        text.push_str(&diagnostics(&report.diagnostics, room, &rest(report, "`pointsman check` shows all")));
    }
    text
}

/// Where the rest of a list stands.
fn rest(report: &PullReport, command: &str) -> String {
    match &report.page {
        Some(page) => format!("{command}, and so does {}", link("the agent's page", page)),
        None => command.to_owned(),
    }
}

fn footer(report: &PullReport) -> String {
    let base = code(&report.base);
    let what = match (report.purpose, &report.base_commit) {
        (Purpose::Deploy, None) => format!("Commit {} of {base}.", code(words::short(&report.head))),
        (Purpose::Deploy, Some(commit)) => format!(
            "Commit {}, applied before its merge into {base} at {}. As long as this pull request is open, what {base} says \
             of the environment waits.",
            code(words::short(&report.head)),
            code(words::short(commit))
        ),
        (Purpose::Preview, base_commit) => {
            let judges = match base_commit {
                Some(commit) => {
                    format!("Judged by the policies of {base} at {}. ", code(words::short(commit)))
                }
                None => String::new(),
            };
            let then = match titles::worst(report) {
                _ if report.environments.is_empty() => "Merging deploys nothing.",
                _ if !verdict::deployed_nevertheless(report).is_empty() => {
                    "As it is, a merge would deploy the others alone."
                }
                Status::Invalid | Status::Denied | Status::NoPlan | Status::Failed => {
                    "As it is, a merge would not be deployed."
                }
                Status::Queued | Status::Planning | Status::Waiting | Status::Removed => "",
                _ => "Merging deploys it.",
            };
            format!("{judges}Nothing was changed. {then}").trim_end().to_owned()
        }
    };
    let page = report.page.as_ref().map(|page| format!(" {}.", link("All of it", page))).unwrap_or_default();
    format!("<sub>{what}{page}</sub>\n")
}

/// Findings in files, each with its place and what to do.
fn diagnostics(diagnostics: &[Diagnostic], room: Room, where_else: &str) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics.iter().take(room.list) {
        let place =
            diagnostic.place.as_ref().map(|place| format!("{}:{}:{}", place.file, place.line, place.column));
        text.push_str(&format!(
            "- **{}** {}{}\n",
            diagnostic.severity.as_str(),
            place.map(|place| format!("{}: ", code(&place))).unwrap_or_default(),
            told(&diagnostic.message),
        ));
        if let Some(help) = &diagnostic.help {
            text.push_str(&format!("  Help: {}\n", told(help)));
        }
    }
    text.push_str(&left_out(diagnostics.len(), room.list, "finding", "findings", where_else));
    text
}

/// A message of others, shortened when it is very long.
fn told(text: &str) -> String {
    prose(&changes::shortened_to(text, LONGEST_MESSAGE))
}

/// Says how many of a list are not shown, and where they are.
fn left_out(all: usize, room: usize, one: &str, many: &str, where_else: &str) -> String {
    match all.saturating_sub(room) {
        0 => String::new(),
        more => format!("\n{} not shown here; {where_else}.\n", words::count(more, one, many)),
    }
}

/// Our own plain text of several lines as a quotation; its list marks stay.
fn lines_of(text: &str, room: Room) -> String {
    let mut quoted = String::new();
    let mut in_list = false;
    let all = text.lines().count();
    for line in text.lines().take(room.list) {
        if let Some(item) = line.strip_prefix("- ") {
            // Without anything behind it the mark would underline the line before.
            let item = Some(told(item)).filter(|item| !item.is_empty()).unwrap_or_else(|| code(""));
            quoted.push_str(&format!("> - {item}\n"));
            in_list = true;
        } else if in_list && line.starts_with("  ") {
            quoted.push_str(&format!(">   {}\n", told(line)));
        } else {
            // Without an empty line it would belong to the last item.
            quoted.push_str(if in_list { ">\n" } else { "" });
            quoted.push_str(&format!("> {}  \n", told(line)));
            in_list = false;
        }
    }
    quoted.push_str(&left_out(all, room.list, "line", "lines", "the agent's log has all"));
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

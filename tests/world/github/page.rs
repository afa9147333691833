//! The pages on which a person looks at what the agent wrote. No scripts; nothing can be changed here.

mod markdown;
mod pull;

use super::http::{Answer, Request};
use super::state::{Pull, Repository, State};

const STYLE: &str = include_str!("page/style.css");

/// Answers a request for a page.
pub(super) fn answer(state: &mut State, request: &Request, root: &str) -> Answer {
    state.refresh();
    if request.method != "GET" {
        return Answer::html(
            405,
            document("Not allowed", None, "<main><p>Pages are for reading.</p></main>"),
        );
    }
    let parts: Vec<&str> = request.path.split('/').filter(|part| !part.is_empty()).collect();
    let found = match parts[..] {
        [] => Some(document("Repositories", None, &overview(state))),
        [owner, name, ref rest @ ..] => {
            let index = state.repository_index(owner, name.trim_end_matches(".git"));
            index.and_then(|index| below(&state.repositories[index], rest, root))
        }
        [_] => None,
    };
    found.map_or_else(missing, |page| Answer::html(200, page))
}

fn below(repository: &Repository, rest: &[&str], root: &str) -> Option<String> {
    let shown = |number: u64| repository.pulls.get(&number).map(|pull| pull::page(repository, pull, root));
    match rest {
        [] | ["pulls"] => {
            let body = format!("<main>{}</main>", section(repository));
            Some(document(&repository.git.full_name(), None, &body))
        }
        ["pull", number, ..] => shown(number.parse().ok()?),
        ["runs", id] => {
            let id: u64 = id.parse().ok()?;
            let check = repository.checks.iter().find(|check| check.id == id)?;
            let pull = repository.pulls.values().find(|pull| pull.head_sha == check.head_sha)?;
            shown(pull.number)
        }
        ["commit", sha] => {
            let merged =
                |pull: &&Pull| pull.merge_commit_sha.as_deref() == Some(sha) || pull.head_sha == **sha;
            shown(repository.pulls.values().find(merged)?.number)
        }
        _ => None,
    }
}

fn missing() -> Answer {
    let body =
        "<main><h1>Nothing is here</h1><p><a href=\"/\">All repositories and pull requests</a></p></main>";
    Answer::html(404, document("Not found", None, body))
}

fn overview(state: &State) -> String {
    let sections: String = state.repositories.iter().map(section).collect();
    format!("<main>{sections}</main>")
}

fn section(repository: &Repository) -> String {
    let name = escape(&repository.git.full_name());
    let row = |pull: &Pull| {
        let number = pull.number;
        format!(
            "<li>{} <a class=\"title\" href=\"/{name}/pull/{number}\">{}</a> <span class=\"muted\">#{number} by {} · {} comment{}</span></li>",
            badge(pull),
            escape(&pull.title),
            escape(&pull.author),
            pull.comments.len(),
            if pull.comments.len() == 1 { "" } else { "s" },
        )
    };
    let rows: String = repository.pulls.values().rev().map(row).collect();
    let rows =
        if rows.is_empty() { "<li class=\"muted\">No pull request yet.</li>".to_owned() } else { rows };
    format!("<h1><a href=\"/{name}\">{name}</a></h1><ul class=\"box rows\">{rows}</ul>")
}

/// The coloured word for a pull request's state.
fn badge(pull: &Pull) -> String {
    let (class, word) = match (pull.open, pull.draft, pull.merged.is_some()) {
        (true, true, _) => ("draft", "Draft"),
        (true, false, _) => ("open", "Open"),
        (false, _, true) => ("merged", "Merged"),
        (false, _, false) => ("closed", "Closed"),
    };
    format!("<span class=\"badge {class}\">{word}</span>")
}

/// A whole document; `refresh` in seconds makes the browser load it again.
fn document(title: &str, refresh: Option<u32>, body: &str) -> String {
    let refresh = refresh
        .map(|seconds| format!("<meta http-equiv=\"refresh\" content=\"{seconds}\">"))
        .unwrap_or_default();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">{refresh}\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{}</title><style>{STYLE}</style></head><body>\
         <header class=\"top\"><a href=\"/\">GitHub stand-in</a> <span>a local server for trying and testing</span></header>\
         {body}</body></html>\n",
        escape(title),
    )
}

/// Text as HTML.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

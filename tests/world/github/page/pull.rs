//! The page of one pull request.

use serde_json::Value;

use super::super::state::{Author, CheckRun, Comment, Deployment, Pull, Repository, Status};
use super::{badge, document, escape, markdown};

/// Seconds between looks while something is in progress.
const LOOK_AGAIN: u32 = 2;

pub(super) fn page(repository: &Repository, pull: &Pull, root: &str) -> String {
    let checks = repository.latest_checks(&pull.head_sha);
    let statuses = repository.latest_statuses(&pull.head_sha);
    let deployments = repository.deployments_of(pull);
    let body = format!(
        "<main>{}{}{}{}{}{}</main>",
        head(repository, pull),
        comment_box(
            &Author::person(&pull.author),
            "opened this pull request",
            &pull.created_at,
            &pull.body,
            ""
        ),
        commits(repository, pull),
        pull.comments.iter().map(comment).collect::<String>() + &reviews(pull) + &merge(pull),
        checks_box(&checks, &statuses),
        deployments_box(&deployments) + &clone_hint(repository, root),
    );
    let title = format!("{} · Pull request #{}", pull.title, pull.number);
    document(&title, busy(pull, &checks, &statuses, &deployments).then_some(LOOK_AGAIN), &body)
}

/// True while something moves or is about to.
fn busy(pull: &Pull, checks: &[CheckRun], statuses: &[Status], deployments: &[Deployment]) -> bool {
    let moving = |state: &str| ["queued", "in_progress", "pending", "waiting"].contains(&state);
    let waiting = if pull.open { checks.is_empty() && statuses.is_empty() } else { deployments.is_empty() };
    waiting && (pull.open || pull.merged.is_some())
        || checks.iter().any(|check| check.status != "completed")
        || statuses.iter().any(|status| moving(&status.state))
        || deployments
            .iter()
            .any(|deployment| deployment.statuses.last().is_none_or(|status| moving(&status.state)))
}

fn head(repository: &Repository, pull: &Pull) -> String {
    let name = escape(&repository.git.full_name());
    let count = repository.git.log(&format!("{}..{}", pull.base_sha, pull.head_sha)).len();
    let plural = if count == 1 { "" } else { "s" };
    let (who, verb) = match &pull.merged {
        Some(merged) => (&merged.by, "merged"),
        None => (&pull.author, "wants to merge"),
    };
    format!(
        "<p class=\"path\"><a href=\"/{name}\">{name}</a></p><h1>{} <span class=\"muted\">#{}</span></h1>\
         <p class=\"facts\">{} <strong>{}</strong> {verb} {count} commit{plural} into <code class=\"branch\">{}</code> from \
         <code class=\"branch\">{}</code>{}</p>",
        escape(&pull.title),
        pull.number,
        badge(pull),
        escape(who),
        escape(&pull.base_branch),
        escape(&pull.head_branch),
        if pull.open && pull.mergeable == Some(false) {
            " <span class=\"bad\">with conflicts</span>"
        } else {
            ""
        },
    )
}

fn avatar(author: &Author) -> String {
    let letter = author.login.chars().next().unwrap_or('?').to_uppercase().to_string();
    let class = if author.is_bot { "avatar bot" } else { "avatar" };
    format!("<span class=\"{class}\" aria-hidden=\"true\">{}</span>", escape(&letter))
}

fn name(author: &Author) -> String {
    let bot = if author.is_bot { " <span class=\"tag\">bot</span>" } else { "" };
    format!("<strong>{}</strong>{bot}", escape(author.login.trim_end_matches("[bot]")))
}

fn time(at: &str) -> String {
    let shown = at.replace('T', " ").replace('Z', " UTC");
    format!("<time datetime=\"{}\">{}</time>", escape(at), escape(&shown))
}

fn comment_box(author: &Author, did: &str, at: &str, body: &str, foot: &str) -> String {
    let text = if body.trim().is_empty() {
        "<p class=\"muted\"><em>No description provided.</em></p>".to_owned()
    } else {
        markdown::render(body)
    };
    format!(
        "<article class=\"comment\">{}<div class=\"box\"><div class=\"box-head\">{} {did} {}</div>\
         <div class=\"markdown\">{text}</div>{foot}</div></article>",
        avatar(author),
        name(author),
        time(at),
    )
}

fn comment(comment: &Comment) -> String {
    let did = match comment.edits {
        0 => "commented".to_owned(),
        1 => "commented <span class=\"muted\">(edited once)</span>".to_owned(),
        edits => format!("commented <span class=\"muted\">(edited {edits} times)</span>"),
    };
    let reactions: String = comment
        .reactions
        .iter()
        .map(|reaction| {
            let sign = match reaction.content.as_str() {
                "+1" => "👍",
                "-1" => "👎",
                "eyes" => "👀",
                "rocket" => "🚀",
                "heart" => "❤️",
                "hooray" => "🎉",
                "confused" => "😕",
                _ => "😄",
            };
            format!("<span class=\"reaction\" title=\"{}\">{sign}</span>", escape(&reaction.author.login))
        })
        .collect();
    let foot = if reactions.is_empty() {
        String::new()
    } else {
        format!("<div class=\"reactions\">{reactions}</div>")
    };
    let shown = comment_box(&comment.author, &did, &comment.created_at, &comment.body, &foot);
    format!("<div id=\"issuecomment-{}\">{shown}</div>", comment.id)
}

fn commits(repository: &Repository, pull: &Pull) -> String {
    let mut commits = repository.git.log(&format!("{}..{}", pull.base_sha, pull.head_sha));
    commits.reverse();
    let row = |commit: &crate::git::Commit| {
        let subject = commit.message.lines().next().unwrap_or_default();
        let sha = &commit.sha[..7];
        format!("<li><span class=\"dot\"></span>{} <code class=\"muted\">{sha}</code></li>", escape(subject))
    };
    format!("<ul class=\"timeline\">{}</ul>", commits.iter().map(row).collect::<String>())
}

fn merge(pull: &Pull) -> String {
    let (Some(merged), Some(sha)) = (&pull.merged, &pull.merge_commit_sha) else {
        return String::new();
    };
    format!(
        "<ul class=\"timeline\"><li><span class=\"dot merged\"></span><strong>{}</strong> merged commit <code>{}</code> into \
         <code class=\"branch\">{}</code> {}</li></ul>",
        escape(&merged.by),
        &sha[..7],
        escape(&pull.base_branch),
        time(&merged.at),
    )
}

fn reviews(pull: &Pull) -> String {
    let row = |review: &super::super::state::Review| {
        let did = match review.state.as_str() {
            "APPROVED" => "approved these changes",
            "CHANGES_REQUESTED" => "requested changes",
            _ => "reviewed",
        };
        let stale = if review.commit_id == pull.head_sha {
            ""
        } else {
            " <span class=\"muted\">(of an earlier commit)</span>"
        };
        format!(
            "<li><span class=\"dot\"></span>{} {did}{stale} {}</li>",
            name(&review.author),
            time(&review.submitted_at)
        )
    };
    let rows: String = pull.reviews.iter().map(row).collect();
    if rows.is_empty() { String::new() } else { format!("<ul class=\"timeline\">{rows}</ul>") }
}

/// The sign and the class of a state of a check, a status or a deployment.
fn sign(state: &str) -> String {
    let (class, character) = match state {
        "success" => ("good", "✓"),
        "failure" | "error" | "timed_out" => ("bad", "✕"),
        "action_required" => ("warn", "!"),
        "in_progress" => ("busy", "●"),
        "queued" | "pending" | "waiting" => ("busy", "○"),
        _ => ("muted", "–"),
    };
    format!("<span class=\"sign {class}\" title=\"{}\">{character}</span>", escape(state))
}

fn checks_box(checks: &[CheckRun], statuses: &[Status]) -> String {
    let rows: String = checks.iter().map(check_row).chain(statuses.iter().map(status_row)).collect();
    if rows.is_empty() {
        return String::new();
    }
    format!("<h2>Checks</h2><ul class=\"box rows checks\">{rows}</ul>")
}

fn check_row(check: &CheckRun) -> String {
    let stage = check.conclusion.as_deref().unwrap_or(&check.status);
    let title = check.title.as_deref().unwrap_or_default();
    let line = format!(
        "{} <strong>{}</strong> <span class=\"muted\">{}</span> {}{}",
        sign(stage),
        escape(&check.name),
        escape(&stage.replace('_', " ")),
        escape(title),
        link(check.details_url.as_deref(), "Details"),
    );
    let output: String =
        [&check.summary, &check.text].into_iter().flatten().map(|text| markdown::render(text)).collect();
    let annotations: String = check.annotations.iter().map(annotation).collect();
    if output.is_empty() && annotations.is_empty() {
        return format!("<li id=\"check-{}\">{line}</li>", check.id);
    }
    let open = if ["failure", "action_required"].contains(&stage) { " open" } else { "" };
    format!(
        "<li id=\"check-{}\"><details{open}><summary>{line}</summary><div class=\"markdown\">{output}</div>{annotations}</details></li>",
        check.id,
    )
}

fn annotation(annotation: &Value) -> String {
    let text = |field: &str| escape(annotation[field].as_str().unwrap_or_default());
    format!(
        "<div class=\"annotation {}\"><code>{}:{}</code> <strong>{}</strong><pre>{}</pre></div>",
        text("annotation_level"),
        text("path"),
        annotation["start_line"],
        text("title"),
        text("message"),
    )
}

fn status_row(status: &Status) -> String {
    format!(
        "<li>{} <strong>{}</strong> <span class=\"muted\">{}</span> {}{}</li>",
        sign(&status.state),
        escape(&status.context),
        escape(&status.state),
        escape(status.description.as_deref().unwrap_or_default()),
        link(status.target_url.as_deref(), "Details"),
    )
}

fn link(target: Option<&str>, label: &str) -> String {
    let target = target.filter(|target| target.starts_with("http://") || target.starts_with("https://"));
    target
        .map(|target| format!(" <a class=\"more\" href=\"{}\">{label}</a>", escape(target)))
        .unwrap_or_default()
}

fn deployments_box(deployments: &[Deployment]) -> String {
    if deployments.is_empty() {
        return String::new();
    }
    let row = |deployment: &Deployment| {
        let last = deployment.statuses.last();
        let steps: String = deployment
            .statuses
            .iter()
            .map(|status| {
                let is_last = last.is_some_and(|last| last.id == status.id);
                let environment_url = status.environment_url.as_deref().filter(|_| is_last);
                let log_url = status.log_url.as_deref().filter(|_| is_last);
                format!(
                    "<li>{} <span class=\"muted\">{}</span> {}{}{} {}</li>",
                    sign(&status.state),
                    escape(&status.state.replace('_', " ")),
                    escape(status.description.as_deref().unwrap_or_default()),
                    link(environment_url, "View deployment"),
                    link(log_url, "Log"),
                    time(&status.created_at),
                )
            })
            .collect();
        format!(
            "<li>{} <strong>{}</strong> <span class=\"muted\">of <code>{}</code> by {}</span><ol class=\"steps\">{steps}</ol></li>",
            sign(last.map_or("queued", |status| &status.state)),
            escape(&deployment.environment),
            &deployment.sha[..7],
            escape(deployment.author.login.trim_end_matches("[bot]")),
        )
    };
    format!(
        "<h2>Deployments</h2><ul class=\"box rows\">{}</ul>",
        deployments.iter().map(row).collect::<String>()
    )
}

fn clone_hint(repository: &Repository, root: &str) -> String {
    let address = escape(&format!("{root}/{}.git", repository.git.full_name()));
    format!(
        "<p class=\"hint\">This repository can be cloned and pushed to: <code>git clone {address}</code></p>"
    )
}

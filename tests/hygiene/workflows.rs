//! The hosted workflows hold no more rights than they need, and run exactly what was reviewed.

use crate::{
    none,
    repository::{files, must_read},
};

fn workflows() -> Vec<(&'static str, String)> {
    let workflows: Vec<_> = files()
        .filter(|path| path.starts_with(".github/workflows/"))
        .map(|path| (path, must_read(path)))
        .collect();
    assert!(workflows.len() >= 3, "found {} workflows: has the folder moved?", workflows.len());
    workflows
}

/// The name and the lines of each job: what is indented under `jobs:`.
fn jobs(text: &str) -> Vec<(String, Vec<&str>)> {
    let mut jobs: Vec<(String, Vec<&str>)> = Vec::new();
    for line in text.lines().skip_while(|line| *line != "jobs:").skip(1) {
        let name = line
            .strip_prefix("  ")
            .filter(|rest| !rest.starts_with([' ', '#']))
            .and_then(|rest| rest.strip_suffix(':'));
        match (name, jobs.last_mut()) {
            (Some(name), _) => jobs.push((name.to_owned(), Vec::new())),
            (None, Some((_, lines))) => lines.push(line),
            (None, None) => {}
        }
    }
    jobs
}

#[test]
fn actions_are_pinned_by_commit() {
    let mut findings = Vec::new();
    for (path, text) in workflows() {
        for (number, line) in text.lines().enumerate() {
            let Some((_, action)) = line.split_once("uses:") else { continue };
            let (action, version) = action.split_once('#').unwrap_or((action, ""));
            let pin = action.trim().split_once('@').map_or("", |(_, pin)| pin);
            let is_commit = pin.len() == 40 && pin.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'));
            if !is_commit || !version.trim().starts_with('v') {
                findings.push(format!("{path}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    none(
        &findings,
        "Pin the action by its full commit, with the version in a comment (`@<40 hex> # v1.2.3`):",
    );
}

#[test]
fn every_job_asks_for_its_own_rights() {
    let mut findings = Vec::new();
    for (path, text) in workflows() {
        if !text.lines().any(|line| line == "permissions: {}") {
            findings.push(format!("{path}: no `permissions: {{}}` at the top"));
        }
        if text.contains("write-all") || text.contains("read-all") || text.contains("pull_request_target") {
            findings.push(format!("{path}: write-all, read-all or pull_request_target"));
        }
        let jobs = jobs(&text);
        assert!(!jobs.is_empty(), "{path} has no job that this test can read");
        for (job, lines) in jobs {
            if !lines.contains(&"    permissions:") {
                findings.push(format!("{path}: job {job} declares no permissions"));
            }
            if !lines.iter().any(|line| line.starts_with("    timeout-minutes:")) {
                findings.push(format!("{path}: job {job} has no time limit"));
            }
        }
    }
    none(&findings, "Workflows start with no rights, and each job names what it needs:");
}

#[test]
fn checkouts_leave_no_credentials_behind() {
    let mut findings = Vec::new();
    for (path, text) in workflows() {
        let lines: Vec<&str> = text.lines().collect();
        for (at, line) in lines.iter().enumerate().filter(|(_, line)| line.contains("actions/checkout@")) {
            let step = lines[at + 1..].iter().take_while(|next| !next.trim_start().starts_with("- "));
            if !step.into_iter().any(|next| next.trim() == "persist-credentials: false") {
                findings.push(format!("{path}:{}: {}", at + 1, line.trim()));
            }
        }
    }
    none(&findings, "Add `with: persist-credentials: false` to:");
}

#[test]
fn scripts_take_no_text_from_strangers() {
    let mut findings = Vec::new();
    for (path, text) in workflows() {
        let mut block = None;
        for (number, line) in text.lines().enumerate() {
            let indent = line.len() - line.trim_start().len();
            if block.is_some_and(|deeper_than| indent <= deeper_than && !line.trim().is_empty()) {
                block = None;
            }
            // Steps stand at six spaces or deeper; a job may be called `run`.
            let starts = indent >= 6 && line.trim_start().trim_start_matches("- ").starts_with("run:");
            if starts {
                block = Some(indent);
            }
            if block.is_some() && line.contains("${{") {
                findings.push(format!("{path}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    none(&findings, "Hand the value over in `env:` and name the variable in the script:");
}

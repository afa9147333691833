//! Commits, branches and references, straight from Git.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::http::Answer;
use super::{Call, Handled, Handler};

pub(super) fn handler(operation: &str) -> Option<Handler> {
    Some(match operation {
        "repos/get-commit" => get,
        "repos/list-commits" => list,
        "repos/compare-commits-with-basehead" => compare,
        "repos/get-branch" => branch,
        "repos/list-branches" => branches,
        "repos/get-content" => content,
        "git/get-ref" => reference,
        "git/list-matching-refs" => references,
        _ => return None,
    })
}

fn get(call: &mut Call<'_>) -> Handled {
    let sha = call.commit("ref")?;
    let repository = call.repository();
    let commits = repository.git.log(&sha);
    let commit = commits.first().ok_or_else(Answer::not_found)?;
    Ok(Answer::ok(call.shape.commit(repository, commit)))
}

fn list(call: &mut Call<'_>) -> Handled {
    let repository = call.repository();
    let from = call.query("sha").unwrap_or(&repository.default_branch);
    let sha = repository.git.resolve(from).ok_or_else(Answer::not_found)?;
    let commits = repository.git.log(&sha);
    Ok(Answer::list(commits.iter().map(|commit| call.shape.commit(repository, commit)).collect()))
}

fn compare(call: &mut Call<'_>) -> Handled {
    let repository = call.repository();
    let git = &repository.git;
    let (base, head) = call.parameter("basehead").split_once("...").ok_or_else(Answer::not_found)?;
    let base = git.resolve(base).ok_or_else(Answer::not_found)?;
    let head = git.resolve(head).ok_or_else(Answer::not_found)?;
    let mut ahead = git.log(&format!("{base}..{head}"));
    let behind = git.log(&format!("{head}..{base}"));
    ahead.reverse();
    let shape = |sha: &str| git.log(sha).first().map(|commit| call.shape.commit(repository, commit));
    let common = git.merge_base(&base, &head).ok_or_else(Answer::not_found)?;
    let files = git.changed_files(&base, &head);
    Ok(Answer::ok(json!({
        "status": match (ahead.len(), behind.len()) {
            (0, 0) => "identical",
            (_, 0) => "ahead",
            (0, _) => "behind",
            (_, _) => "diverged",
        },
        "ahead_by": ahead.len(),
        "behind_by": behind.len(),
        "total_commits": ahead.len(),
        "base_commit": shape(&base),
        "merge_base_commit": shape(&common),
        "commits": ahead.iter().map(|commit| call.shape.commit(repository, commit)).collect::<Vec<_>>(),
        "files": files.iter().take(300).map(|file| call.shape.file(repository, &head, file)).collect::<Vec<_>>(),
    })))
}

fn branch(call: &mut Call<'_>) -> Handled {
    let repository = call.repository();
    let name = call.parameter("branch");
    let sha = repository.branches.get(name).ok_or_else(|| Answer::refusal(404, "Branch not found"))?;
    let mut shape = call.shape.branch(repository, name, sha);
    let commits = repository.git.log(sha);
    shape["commit"] = json!(commits.first().map(|commit| call.shape.commit(repository, commit)));
    Ok(Answer::ok(shape))
}

fn branches(call: &mut Call<'_>) -> Handled {
    let repository = call.repository();
    let all = repository.branches.iter();
    Ok(Answer::list(all.map(|(name, sha)| call.shape.branch(repository, name, sha)).collect()))
}

fn content(call: &mut Call<'_>) -> Handled {
    let repository = call.repository();
    let revision = call.query("ref").unwrap_or(&repository.default_branch);
    let path = call.parameter("path");
    let text = repository.git.read(revision, path).ok_or_else(Answer::not_found)?;
    Ok(Answer::ok(json!({
        "type": "file",
        "encoding": "base64",
        "size": text.len(),
        "name": path.rsplit('/').next(),
        "path": path,
        "content": STANDARD.encode(text),
    })))
}

fn reference_shape(name: &str, sha: &str) -> Value {
    json!({ "ref": name, "node_id": "REF_1", "object": { "type": "commit", "sha": sha } })
}

fn references(call: &mut Call<'_>) -> Handled {
    let prefix = format!("refs/{}", call.parameter("ref"));
    let all = call.repository().git.refs("refs/");
    let wanted = all.iter().filter(|(name, _)| name.starts_with(&prefix));
    Ok(Answer::list(wanted.map(|(name, sha)| reference_shape(name, sha)).collect()))
}

fn reference(call: &mut Call<'_>) -> Handled {
    let wanted = format!("refs/{}", call.parameter("ref"));
    let all = call.repository().git.refs(&wanted);
    let found = all.iter().find(|(name, _)| *name == wanted).ok_or_else(Answer::not_found)?;
    Ok(Answer::ok(reference_shape(&found.0, &found.1)))
}

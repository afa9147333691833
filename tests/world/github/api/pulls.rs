//! Pull requests.

use serde_json::{Value, json};

use super::super::http::Answer;
use super::super::state::{Pull, Review, now};
use super::{Call, Handled, Handler};

pub(super) fn handler(operation: &str) -> Option<Handler> {
    Some(match operation {
        "pulls/list" => list,
        "pulls/get" => get,
        "pulls/create" => create,
        "pulls/update" => update,
        "pulls/merge" => merge,
        "pulls/check-if-merged" => merged,
        "pulls/list-commits" => commits,
        "pulls/list-files" => files,
        "pulls/list-reviews" => reviews,
        "pulls/create-review" => review,
        "repos/list-pull-requests-associated-with-commit" => of_commit,
        _ => return None,
    })
}

fn find<'a>(call: &'a Call<'_>) -> Result<&'a Pull, Answer> {
    call.repository().pulls.get(&call.id("pull_number")).ok_or_else(Answer::not_found)
}

fn find_mut<'a>(call: &'a mut Call<'_>) -> Result<&'a mut Pull, Answer> {
    let number = call.id("pull_number");
    call.repository_mut().pulls.get_mut(&number).ok_or_else(Answer::not_found)
}

/// The answer about one pull request says more than a list does.
fn full(call: &mut Call<'_>, number: u64) -> Result<Value, Answer> {
    let unknown = call.state.mergeable_unknown > 0;
    call.state.mergeable_unknown = call.state.mergeable_unknown.saturating_sub(1);
    let repository = call.repository();
    let pull = repository.pulls.get(&number).ok_or_else(Answer::not_found)?;
    let mut shape = call.shape.pull(repository, pull);
    let mergeable = if unknown || !pull.open { None } else { pull.mergeable };
    let files = repository.git.changed_files(&pull.base_sha, &pull.head_sha);
    shape["mergeable"] = json!(mergeable);
    shape["rebaseable"] = json!(mergeable);
    shape["mergeable_state"] = json!(match mergeable {
        None => "unknown",
        Some(true) => "clean",
        Some(false) => "dirty",
    });
    shape["merged"] = json!(pull.merged.is_some());
    shape["merged_by"] = json!(pull.merged.as_ref().map(|merged| call.shape.person(&merged.by)));
    shape["comments"] = json!(pull.comments.len());
    shape["commits"] = json!(repository.git.log(&format!("{}..{}", pull.base_sha, pull.head_sha)).len());
    shape["additions"] = json!(files.iter().map(|file| file.additions).sum::<u64>());
    shape["deletions"] = json!(files.iter().map(|file| file.deletions).sum::<u64>());
    shape["changed_files"] = json!(files.len());
    Ok(shape)
}

fn get(call: &mut Call<'_>) -> Handled {
    let number = call.id("pull_number");
    full(call, number).map(Answer::ok)
}

fn list(call: &mut Call<'_>) -> Handled {
    let repository = call.repository();
    let state = call.query("state").unwrap_or("open");
    let head = call.query("head").map(|head| head.split_once(':').map_or(head, |(_, branch)| branch));
    let wanted = |pull: &&Pull| {
        (state == "all" || (state == "open") == pull.open)
            && head.is_none_or(|head| head == pull.head_branch)
            && call.query("base").is_none_or(|base| base == pull.base_branch)
    };
    let mut pulls: Vec<&Pull> = repository.pulls.values().filter(wanted).collect();
    let by_update = call.query("sort") == Some("updated");
    pulls.sort_by_key(|pull| (if by_update { &pull.updated_at } else { &pull.created_at }, pull.number));
    if call.query("direction") != Some("asc") {
        pulls.reverse();
    }
    Ok(Answer::list(pulls.into_iter().map(|pull| call.shape.pull(repository, pull)).collect()))
}

fn create(call: &mut Call<'_>) -> Handled {
    let field = |name: &str| call.text(name).unwrap_or_default();
    let head = field("head");
    let head = head.split_once(':').map_or(head.as_str(), |(_, branch)| branch).to_owned();
    let (base, title, body) = (field("base"), field("title"), field("body"));
    let author = call.author().login;
    let number = call.state.open(call.repository, &head, &base, &title, &body, &author)?;
    full(call, number).map(Answer::created)
}

fn update(call: &mut Call<'_>) -> Handled {
    let (title, body, state) = (call.text("title"), call.text("body"), call.text("state"));
    let pull = find_mut(call)?;
    if let Some(title) = title {
        pull.title = title;
    }
    if let Some(body) = body {
        pull.body = body;
    }
    pull.updated_at = now();
    match state.as_deref() {
        Some("closed") if pull.open => pull.close(),
        Some("open") => {
            let number = pull.number;
            call.repository_mut().reopen(number);
        }
        _ => {}
    }
    get(call)
}

fn merge(call: &mut Call<'_>) -> Handled {
    let number = find(call)?.number;
    let by = call.author().login;
    let method = call.text("merge_method").unwrap_or_else(|| "merge".to_owned());
    let sha = call.text("sha");
    let sha = call.repository_mut().merge(number, &by, &method, sha.as_deref())?;
    Ok(Answer::ok(json!({ "sha": sha, "merged": true, "message": "Pull Request successfully merged" })))
}

fn merged(call: &mut Call<'_>) -> Handled {
    if find(call)?.merged.is_some() { Ok(Answer::empty(204)) } else { Err(Answer::empty(404)) }
}

fn commits(call: &mut Call<'_>) -> Handled {
    let pull = find(call)?;
    let mut commits = call.repository().git.log(&format!("{}..{}", pull.base_sha, pull.head_sha));
    commits.reverse();
    Ok(Answer::list(commits.iter().map(|commit| call.shape.commit(call.repository(), commit)).collect()))
}

fn files(call: &mut Call<'_>) -> Handled {
    let pull = find(call)?;
    let files = call.repository().git.changed_files(&pull.base_sha, &pull.head_sha);
    let shape = |file| call.shape.file(call.repository(), &pull.head_sha, file);
    // GitHub ends after 3,000 files and says nothing about the rest.
    Ok(Answer::list(files.iter().take(3000).map(shape).collect()))
}

fn reviews(call: &mut Call<'_>) -> Handled {
    let pull = find(call)?;
    let shape = |review| call.shape.review(call.repository(), pull.number, review);
    Ok(Answer::list(pull.reviews.iter().map(shape).collect()))
}

fn review(call: &mut Call<'_>) -> Handled {
    let state = match call.body["event"].as_str() {
        Some("APPROVE") => "APPROVED",
        Some("REQUEST_CHANGES") => "CHANGES_REQUESTED",
        _ => "COMMENTED",
    };
    let author = call.author();
    let head = find(call)?.head_sha.clone();
    if find(call)?.author == author.login && state != "COMMENTED" {
        return Err(Answer::refusal(422, "Can not approve your own pull request"));
    }
    let review = Review {
        id: call.state.next_id(),
        author,
        state: state.to_owned(),
        body: call.text("body").unwrap_or_default(),
        commit_id: call.text("commit_id").unwrap_or(head),
        submitted_at: now(),
    };
    let pull = find_mut(call)?;
    pull.reviews.push(review.clone());
    let number = pull.number;
    Ok(Answer::ok(call.shape.review(call.repository(), number, &review)))
}

/// Merged pull requests whose merge holds the commit; for a commit outside the default branch, the open ones.
fn of_commit(call: &mut Call<'_>) -> Handled {
    let sha = call.commit("commit_sha")?;
    let repository = call.repository();
    let holds = |pull: &&Pull| {
        let merge = pull.merged.as_ref().and(pull.merge_commit_sha.as_deref());
        merge == Some(&sha) || {
            let git = &repository.git;
            git.is_ancestor(&sha, &pull.head_sha) && !git.is_ancestor(&sha, &pull.base_sha)
        }
    };
    let pulls = repository.pulls.values().filter(holds);
    Ok(Answer::list(pulls.map(|pull| call.shape.pull(repository, pull)).collect()))
}

//! Comments on pull requests, reactions, labels. Every pull request is an issue; other issues are not kept.

use super::super::http::Answer;
use super::super::state::{Comment, Pull, Reaction, now};
use super::{Call, Handled, Handler};

pub(super) fn handler(operation: &str) -> Option<Handler> {
    Some(match operation {
        "issues/list-comments" => list,
        "issues/list-comments-for-repo" => list_all,
        "issues/create-comment" => create,
        "issues/get-comment" => get,
        "issues/update-comment" => update,
        "issues/delete-comment" => delete,
        "issues/list-labels-on-issue" => labels,
        "issues/add-labels" => add_labels,
        "issues/remove-label" => remove_label,
        "reactions/list-for-issue-comment" => reactions,
        "reactions/create-for-issue-comment" => react,
        "reactions/delete-for-issue-comment" => unreact,
        _ => return None,
    })
}

fn pull<'a>(call: &'a mut Call<'_>) -> Result<&'a mut Pull, Answer> {
    let number = call.id("issue_number");
    call.repository_mut().pulls.get_mut(&number).ok_or_else(Answer::not_found)
}

fn list(call: &mut Call<'_>) -> Handled {
    let since = call.query("since").map(str::to_owned);
    let pull = pull(call)?.clone();
    let wanted = pull
        .comments
        .iter()
        .filter(|comment| since.as_ref().is_none_or(|since| comment.updated_at >= *since));
    Ok(Answer::list(
        wanted.map(|comment| call.shape.comment(call.repository(), pull.number, comment)).collect(),
    ))
}

fn list_all(call: &mut Call<'_>) -> Handled {
    let repository = call.repository();
    let mut comments: Vec<(u64, &Comment)> = Vec::new();
    for pull in repository.pulls.values() {
        comments.extend(pull.comments.iter().map(|comment| (pull.number, comment)));
    }
    if let Some(since) = call.query("since") {
        comments.retain(|(_, comment)| comment.updated_at.as_str() >= since);
    }
    if call.query("sort") == Some("updated") {
        comments.sort_by_key(|(_, comment)| (&comment.updated_at, comment.id));
    } else {
        comments.sort_by_key(|(_, comment)| comment.id);
    }
    if call.query("direction") == Some("desc") {
        comments.reverse();
    }
    Ok(Answer::list(
        comments
            .into_iter()
            .map(|(number, comment)| call.shape.comment(repository, number, comment))
            .collect(),
    ))
}

fn create(call: &mut Call<'_>) -> Handled {
    let number = pull(call)?.number;
    let comment = Comment {
        id: call.state.next_id(),
        author: call.author(),
        body: call.text("body").unwrap_or_default(),
        created_at: now(),
        updated_at: now(),
        edits: 0,
        reactions: Vec::new(),
    };
    let shape = call.shape.comment(call.repository(), number, &comment);
    let pull = pull(call)?;
    pull.comments.push(comment);
    pull.updated_at = now();
    Ok(Answer::created(shape))
}

/// The number of the pull request of the comment that the path names, and the comment.
fn find<'a>(call: &'a mut Call<'_>) -> Result<(u64, &'a mut Comment), Answer> {
    let id = call.id("comment_id");
    let all = call.repository_mut().pulls.values_mut().flat_map(|pull| {
        let number = pull.number;
        pull.comments.iter_mut().map(move |comment| (number, comment))
    });
    all.into_iter().find(|(_, comment)| comment.id == id).ok_or_else(Answer::not_found)
}

fn get(call: &mut Call<'_>) -> Handled {
    let (number, comment) = find(call)?;
    let comment = comment.clone();
    Ok(Answer::ok(call.shape.comment(call.repository(), number, &comment)))
}

fn update(call: &mut Call<'_>) -> Handled {
    let body = call.text("body").unwrap_or_default();
    let (_, comment) = find(call)?;
    if comment.body != body {
        comment.body = body;
        comment.edits += 1;
        comment.updated_at = now();
    }
    get(call)
}

fn delete(call: &mut Call<'_>) -> Handled {
    let id = find(call)?.1.id;
    for pull in call.repository_mut().pulls.values_mut() {
        pull.comments.retain(|comment| comment.id != id);
    }
    Ok(Answer::empty(204))
}

fn labels(call: &mut Call<'_>) -> Handled {
    let names = pull(call)?.labels.clone();
    Ok(Answer::list(names.iter().map(|name| call.shape.label(name)).collect()))
}

fn add_labels(call: &mut Call<'_>) -> Handled {
    let given = call.body.get("labels").unwrap_or(&call.body).clone();
    for label in given.as_array().into_iter().flatten() {
        let name = label.as_str().or_else(|| label["name"].as_str()).unwrap_or_default().to_owned();
        let known = &mut pull(call)?.labels;
        if !known.contains(&name) {
            known.push(name);
        }
    }
    labels(call)
}

fn remove_label(call: &mut Call<'_>) -> Handled {
    let name = call.parameter("name").to_owned();
    let known = &mut pull(call)?.labels;
    if !known.contains(&name) {
        return Err(Answer::refusal(404, "Label does not exist"));
    }
    known.retain(|label| *label != name);
    labels(call)
}

fn reactions(call: &mut Call<'_>) -> Handled {
    let wanted = call.query("content").map(str::to_owned);
    let reactions = find(call)?.1.reactions.clone();
    let wanted = reactions
        .iter()
        .filter(|reaction| wanted.as_ref().is_none_or(|content| reaction.content == *content));
    Ok(Answer::list(wanted.map(|reaction| call.shape.reaction(reaction)).collect()))
}

/// The same reaction by the same author twice is answered with the first one.
fn react(call: &mut Call<'_>) -> Handled {
    let content = call.text("content").unwrap_or_default();
    let reaction = Reaction { id: call.state.next_id(), author: call.author(), content, created_at: now() };
    let known = &mut find(call)?.1.reactions;
    let same =
        known.iter().find(|other| other.author == reaction.author && other.content == reaction.content);
    if let Some(same) = same.cloned() {
        return Ok(Answer::ok(call.shape.reaction(&same)));
    }
    known.push(reaction.clone());
    Ok(Answer::created(call.shape.reaction(&reaction)))
}

fn unreact(call: &mut Call<'_>) -> Handled {
    let id = call.id("reaction_id");
    find(call)?.1.reactions.retain(|reaction| reaction.id != id);
    Ok(Answer::empty(204))
}

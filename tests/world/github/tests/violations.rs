use serde_json::{Value, json};

use super::story;

/// The complaint about one request, which must be refused with 422.
fn complaint(path: &str, body: Value) -> String {
    let (github, client) = story();
    let path = path.replace("HEAD", &github.pull(1).head_sha());
    let mut body = body;
    if body["head_sha"] == "HEAD" {
        body["head_sha"] = json!(github.pull(1).head_sha());
    }
    let reply = client.post(&path, body);
    assert_eq!(reply.status, 422, "{}", reply.text);
    let violations = github.violations();
    assert_eq!(violations.len(), 1, "{violations:?}");
    violations[0].clone()
}

#[test]
fn fields_of_the_wrong_kind_and_unknown_fields_are_caught() {
    let found = complaint("/issues/1/comments", json!({ "body": 7 }));
    assert_eq!(found, "issues/create-comment body/body: 7 is not of type \"string\"");
    let found = complaint("/issues/1/comments", json!({ "body": "a", "bdoy": "b" }));
    assert_eq!(found, "issues/create-comment body: no field is called bdoy");
    let found = complaint("/statuses/HEAD", json!({ "state": "done" }));
    assert_eq!(
        found,
        "repos/create-commit-status body/state: \"done\" is not one of \"error\", \"failure\" or 2 other candidates"
    );
}

#[test]
fn limits_that_the_description_leaves_out_are_caught() {
    let cases = [
        ("/issues/1/comments", json!({ "body": "ä".repeat(65_537) }), "maximum is 65536 characters"),
        (
            "/statuses/HEAD",
            json!({ "state": "success", "description": "x".repeat(141) }),
            "maximum is 140 characters",
        ),
        (
            "/check-runs",
            json!({ "name": "a", "head_sha": "HEAD", "output": { "title": "t", "summary": "ä".repeat(40_000) } }),
            "maximum bytesize of 65535",
        ),
    ];
    for (path, body, expected) in cases {
        let found = complaint(path, body);
        assert!(found.contains(expected), "{found}");
    }
}

#[test]
fn names_annotations_and_actions_have_their_limits() {
    let run = |field: &str, value: Value| {
        let mut body = json!({ "name": "a", "head_sha": "HEAD", "output": { "title": "t", "summary": "s" } });
        if field == "annotations" {
            body["output"][field] = value;
        } else {
            body[field] = value;
        };
        body
    };
    let annotations = |count: usize| {
        json!(vec![
            json!({ "path": "a", "start_line": 1, "end_line": 1, "annotation_level": "notice", "message": "m" });
            count
        ])
    };
    let action = |label: usize, description: usize, identifier: usize| json!({ "label": "l".repeat(label), "description": "d".repeat(description), "identifier": "i".repeat(identifier) });
    let at = [
        run("name", json!("n".repeat(255))),
        run("external_id", json!("x".repeat(255))),
        run("annotations", annotations(50)),
        run("actions", json!(vec![action(20, 40, 20); 3])),
    ];
    for body in at {
        let (github, client) = story();
        let mut body = body;
        body["head_sha"] = json!(github.pull(1).head_sha());
        let reply = client.post("/check-runs", body);
        assert_eq!(reply.status, 201, "{}", reply.text);
        github.assert_no_violations();
    }
    let beyond = [
        run("name", json!("n".repeat(256))),
        run("external_id", json!("x".repeat(256))),
        run("annotations", annotations(51)),
        run("actions", json!(vec![action(20, 40, 20); 4])),
        run("actions", json!([action(21, 40, 20)])),
        run("actions", json!([action(20, 41, 20)])),
        run("actions", json!([action(20, 40, 21)])),
    ];
    for body in beyond {
        complaint("/check-runs", body);
    }
}

#[test]
fn a_completed_check_run_needs_its_conclusion() {
    let found = complaint("/check-runs", json!({ "name": "a", "head_sha": "HEAD", "status": "completed" }));
    assert!(found.contains("a completed check run needs a conclusion"), "{found}");
}

#[test]
fn annotations_and_actions_are_counted() {
    let annotation =
        json!({ "path": "a", "start_line": 1, "end_line": 1, "annotation_level": "notice", "message": "m" });
    let run = |output: Value, actions: Value| json!({ "name": "a", "head_sha": "HEAD", "output": output, "actions": actions });
    let many = json!({ "title": "t", "summary": "s", "annotations": vec![annotation; 51] });
    let found = complaint("/check-runs", run(many, json!([])));
    assert!(found.contains("more than 50 items") || found.contains("maximum quantity of 50"), "{found}");
    let action = json!({ "label": "Deploy to production now", "description": "d", "identifier": "i" });
    let output = json!({ "title": "t", "summary": "s" });
    let found = complaint("/check-runs", run(output, json!([action])));
    assert!(found.contains("longer than 20 characters") || found.contains("maximum of 20"), "{found}");
}

#[test]
fn unknown_operations_and_parameters_are_violations() {
    let (github, client) = story();
    assert_eq!(client.get("/pull/1").status, 404);
    assert_eq!(client.get("/pulls?status=open").status, 422);
    let violations = github.violations();
    assert_eq!(violations[0], "GET /repos/acme/config/pull/1: no such operation in the description");
    assert_eq!(violations[1], "pulls/list: no query parameter is called status");
}

use serde_json::json;

use super::story;

#[test]
fn the_page_shows_what_a_person_would_see() {
    let (github, client) = story();
    let page = |path: &str| client.send("GET", path, &[], None).text;
    let waiting = page("/acme/config/pull/1");
    assert!(waiting.contains("http-equiv=\"refresh\""), "no check yet: the page looks again");
    assert!(waiting.contains("<p>More <strong>people</strong> chat.</p>"), "{waiting}");

    let plan = "<!-- marker -->\n### Plan: 1 to change\n\n| environment | result |\n|---|---|\n| production | ok |\n\n\
                <details><summary>Difference</summary>\n\n```diff\n- replicas = 2\n+ replicas = 3\n```\n\n</details>\n\n\
                > [!WARNING]\n> This restarts tasks.\n\n<script>alert(1)</script><img src=x onerror=alert(1)>\n\n[here](javascript:alert(1))";
    client.post("/issues/1/comments", json!({ "body": plan }));
    let head = github.pull(1).head_sha();
    let output = json!({ "title": "1 to change", "summary": "All **policies** allow it." });
    client.post(
        "/check-runs",
        json!({ "name": "pointsman", "head_sha": head, "conclusion": "success", "output": output }),
    );
    let shown = page("/acme/config/pull/1");
    for expected in [
        "<span class=\"badge open\">Open</span>",
        "<h1>Scale chat to three <span class=\"muted\">#1</span></h1>",
        "<h3>Plan: 1 to change</h3>",
        "<td>production</td><td>ok</td>",
        "<details><summary>Difference</summary>",
        "<span class=\"removed\">- replicas = 2</span>",
        "<span class=\"added\">+ replicas = 3</span>",
        "<blockquote class=\"markdown-alert-warning\">",
        "<p>All <strong>policies</strong> allow it.</p>",
        "&lt;script>",
    ] {
        assert!(shown.contains(expected), "{expected} is not on the page:\n{shown}");
    }
    for unsafe_text in ["<script", "<img", "javascript:", "marker", "http-equiv=\"refresh\""] {
        assert!(!shown.contains(unsafe_text), "{unsafe_text} is on the page:\n{shown}");
    }

    let merge = github.merge(1);
    let wish = json!({ "ref": merge, "environment": "production/chat", "auto_merge": false, "required_contexts": [] });
    let deployment = client.post("/deployments", wish).json();
    let step = json!({ "state": "in_progress", "description": "Starting <2> tasks" });
    client.post(&format!("/deployments/{}/statuses", deployment["id"]), step);
    let shown = page("/acme/config/pull/1");
    assert!(shown.contains("<span class=\"badge merged\">Merged</span>"));
    assert!(shown.contains("Starting &lt;2&gt; tasks"));
    assert!(shown.contains("http-equiv=\"refresh\""), "a deployment runs: the page looks again");
    assert!(page("/").contains("<a class=\"title\" href=\"/acme/config/pull/1\">Scale chat to three</a>"));
    assert!(page("/acme/config/pull/7").contains("Nothing is here"));
    github.assert_no_violations();
}

/// The six comments that the documentation shows, as pages: what their snapshots say, on a pull
/// request of their own.
#[test]
#[ignore = "writes pages to look at, into target/comments; docs/pull-requests.md says how"]
fn the_comments_as_pages() {
    let root = crate::repository();
    let snapshots = root.join("agent/core/src/render/pull_request/tests/snapshots");
    let pages = root.join("target/comments");
    std::fs::create_dir_all(&pages).expect("the folder can be made");
    for name in [
        "first_deploy",
        "one_line_change",
        "destructive_and_denied",
        "failed_rollout",
        "locked",
        "forty_environments",
    ] {
        let (_github, client) = story();
        let snapshot =
            snapshots.join(format!("pointsman_core__render__pull_request__tests__figures__{name}.snap"));
        let text = std::fs::read_to_string(&snapshot).expect("a snapshot of the comment");
        let comment = text.splitn(3, "---\n").nth(2).expect("what follows the snapshot's head");
        client.post("/issues/1/comments", json!({ "body": comment }));
        let page = client.send("GET", "/acme/config/pull/1", &[], None).text;
        let path = pages.join(format!("{name}.html"));
        std::fs::write(&path, page).expect("the page can be written");
        println!("{}", path.display());
    }
}

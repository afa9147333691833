//! The agent's own web server: webhooks wake it, and the page, health and metrics tell what it does.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    time::{Duration, Instant},
};

use pointsman_tests::{
    agent::Running,
    github::{Repository, post, signature},
    story::World,
    visitor::{get, listen, request, server_of},
};
use serde_json::json;

use crate::{PATIENCE, kinds, road::deployed, world};

/// From the webhook to the first write: a second or two on a quiet machine. The bound is for one
/// that does much else; a poll would take an hour.
const AT_ONCE: Duration = Duration::from_secs(20);

const NAME: &str = kinds::NAME;
const FILE: &str = kinds::FILE;
const PUBLIC: &str = "public_url = \"https://ops.example.com/pointsman\"\n";

/// An agent that only webhooks wake, after it has looked once.
fn woken(world: &World) -> (Running, SocketAddr) {
    let agent = world.agent_woken(PUBLIC);
    let server = server_of(&agent, PATIENCE);
    agent.wait_until_said("the branch is at this commit", PATIENCE);
    wait(PATIENCE, "it is ready", || get(server, "/readyz").status == 200);
    (agent, server)
}

/// Waits until something is so.
#[track_caller]
fn wait(patience: Duration, what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + patience;
    while !is_so() {
        assert!(Instant::now() < deadline, "not within {patience:?}: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Whether a commit's checks have all ended.
fn judged(repository: &Repository, sha: &str) -> bool {
    let mut checks = repository.checks.iter().filter(|check| check.head_sha == sha).peekable();
    checks.peek().is_some() && checks.all(|check| check.status == "completed")
}

/// Prometheus's text, sample by sample; it must be well formed.
fn metrics(server: SocketAddr) -> BTreeMap<String, f64> {
    let answer = get(server, "/metrics");
    assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    let sample = regex::Regex::new(
        r#"^([a-z_]+)(\{[a-z_]+="[^"\\\n]*"(,[a-z_]+="[^"\\\n]*")*\})? (-?[0-9.e+-]+|\+Inf|NaN)$"#,
    )
    .unwrap();
    let mut samples = BTreeMap::new();
    let mut described = Vec::new();
    for line in answer.text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            described.push(rest.split(' ').next().unwrap().to_owned());
        } else if !line.starts_with("# HELP ") {
            let parts = sample.captures(line).unwrap_or_else(|| panic!("not a sample: {line}"));
            assert!(described.iter().any(|family| parts[1].starts_with(family.as_str())), "no type: {line}");
            let (name, value) = line.rsplit_once(' ').unwrap();
            assert!(samples.insert(name.to_owned(), value.parse().unwrap()).is_none(), "twice: {line}");
        }
    }
    samples
}

#[test]
fn a_merged_pull_request_is_deployed_at_once() {
    let world = world();
    let (agent, server) = woken(&world);
    assert_eq!(get(server, "/healthz").text, "ok\n");
    let empty = get(server, "/");
    assert!(empty.text.contains("The branch describes no environment."), "{}", empty.text);

    // Somebody proposes something.
    let number = world.propose("reports", FILE, kinds::TEXT, "Reports <by night>");
    let head = world.github.pull(number).head_sha();
    let said = Instant::now();
    assert_eq!(world.github.deliver_pull(server, "opened", number).status, 202);
    world.github.wait_until(PATIENCE, "the plan is reported", |repository| judged(repository, &head));
    println!("from the webhook to the plan's check: {:?}", said.elapsed());
    let page = get(server, &format!("/pulls/{number}"));
    assert_eq!(page.status, 200);
    for shown in ["class=\"change add\"", "queue.", NAME] {
        assert!(page.text.contains(shown), "{shown} in {}", page.text);
    }
    let estate = get(server, "/");
    assert!(estate.text.contains("Reports &lt;by night&gt;"), "{}", estate.text);
    let link = format!("https://ops.example.com/pointsman/pulls/{number}");
    let comment = world.github.pull(number).bot_comments()[0].body.clone();
    assert!(comment.contains(&format!("({link})")), "{comment}");
    let check = world.github.pull(number).check("pointsman").unwrap();
    assert_eq!(check.details_url.as_deref(), Some(link.as_str()));

    // Somebody merges it.
    let version = version_of(&estate.text);
    let listening = std::thread::spawn(move || listen(server, &format!("/events?since={version}"), 2));
    let commit = world.github.merge(number);
    world.aws.proxy().clear();
    let said = Instant::now();
    assert_eq!(world.github.deliver_push(server, "main").status, 202);
    let first =
        || world.aws.proxy().calls().iter().filter(|call| call.mutating).map(|call| call.started).min();
    wait(PATIENCE, "something is written to AWS", || first().is_some());
    let took = first().unwrap() - said;
    println!("from the webhook to the first write to AWS: {took:?}");
    assert!(took < AT_ONCE, "{took:?}");
    world.github.wait_until(PATIENCE, "it is deployed", |repository| deployed(repository, &commit));

    // What is seen of it.
    let events = listening.join().unwrap();
    assert!(events.iter().filter(|line| *line == "event: changed").count() >= 2, "{events:?}");
    wait(PATIENCE, "the page says so", || get(server, "/").text.contains("deployed</span>"));
    let page = get(server, &format!("/environments/{NAME}"));
    for shown in [&commit[..7], "Steps", "State serial"] {
        assert!(page.text.contains(shown), "{shown} in {}", page.text);
    }
    let deployment = &world.github.pull(number).deployments()[0];
    let log = format!("https://ops.example.com/pointsman/environments/{NAME}");
    assert!(
        deployment.statuses.iter().all(|status| status.log_url.as_deref() == Some(&log)),
        "{deployment:?}"
    );
    let counted = metrics(server);
    assert_eq!(counted[r#"pointsman_deploys_total{result="deployed"}"#], 1.0, "{counted:?}");
    assert_eq!(counted[r#"pointsman_environments{status="deployed"}"#], 1.0, "{counted:?}");
    assert_eq!(counted[r#"pointsman_webhooks_total{result="woke"}"#], 2.0, "{counted:?}");
    assert_eq!(counted["pointsman_environments_drifted"], 0.0);
    assert!(counted[r#"pointsman_github_requests_total{status="200"}"#] > 1.0, "{counted:?}");

    let (said, code) = agent.stop(PATIENCE);
    assert_eq!(code, 0, "{said}");
    world.github.assert_no_violations();
}

fn version_of(page: &str) -> String {
    page.split("data-version=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[test]
fn the_page_is_for_its_own_names_and_only_shows() {
    let world = world();
    let (agent, server) = woken(&world);
    let page = get(server, "/");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-frame-options", "DENY"),
        ("content-type", "text/html; charset=utf-8"),
    ] {
        assert_eq!(page.header(name), value, "{name}");
    }
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!policy.contains("unsafe") && !page.text.contains("<form"), "{policy}");
    assert!(page.text.contains("/pointsman/page.css"), "behind a proxy that takes the path away");

    // Names that somebody else chose lead nowhere; health is for whoever asks by whatever name.
    for (host, status) in [
        ("localhost:1", 200),
        ("ops.example.com", 200),
        ("evil.example", 421),
        ("ops.example.com.evil.example", 421),
    ] {
        for path in ["/", "/events", "/pulls/1", "/nowhere"] {
            let answer =
                request(server, if status == 200 { "HEAD" } else { "GET" }, path, &[("Host", host)], b"");
            assert!(
                answer.status == status || (status == 200 && answer.status == 404),
                "{host}{path}: {answer:?}"
            );
        }
        assert_eq!(request(server, "GET", "/healthz", &[("Host", host)], b"").status, 200);
        assert_eq!(request(server, "GET", "/readyz", &[("Host", host)], b"").status, 200);
    }
    for path in ["/nowhere", "/pulls/1", "/pulls/x", "/environments/a/../b", "/environments/%3Cb%3E"] {
        let answer = get(server, path);
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.text.contains("Nothing here") && !answer.text.contains("<b>"), "{}", answer.text);
    }
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        assert_eq!(request(server, method, "/", &[("Host", "localhost")], b"x=1").status, 405, "{method}");
    }

    // A flood of what nobody signed wakes nobody, and fills no log.
    let polls = |counted: &BTreeMap<String, f64>| counted[r#"pointsman_polls_total{result="ok"}"#];
    let before = polls(&metrics(server));
    let body = world.github.payload(json!({ "ref": "refs/heads/main" }));
    let mut statuses: BTreeMap<u16, usize> = BTreeMap::new();
    for n in 0..800 {
        let answer = post(server, "push", &format!("flood-{n}"), &signature("another", &body), &body);
        *statuses.entry(answer.status).or_default() += 1;
    }
    println!("800 forged deliveries: {statuses:?}");
    assert!(statuses.keys().all(|status| matches!(status, 401 | 429)), "{statuses:?}");
    assert_eq!(polls(&metrics(server)), before, "nobody was woken");
    let (said, code) = agent.stop(PATIENCE);
    assert_eq!(code, 0, "{said}");
    let lines = said.matches("a webhook was refused").count();
    assert!((1..=6).contains(&lines), "{lines} lines\n{said}");
    assert!(!said.contains(pointsman_tests::github::WEBHOOK_SECRET), "the secret is in no log");
}

#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "tests")]

use std::{path::Path, time::Duration};

use pointsman_core::report::command::Right;
use pointsman_tests::{
    git::ConfigRepo,
    github::{Failure, GitHub},
};
use tempfile::TempDir;

use super::{
    Annotation, AnnotationLevel, CheckButton, CheckState, Client, CommitCheck, DeploymentState,
    EnvironmentDeployment, GithubErrorKind, NewComment, Reacted, Reaction,
};
use crate::config;

mod conditional;
mod limits;

/// A hosted config repo with one open pull request.
struct Story {
    git: ConfigRepo,
    github: GitHub,
    folder: TempDir,
    pull: u64,
    head: String,
}

impl Story {
    fn new() -> Self {
        let git = ConfigRepo::create();
        git.commit("main", &[("environments/web.toml", Some("# one\n"))], "first");
        let github = GitHub::host(&git);
        let head = git.commit("change", &[("environments/web.toml", Some("# two\n"))], "second");
        let pull = github.open_pull("change", "main", "Change web", "");
        Self { git, github, folder: tempfile::tempdir().unwrap(), pull, head }
    }

    fn client(&self, identity: &str) -> Client {
        let text = format!(
            "[repo]\nurl = \"{}\"\n[github]\nrepository = \"{}\"\napi_url = \"{}\"\nwrite_pause_ms = 0\n{identity}",
            self.github.clone_url(),
            self.git.full_name(),
            self.github.api_url(),
        );
        let config = config::read(&self.folder.path().join("pointsman.toml"), &text).unwrap();
        Client::new(&config.github.unwrap()).unwrap()
    }

    fn app(&self) -> Client {
        let app = self.github.app();
        std::fs::write(self.folder.path().join("key.pem"), &app.private_key_pem).unwrap();
        self.client(&format!(
            "app_id = {}\ninstallation_id = {}\nkey_file = \"key.pem\"\n",
            app.app_id, app.installation_id
        ))
    }

    fn token(&self, login: &str) -> Client {
        std::fs::write(self.folder.path().join("token"), self.github.personal_token(login)).unwrap();
        self.client("token_file = \"token\"\n")
    }

    fn comments(&self) -> Vec<pointsman_tests::github::Comment> {
        self.github.read(|repository| repository.pulls[&self.pull].comments.clone())
    }

    fn writes(&self) -> usize {
        let token = |path: &str| path.ends_with("/access_tokens");
        self.github.requests().iter().filter(|request| request.is_write() && !token(&request.path)).count()
    }

    fn check(&self, state: CheckState, title: &str) -> CommitCheck {
        CommitCheck {
            commit: self.head.clone(),
            name: "pointsman / production/web".to_owned(),
            state,
            title: title.to_owned(),
            summary: format!("{title} at length"),
            details_url: Some("https://ops.example.com/environments/production/web".to_owned()),
            annotations: Vec::new(),
            buttons: Vec::new(),
        }
    }

    fn deployment(&self, state: DeploymentState) -> EnvironmentDeployment {
        EnvironmentDeployment {
            commit: self.head.clone(),
            environment: "production/web".to_owned(),
            state,
            description: "A sentence. ".repeat(20),
            url: None,
            log_url: Some("https://ops.example.com/environments/production/web".to_owned()),
            production: true,
        }
    }
}

#[tokio::test]
async fn one_comment_is_edited_in_place_whoever_we_are() {
    for as_app in [true, false] {
        let story = Story::new();
        let client = || if as_app { story.app() } else { story.token("robin") };
        let first = client();
        first.put_comment(story.pull, "nothing", NewComment::Never).await.unwrap();
        assert_eq!(story.comments().len(), 0);
        first.put_comment(story.pull, "one", NewComment::Allowed).await.unwrap();
        first.put_comment(story.pull, "two", NewComment::Allowed).await.unwrap();
        // As after a restart: nothing is remembered.
        client().put_comment(story.pull, "two", NewComment::Allowed).await.unwrap();
        let again = client();
        again.put_comment(story.pull, "three", NewComment::Allowed).await.unwrap();
        let comments = story.comments();
        assert_eq!(comments.len(), 1);
        assert_eq!(comments[0].body, "<!-- pointsman -->\nthree");
        assert_eq!((comments[0].edits, story.writes()), (2, 3));
        story.github.assert_no_violations();
    }
}

#[tokio::test]
async fn a_strangers_marker_is_not_ours() {
    let story = Story::new();
    story.github.comment(story.pull, "mallory", "<!-- pointsman -->\nall is well");
    story.app().put_comment(story.pull, "the truth", NewComment::Allowed).await.unwrap();
    let comments = story.comments();
    assert_eq!(comments.len(), 2);
    assert_eq!(comments[0].body, "<!-- pointsman -->\nall is well");
    assert_eq!(comments[1].author.login, "pointsman[bot]");
}

#[tokio::test]
async fn a_check_run_is_one_however_often_it_is_reported() {
    let story = Story::new();
    let client = story.app();
    client.put_check(&story.check(CheckState::InProgress, "Being planned.")).await.unwrap();
    let mut check = story.check(CheckState::Failure, "Denied.");
    check.summary = "ä".repeat(60_000);
    check.annotations = (1..=120)
        .map(|line| Annotation {
            path: "environments/web.toml".to_owned(),
            line,
            level: AnnotationLevel::Failure,
            title: "policy".to_owned(),
            message: "no".to_owned(),
        })
        .collect();
    client.put_check(&check).await.unwrap();
    client.put_check(&check).await.unwrap();
    story.app().put_check(&story.check(CheckState::Success, "Planned.")).await.unwrap();
    let checks = story.github.read(|repository| repository.checks.clone());
    assert_eq!(checks.len(), 1);
    assert_eq!(checks[0].history, ["in_progress", "failure", "success"]);
    assert_eq!(checks[0].annotations.len(), 120);
    assert_eq!(checks[0].title.as_deref(), Some("Planned."));
    story.github.assert_no_violations();
}

#[tokio::test]
async fn a_token_writes_statuses_and_repeats_none() {
    let story = Story::new();
    let client = story.token("robin");
    let long = "x".repeat(300);
    client.put_check(&story.check(CheckState::Queued, "Queued.")).await.unwrap();
    client.put_check(&story.check(CheckState::Success, &long)).await.unwrap();
    client.put_check(&story.check(CheckState::Success, &long)).await.unwrap();
    story.token("robin").put_check(&story.check(CheckState::Success, &long)).await.unwrap();
    let statuses = story.github.read(|repository| repository.statuses.clone());
    let states: Vec<&str> = statuses.iter().map(|status| status.state.as_str()).collect();
    assert_eq!(states, ["pending", "success"]);
    assert_eq!(statuses[1].description.as_ref().map(|text| text.chars().count()), Some(140));
    assert!(story.github.read(|repository| repository.checks.is_empty()));
    story.github.assert_no_violations();
}

#[tokio::test]
async fn a_deployment_is_one_and_reads_as_a_story() {
    let story = Story::new();
    let client = story.app();
    client.put_deployment(&story.deployment(DeploymentState::Queued)).await.unwrap();
    client.put_deployment(&story.deployment(DeploymentState::InProgress)).await.unwrap();
    client.put_deployment(&story.deployment(DeploymentState::InProgress)).await.unwrap();
    let again = story.app();
    again.put_deployment(&story.deployment(DeploymentState::Success)).await.unwrap();
    again.put_deployment(&story.deployment(DeploymentState::Success)).await.unwrap();
    let deployments = story.github.read(|repository| repository.deployments.clone());
    assert_eq!(deployments.len(), 1);
    assert!(deployments[0].production_environment);
    let states: Vec<&str> = deployments[0].statuses.iter().map(|status| status.state.as_str()).collect();
    assert_eq!(states, ["queued", "in_progress", "success"]);
    story.github.assert_no_violations();
}

#[tokio::test]
async fn pull_requests_are_found_open_and_merged() {
    let story = Story::new();
    let client = story.app();
    let open = client.open_pulls("main").await.unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!(
        (open[0].number, open[0].head.as_str(), open[0].fork),
        (story.pull, story.head.as_str(), false)
    );
    assert!(client.open_pulls("release/1 & 2").await.unwrap().is_empty());
    assert_eq!(client.pull_of_commit(&story.head, "main").await.unwrap(), None);
    let merged = story.github.merge(story.pull);
    assert!(client.open_pulls("main").await.unwrap().is_empty());
    let pull = client.pull_of_commit(&merged, "main").await.unwrap().expect("the merged pull request");
    assert_eq!((pull.number, pull.merged_as.as_deref()), (story.pull, Some(merged.as_str())));
    story.github.assert_no_violations();
}

#[tokio::test]
async fn refusals_are_told_apart_and_say_what_to_do() {
    let story = Story::new();
    let ask = async |failure: Failure| {
        story.github.fail(failure);
        let error = story.token("robin").open_pulls("main").await.unwrap_err();
        (error.kind, error.is_temporary(), error.to_string())
    };
    let (kind, temporary, text) = ask(Failure::new(401, "Bad credentials")).await;
    assert_eq!((kind, temporary), (GithubErrorKind::Unauthorized, false));
    insta::assert_snapshot!(text, @"GitHub, GET /repos/acme/config/pulls: answered 401: Bad credentials; check the token, or the App's id, installation and key in [github]; it may have expired or been revoked");
    let kinds = [
        (Failure::new(403, "Resource not accessible by integration"), GithubErrorKind::Forbidden, false),
        (Failure::new(404, "Not Found"), GithubErrorKind::NotFound, false),
        (Failure::new(422, "Validation Failed"), GithubErrorKind::Invalid, false),
        (Failure::gateway(502), GithubErrorKind::Unavailable, true),
        (Failure::secondary_rate_limit(Duration::from_secs(30)), GithubErrorKind::RateLimited, true),
        (Failure::new(429, "Too many"), GithubErrorKind::RateLimited, true),
    ];
    for (failure, kind, temporary) in kinds {
        let (found, is_temporary, text) = ask(failure).await;
        assert_eq!((found, is_temporary), (kind, temporary), "{text}");
    }
    let absent = config::read(
        Path::new("pointsman.toml"),
        "[repo]\nurl=\"/x\"\n[github]\nrepository=\"a/b\"\ntoken_file=\"/nonexistent/token\"\n",
    );
    let error = Client::new(&absent.unwrap().github.unwrap()).unwrap_err();
    assert_eq!(error.kind, GithubErrorKind::Credentials);
    assert!(error.to_string().contains("/nonexistent/token"), "{error}");
}

#[tokio::test]
async fn when_github_asks_for_silence_nothing_is_asked() {
    let story = Story::new();
    let client = story.token("robin");
    story.github.fail(Failure::secondary_rate_limit(Duration::from_secs(600)));
    assert_eq!(client.open_pulls("main").await.unwrap_err().retry_after, Some(Duration::from_secs(600)));
    let before = story.github.requests().len();
    let error = client.open_pulls("main").await.unwrap_err();
    assert_eq!(error.kind, GithubErrorKind::RateLimited);
    assert!(error.retry_after.is_some_and(|wait| wait > Duration::from_secs(590)), "{error:?}");
    assert_eq!(story.github.requests().len(), before);
}

#[tokio::test]
async fn an_expired_installation_token_is_replaced() {
    let story = Story::new();
    let client = story.app();
    client.put_comment(story.pull, "one", NewComment::Allowed).await.unwrap();
    story.github.expire_tokens();
    client.put_comment(story.pull, "two", NewComment::Allowed).await.unwrap();
    assert_eq!(story.comments()[0].body, "<!-- pointsman -->\ntwo");
    let token = client.git_token().await.unwrap().expect("a token for Git");
    assert!(!format!("{token:?}").contains(secrecy::ExposeSecret::expose_secret(&token)));
}

#[tokio::test]
async fn a_reply_that_was_lost_makes_no_second_object() {
    let story = Story::new();
    let client = story.app();
    story.github.fail(Failure::gateway(502).method("POST").path("/repos/*/comments").after_performing());
    let error = client.put_comment(story.pull, "one", NewComment::Allowed).await.unwrap_err();
    assert_eq!(error.kind, GithubErrorKind::Unavailable);
    client.put_comment(story.pull, "one", NewComment::Allowed).await.unwrap();
    story.github.fail(Failure::gateway(502).method("POST").path("/repos/*/check-runs").after_performing());
    client.put_check(&story.check(CheckState::Success, "Planned.")).await.unwrap_err();
    client.put_check(&story.check(CheckState::Success, "Planned.")).await.unwrap();
    story.github.fail(Failure::gateway(502).method("POST").path("/repos/*/deployments").after_performing());
    client.put_deployment(&story.deployment(DeploymentState::Queued)).await.unwrap_err();
    client.put_deployment(&story.deployment(DeploymentState::Queued)).await.unwrap();
    let counts = story.github.read(|repository| (repository.checks.len(), repository.deployments.len()));
    assert_eq!((story.comments().len(), counts), (1, (1, 1)));
}

#[tokio::test]
async fn comments_of_people_are_listed_from_their_last_edit_on() {
    let story = Story::new();
    let client = story.app();
    client.put_comment(story.pull, "/pointsman plan", NewComment::Allowed).await.unwrap();
    story.github.comment(story.pull, "robin", "/pointsman plan");
    story.github.edited_comment(story.pull, "kim", "edited");
    let since = jiff::Timestamp::now() - jiff::SignedDuration::from_secs(30);
    let comments = client.comments_since(since).await.unwrap();
    let told: Vec<_> = comments
        .iter()
        .map(|comment| (comment.author.as_str(), comment.number, comment.by_person, comment.is_as_written()))
        .collect();
    assert_eq!(
        told,
        [
            ("pointsman[bot]", story.pull, false, true),
            ("robin", story.pull, true, true),
            ("kim", story.pull, true, false),
        ]
    );
    let later = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(30);
    assert_eq!(client.comments_since(later).await.unwrap(), []);
    story.github.assert_no_violations();
}

#[tokio::test]
async fn of_two_replicas_one_is_first() {
    let story = Story::new();
    let comment = story.github.comment(story.pull, "robin", "/pointsman plan");
    let (one, two) = (story.app(), story.app());
    assert_eq!(one.our_reactions(comment).await.unwrap().len(), 0);
    let (first, second) =
        futures::join!(one.react(comment, Reaction::Eyes), two.react(comment, Reaction::Eyes));
    let mut first = [first.unwrap(), second.unwrap()];
    first.sort_by_key(|reacted| *reacted == Reacted::Before);
    assert_eq!(first, [Reacted::New, Reacted::Before]);
    assert_eq!(one.our_reactions(comment).await.unwrap(), [Reaction::Eyes].into());
    assert_eq!(story.token("robin").our_reactions(comment).await.unwrap().len(), 0);
    story.github.assert_no_violations();
}

#[tokio::test]
async fn what_a_person_may_is_asked_each_time() {
    let story = Story::new();
    let client = story.app();
    for (level, right) in
        [("none", Right::None), ("read", Right::Read), ("write", Right::Write), ("admin", Right::Admin)]
    {
        story.github.set_permission("kim", level);
        assert_eq!(client.right_of("kim").await.unwrap(), right);
    }
    story.github.fail(Failure::new(404, "Not Found"));
    assert_eq!(client.right_of("../../../user").await.unwrap(), Right::None);
    story.github.fail(Failure::gateway(502));
    assert!(client.right_of("kim").await.unwrap_err().is_temporary());
}

#[tokio::test]
async fn buttons_are_shown_where_somebody_hears_of_them() {
    let story = Story::new();
    let buttons = vec![CheckButton::Again, CheckButton::Approve, CheckButton::Abort, CheckButton::Promote];
    let check = CommitCheck { buttons, ..story.check(CheckState::Success, "Planned") };
    story.app().put_check(&check).await.unwrap();
    let shown = || story.github.pull(story.pull).checks().remove(0).actions;
    assert_eq!(shown().len(), 0);
    story.app().hearing_buttons().put_check(&check).await.unwrap();
    let shown = shown();
    assert_eq!(shown.len(), 3, "as many as GitHub takes");
    let identifier = shown[2]["identifier"].as_str().unwrap();
    assert_eq!(CheckButton::of(identifier), Some(CheckButton::Abort));
    assert_eq!(CheckButton::of("rm"), None);
    story.github.assert_no_violations();
}

#[tokio::test]
async fn reviews_and_what_people_may_do_are_read() {
    let story = Story::new();
    let client = story.app();
    assert_eq!(client.reviews(story.pull).await.unwrap(), []);
    story.github.set_permission("alice", "write");
    story.github.set_permission("carol", "read");
    story.github.review(story.pull, "alice", "APPROVED");
    story.github.review(story.pull, "carol", "CHANGES_REQUESTED");
    let said = |reviews: Vec<super::Review>| -> Vec<(String, String, bool)> {
        let is_whole =
            |review: &super::Review| review.commit == story.head && review.submitted_at.ends_with('Z');
        reviews.into_iter().map(|one| (one.login.clone(), one.state.clone(), is_whole(&one))).collect()
    };
    let review = |login: &str, state: &str| (login.to_owned(), state.to_owned(), true);
    let both = [review("alice", "APPROVED"), review("carol", "CHANGES_REQUESTED")];
    assert_eq!(said(client.reviews(story.pull).await.unwrap()), both);
    story.github.dismiss(story.pull, "alice");
    let taken_back = [review("alice", "DISMISSED"), review("carol", "CHANGES_REQUESTED")];
    assert_eq!(said(client.reviews(story.pull).await.unwrap()), taken_back);

    for (login, may) in
        [("robin", true), ("alice", true), ("carol", false), ("mallory", false), ("../alice", false)]
    {
        assert_eq!(client.right_of(login).await.unwrap() >= Right::Write, may, "{login}");
    }
    story.github.set_team("acme", "operations", &["alice"]);
    for (team, login, is) in [
        ("operations", "alice", true),
        ("operations", "carol", false),
        ("nowhere", "alice", false),
        ("a/b", "alice", false),
    ] {
        assert_eq!(client.is_member("acme", team, login).await.unwrap(), is, "{team} {login}");
    }
    story.github.revoke("members");
    let error = client.is_member("acme", "operations", "alice").await.unwrap_err();
    assert_eq!(error.kind, GithubErrorKind::Forbidden);
    let makers = client.makers_of(&story.head).await.unwrap();
    assert!(makers.iter().all(|login| login != "web-flow"), "{makers:?}");
    story.github.assert_no_violations();
}

//! The client library that the agent uses, against the stand-in: its models are stricter than the description.

use octocrab::auth::EncodingKey;
use octocrab::models::StatusState;
use octocrab::models::repos::DeploymentStatusState;
use octocrab::params::checks::{CheckRunConclusion, CheckRunOutput, CheckRunStatus};
use octocrab::params::repos::Commitish;
use octocrab::{Octocrab, Page, models};

use super::super::GitHub;
use super::story;

fn installation(github: &GitHub) -> Octocrab {
    let credentials = github.app();
    let key = EncodingKey::from_rsa_pem(credentials.private_key_pem.as_bytes()).unwrap();
    let app = Octocrab::builder().base_uri(github.api_url()).unwrap();
    let app = app.app(credentials.app_id.into(), key).build().unwrap();
    app.installation(credentials.installation_id.into()).unwrap()
}

#[test]
fn octocrab_works_as_the_app() {
    let (github, _) = story();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let bot = installation(&github);
        let pulls: Page<models::pulls::PullRequest> =
            bot.pulls("acme", "config").list().send().await.unwrap();
        assert_eq!(pulls.items.len(), 1);
        let head = bot.pulls("acme", "config").get(1).await.unwrap().head.sha;

        let issues = bot.issues("acme", "config");
        let comment = issues.create_comment(1, "plan").await.unwrap();
        issues.update_comment(comment.id, "a newer plan").await.unwrap();
        assert_eq!(
            issues.list_comments(1).send().await.unwrap().items[0].body.as_deref(),
            Some("a newer plan")
        );

        let checks = bot.checks("acme", "config");
        let check = checks
            .create_check_run("pointsman", &head)
            .status(CheckRunStatus::InProgress)
            .send()
            .await
            .unwrap();
        let (title, summary) = ("Plan".to_owned(), "1 to change".to_owned());
        let output =
            CheckRunOutput { title, summary, text: None, annotations: Vec::new(), images: Vec::new() };
        let done = checks.update_check_run(check.id).status(CheckRunStatus::Completed);
        done.conclusion(CheckRunConclusion::Success).output(output).send().await.unwrap();
        let listed = checks.list_check_runs_for_git_ref(Commitish(head.clone())).send().await.unwrap();
        assert_eq!(listed.total_count, 1);

        let repository = bot.repos("acme", "config");
        assert_eq!(repository.get().await.unwrap().default_branch.as_deref(), Some("main"));
        repository
            .create_status(head.clone(), StatusState::Success)
            .context("pointsman".to_owned())
            .send()
            .await
            .unwrap();
        let deployments = repository.deployments();
        let deployment = deployments.create(&head).auto_merge(false).required_contexts(Vec::<String>::new());
        let deployment = deployment.environment("production").send().await.unwrap();
        let statuses = deployments.statuses(deployment.id);
        statuses.create(DeploymentStatusState::Success).description("done").send().await.unwrap();
        assert_eq!(statuses.list().send().await.unwrap().items.len(), 1);
    });
    let pull = github.pull(1);
    assert_eq!(pull.check("pointsman").unwrap().history, ["in_progress", "success"]);
    assert_eq!(pull.statuses()[0].author.login, "pointsman[bot]");
    assert_eq!(pull.deployments()[0].statuses[0].description.as_deref(), Some("done"));
    github.assert_no_violations();
}

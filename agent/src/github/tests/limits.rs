//! Each limit of GitHub: what is at it arrives whole, what is beyond arrives within it.

use super::*;

/// `count` characters, two bytes each.
fn wide(count: usize) -> String {
    "ä".repeat(count)
}

/// A text at a limit, one beyond it, and what GitHub has of a text once it was sent.
struct Limit {
    name: &'static str,
    at: String,
    beyond: String,
    arrives: fn(&Story, &str) -> Sent,
}

/// How to send a text, and where it is afterwards.
type Sent = (Part, fn(&Story) -> String);

enum Part {
    Comment(String),
    Check(CommitCheck),
    Deployment(EnvironmentDeployment),
}

fn check(story: &Story, change: impl FnOnce(&mut CommitCheck)) -> Part {
    let mut check = story.check(CheckState::Success, "Planned.");
    change(&mut check);
    Part::Check(check)
}

fn limits() -> Vec<Limit> {
    let marker = "<!-- pointsman -->\n".len();
    vec![
        Limit {
            name: "a comment has 65,536 characters",
            at: wide(65_536 - marker),
            beyond: wide(65_537 - marker),
            arrives: |_, text| {
                (Part::Comment(text.to_owned()), |story| {
                    story.comments()[0].body.replace("<!-- pointsman -->\n", "")
                })
            },
        },
        Limit {
            name: "a summary has 65,535 bytes",
            at: format!("{}x", wide(32_767)),
            beyond: wide(32_768),
            arrives: |story, text| {
                (check(story, |check| text.clone_into(&mut check.summary)), |story| {
                    story.github.read(|repository| repository.checks[0].summary.clone().unwrap_or_default())
                })
            },
        },
        Limit {
            name: "a check's title has 250 characters",
            at: wide(250),
            beyond: wide(251),
            arrives: |story, text| {
                (check(story, |check| text.clone_into(&mut check.title)), |story| {
                    story.github.read(|repository| repository.checks[0].title.clone().unwrap_or_default())
                })
            },
        },
        Limit {
            name: "a check's name has 255 characters",
            at: wide(255),
            beyond: wide(256),
            arrives: |story, text| {
                (check(story, |check| text.clone_into(&mut check.name)), |story| {
                    story.github.read(|repository| repository.checks[0].name.clone())
                })
            },
        },
        Limit {
            name: "a deployment status's description has 140 characters",
            at: wide(140),
            beyond: wide(141),
            arrives: |story, text| {
                let mut deployment = story.deployment(DeploymentState::Success);
                text.clone_into(&mut deployment.description);
                (Part::Deployment(deployment), |story| {
                    story.github.read(|repository| {
                        let last = repository.deployments[0].statuses.last();
                        last.and_then(|status| status.description.clone()).unwrap_or_default()
                    })
                })
            },
        },
        Limit {
            name: "an environment's name has 255 characters",
            at: wide(255),
            beyond: wide(256),
            arrives: |story, text| {
                let mut deployment = story.deployment(DeploymentState::Success);
                text.clone_into(&mut deployment.environment);
                (Part::Deployment(deployment), |story| {
                    story.github.read(|repository| repository.deployments[0].environment.clone())
                })
            },
        },
    ]
}

#[tokio::test]
async fn what_is_at_a_limit_arrives_whole_and_what_is_beyond_within_it() {
    for Limit { name, at, beyond, arrives } in limits() {
        for (text, whole) in [(&at, true), (&beyond, false)] {
            let story = Story::new();
            let client = story.app();
            let (part, arrived) = arrives(&story, text);
            let sent = match &part {
                Part::Comment(text) => client.put_comment(story.pull, text, NewComment::Allowed).await,
                Part::Check(check) => client.put_check(check).await,
                Part::Deployment(deployment) => client.put_deployment(deployment).await,
            };
            sent.unwrap_or_else(|error| panic!("{name}: {error}"));
            let arrived = arrived(&story);
            assert_eq!(arrived == *text, whole, "{name}: {} characters arrived", arrived.chars().count());
            let fits = arrived.chars().count() <= at.chars().count() || arrived.len() <= at.len();
            assert!(fits, "{name}: {} characters, {} bytes", arrived.chars().count(), arrived.len());
            story.github.assert_no_violations();
        }
    }
}

#[tokio::test]
async fn a_comment_that_is_cut_says_where_the_rest_is() {
    let story = Story::new();
    story.app().put_comment(story.pull, &"a line\n".repeat(20_000), NewComment::Allowed).await.unwrap();
    let body = &story.comments()[0].body;
    assert!(body.chars().count() <= 65_536);
    let page = format!("{}/acme/config/pull/{}/checks", story.github.url(), story.pull);
    assert!(body.ends_with(&format!("The checks have more: {page}\n")), "{}", &body[body.len() - 300..]);
}

#[tokio::test]
async fn annotations_come_by_fifty_and_no_more_than_two_hundred_errors_first() {
    for (count, calls, left_out) in [(50, 1, 0), (51, 2, 0), (200, 4, 0), (201, 4, 1)] {
        let story = Story::new();
        let mut check = story.check(CheckState::Failure, "Denied.");
        check.annotations = (1..=count)
            .map(|line| Annotation {
                path: "environments/web.toml".to_owned(),
                line,
                level: if line == count { AnnotationLevel::Failure } else { AnnotationLevel::Warning },
                title: "policy".to_owned(),
                message: "no".to_owned(),
            })
            .collect();
        story.app().put_check(&check).await.unwrap();
        let standing = story.github.read(|repository| repository.checks[0].clone());
        assert_eq!((standing.annotations.len(), story.writes()), (count - left_out, calls));
        assert!(format!("{:?}", standing.annotations[0]).to_lowercase().contains("failure"));
        let summary = standing.summary.unwrap_or_default();
        assert_eq!(summary.contains("1 more remark on lines is not shown"), left_out == 1, "{summary}");
        story.github.assert_no_violations();
    }
}

#[tokio::test]
async fn an_annotation_is_there_once_however_often_its_check_is_edited() {
    let story = Story::new();
    let mut check = story.check(CheckState::InProgress, "Being planned.");
    check.annotations = (1..=60)
        .map(|line| Annotation {
            path: "environments/web.toml".to_owned(),
            line,
            level: AnnotationLevel::Warning,
            title: "policy".to_owned(),
            message: "no".to_owned(),
        })
        .collect();
    let client = story.app();
    // The second of two calls is lost.
    story.github.fail(Failure::gateway(502).method("PATCH").path("/repos/*/check-runs/*"));
    client.put_check(&check).await.unwrap_err();
    client.put_check(&check).await.unwrap();
    check.title = "Planned.".to_owned();
    client.put_check(&check).await.unwrap();
    // As after a restart.
    check.state = CheckState::Success;
    story.app().put_check(&check).await.unwrap();
    let standing = story.github.read(|repository| repository.checks[0].annotations.clone());
    assert_eq!(standing.len(), 60);
    story.github.assert_no_violations();
}

//! The order of many: several pull requests, environments that need each other, bases with heirs,
//! the merge queue, and versions that failed.

use pointsman_tests::{
    github::{CheckRun, Repository},
    story::World,
};

use crate::{PATIENCE, world};

/// An environment of one queue, which is made in a moment.
fn small(name: &str, needs: &[&str], delay: u32) -> String {
    format!(
        "schema = 1\nextends = \"_base.toml\"\nneeds = {needs:?}\n\n[state]\nkey = \"production/{name}/terraform.tfstate\"\n\n\
         [tags]\nApplication = \"{name}\"\n\n[queue.jobs]\ndelay = \"{delay}s\"\n"
    )
}

fn file(name: &str) -> String {
    format!("environments/production/{name}.toml")
}

/// Commits environments to a branch, all at once.
fn commit(world: &World, branch: &str, texts: &[(&str, String)], message: &str) -> String {
    let files: Vec<(String, &str)> = texts.iter().map(|(name, text)| (file(name), text.as_str())).collect();
    let files: Vec<(&str, Option<&str>)> =
        files.iter().map(|(path, text)| (path.as_str(), Some(*text))).collect();
    world.git.commit(branch, &files, message)
}

/// Opens a pull request of environments, and answers its number.
fn propose(world: &World, branch: &str, texts: &[(&str, String)], title: &str) -> u64 {
    world.git.branch(branch, "main");
    commit(world, branch, texts, title);
    world.github.open_pull(branch, "main", title, "")
}

fn the_comment(repository: &Repository, number: u64) -> String {
    repository.pulls[&number].comments.first().map(|comment| comment.body.clone()).unwrap_or_default()
}

fn check(repository: &Repository, sha: &str, name: &str) -> Option<CheckRun> {
    repository.latest_checks(sha).into_iter().find(|check| check.name == name)
}

/// Whether a check of a commit came to this end.
fn ended(repository: &Repository, sha: &str, name: &str, conclusion: &str) -> bool {
    check(repository, sha, name).is_some_and(|check| check.conclusion.as_deref() == Some(conclusion))
}

fn delay(world: &World, name: &str) -> String {
    world.aws.python(&format!(
        "s = client('sqs')\nfor u in s.list_queues(QueueNamePrefix='{name}').get('QueueUrls', []):\n    \
         print(s.get_queue_attributes(QueueUrl=u, AttributeNames=['DelaySeconds'])['Attributes']['DelaySeconds'])"
    ))
}

/// When queues were asked for, by the first word of their names.
fn order(said: &str, names: &[&str]) -> Vec<usize> {
    let at = |name: &&str| {
        said.lines()
            .position(|line| line.contains("deployed:") && line.contains(&format!("production/{name}")))
            .unwrap_or_else(|| panic!("{name} was deployed; the agent said\n{said}"))
    };
    names.iter().map(at).collect()
}

#[test]
fn two_pull_requests_on_one_environment_know_of_each_other() {
    let world = world();
    commit(&world, "main", &[("web", small("web", &[], 1))], "Describe it");
    let agent = world.agent("");
    let base = world.git.head("main").unwrap();
    world
        .github
        .wait_until(PATIENCE, "it stands", |repository| ended(repository, &base, "pointsman", "success"));

    let one = propose(&world, "one", &[("web", small("web", &[], 2))], "Two seconds");
    let other = propose(&world, "other", &[("web", small("web", &[], 3))], "Three seconds");
    world.github.wait_until(PATIENCE, "each says which other changes it", |repository| {
        the_comment(repository, one)
            .contains(&format!("#{other} (Three seconds) changes this environment too"))
            && the_comment(repository, other)
                .contains(&format!("#{one} (Two seconds) changes this environment too"))
    });
    let first = world.github.merge(one);
    world.github.wait_until(PATIENCE, "the other is planned anew, and told of it", |repository| {
        let comment = the_comment(repository, other);
        comment.contains("`main` changed this environment since this branch left it")
            && !comment.contains("changes this environment too")
            && ended(repository, &first, "pointsman", "success")
    });
    assert_eq!(delay(&world, "web"), "2\n");
    // The branch is brought up to date, and merged.
    commit(&world, "main", &[("web", small("web", &[], 3))], "Three seconds after all");
    let last = world.git.head("main").unwrap();
    world.github.wait_until(PATIENCE, "the newest stands", |repository| {
        ended(repository, &last, "pointsman", "success")
    });
    assert_eq!(delay(&world, "web"), "3\n");
    assert_eq!(agent.stop(PATIENCE).1, 0);
    world.github.assert_no_violations();
}

#[test]
fn two_merges_in_quick_succession_end_with_the_newest() {
    let world = world();
    let agent = world.agent("");
    // The first is held in the middle of its work until the second is merged.
    let held = world.aws.proxy().hold("sqs", "CreateQueue");
    commit(&world, "main", &[("web", small("web", &[], 1))], "One second");
    assert!(held.wait_reached(PATIENCE), "the first is under way");
    commit(&world, "main", &[("web", small("web", &[], 2))], "Two seconds");
    let newest = commit(&world, "main", &[("web", small("web", &[], 3))], "Three seconds");
    agent.wait_until_said(&newest, PATIENCE);
    held.release();
    world.github.wait_until(PATIENCE, "the newest stands", |repository| {
        ended(repository, &newest, "pointsman / production/web", "success")
    });
    assert_eq!(delay(&world, "web"), "3\n");
    assert_eq!(agent.stop(PATIENCE).1, 0);
}

#[test]
fn environments_are_deployed_after_what_they_need() {
    let world = world();
    let agent = world.agent("");
    let texts = [
        ("app", small("app", &["production/store", "production/ground"], 1)),
        ("ground", small("ground", &[], 1)),
        ("store", small("store", &["production/ground"], 1)),
    ];
    let number = propose(&world, "three", &texts, "Three that need each other");
    world.github.wait_until(PATIENCE, "the order is told", |repository| {
        let comment = the_comment(repository, number);
        comment.contains("It is deployed after `production/store`, `production/ground`, which it needs.")
            && ended(repository, &repository.pulls[&number].head_sha, "pointsman", "success")
    });
    let commit = world.github.merge(number);
    world
        .github
        .wait_until(PATIENCE, "all stand", |repository| ended(repository, &commit, "pointsman", "success"));
    let (said, code) = agent.stop(PATIENCE);
    let order = order(&said, &["ground", "store", "app"]);
    assert!(order.is_sorted(), "{order:?}\n{said}");
    assert_eq!(code, 0);
    world.github.assert_no_violations();
}

#[test]
fn what_needs_a_failed_one_is_not_begun_and_the_rest_goes_on() {
    let world = world();
    let agent = world.agent("");
    let refused = "The specified queue does not want to exist.";
    world.aws.proxy().fail("sqs", "CreateQueue", 400, "InvalidAttributeValue", refused, 1);
    let ground = small("ground", &[], 1);
    let first = commit(&world, "main", &[("ground", ground)], "Ground");
    world.github.wait_until(PATIENCE, "it fails", |repository| {
        ended(repository, &first, "pointsman / production/ground", "failure")
    });
    let texts = [("app", small("app", &["production/ground"], 1)), ("apart", small("apart", &[], 1))];
    let number = propose(&world, "more", &texts, "One that needs it, one that does not");
    let merged = world.github.merge(number);
    world.github.wait_until(PATIENCE, "the rest goes on", |repository| {
        ended(repository, &merged, "pointsman / production/apart", "success")
            && the_comment(repository, number).contains("stopped by `production/ground`")
    });
    assert_eq!(delay(&world, "app"), "", "it is not begun");

    // Quarantined, also after a restart: nothing is tried, and nothing written.
    assert_eq!(agent.stop(PATIENCE).1, 0);
    world.aws.proxy().clear();
    let agent = world.agent("");
    agent.wait_until_said("this version failed before, and is quarantined", PATIENCE);
    agent.wait_until_said("deployed before", PATIENCE);
    assert_eq!(delay(&world, "ground"), "");
    assert!(world.aws.proxy().mutations().iter().all(|call| call.operation != "CreateQueue"));

    // It changes, and all of it goes on.
    let mended = commit(&world, "main", &[("ground", small("ground", &[], 2))], "Mend it");
    world.github.wait_until(PATIENCE, "it stands, and what needs it", |repository| {
        ended(repository, &mended, "pointsman / production/ground", "success")
            && ended(repository, &merged, "pointsman / production/app", "success")
    });
    assert_eq!((delay(&world, "ground"), delay(&world, "app")), ("2\n".to_owned(), "1\n".to_owned()));
    assert_eq!(agent.stop(PATIENCE).1, 0);
    world.github.assert_no_violations();
}

#[test]
fn a_base_changes_ten_heirs_and_a_merge_group_is_checked() {
    let world = world();
    let heir = |number: usize| {
        format!(
            "schema = 1\nextends = \"_heirs.toml\"\n\n[state]\nkey = \"production/heir-{number}/terraform.tfstate\"\n\n[tags]\nApplication = \"heirs\"\n"
        )
    };
    let base = |delay: u32| format!("extends = \"_base.toml\"\n\n[queue.jobs]\ndelay = \"{delay}s\"\n");
    let names: Vec<String> = (0..10).map(|number| format!("heir-{number}")).collect();
    let mut texts: Vec<(&str, String)> =
        names.iter().enumerate().map(|(number, name)| (name.as_str(), heir(number))).collect();
    texts.push(("_heirs", base(1)));
    let first = commit(&world, "main", &texts, "Ten heirs");
    let agent = world.agent("");
    world
        .github
        .wait_until(PATIENCE, "ten stand", |repository| ended(repository, &first, "pointsman", "success"));

    let number = propose(&world, "slower", &[("_heirs", base(5))], "All wait longer");
    world.github.wait_until(PATIENCE, "ten are planned", |repository| {
        let comment = the_comment(repository, number);
        comment.contains("all 10 environments. **Plan: 0 to add, 10 to change, 0 to destroy.**")
            && ended(repository, &repository.pulls[&number].head_sha, "pointsman", "success")
    });
    let comments = world.github.pull(number).bot_comments();
    assert_eq!(comments.len(), 1);

    // The merge queue tries it on the branch as it will be.
    let head = world.github.pull(number).head_sha();
    let group = format!("gh-readonly-queue/main/pr-{number}-{first}");
    world.git.branch(&group, "main");
    let tried = world.git.merge(&group, &head, "Merge queue").unwrap();
    world.github.wait_until(PATIENCE, "the group is checked", |repository| {
        ended(repository, &tried, "pointsman", "success")
            && ended(repository, &tried, "pointsman / production/heir-9", "success")
    });
    assert_eq!(delay(&world, "heir-9"), "1\n", "a group is planned, not deployed");
    assert_eq!(world.github.pull(number).bot_comments().len(), 1, "there is nothing to comment on");
    // The group becomes the branch.
    world.git.branch("main", &tried);
    world.git.delete_branch(&group);
    world.github.wait_until(PATIENCE, "ten are changed", |repository| {
        repository.deployments.iter().filter(|deployment| deployment.sha == tried).count() == 10
            && ended(repository, &tried, "pointsman", "success")
    });
    let deadline = std::time::Instant::now() + PATIENCE;
    while names.iter().any(|name| delay(&world, name) != "5\n") {
        assert!(std::time::Instant::now() < deadline, "{}", agent.said());
    }
    assert_eq!(agent.stop(PATIENCE).1, 0);
    world.github.assert_no_violations();
}

//! GitHub away while something is deployed: the deploy ends, and the reports arrive once each, in
//! order, whatever became of the agent meanwhile.

use std::time::{Duration, Instant};

use pointsman_tests::{agent::Running, aws::Place, story::World};

use crate::{PATIENCE, kinds, road::deployed, world};

/// A merged commit whose deploy is under way, known to GitHub, which then goes away.
struct Away {
    world: World,
    agent: Running,
    number: u64,
    commit: String,
}

impl Away {
    fn in_the_middle() -> Self {
        let world = world();
        let agent = world.agent("");
        let number = world.propose("reports", kinds::FILE, kinds::TEXT, "Reports");
        let head = world.github.pull(number).head_sha();
        world.github.wait_until(PATIENCE, "the plan is reported", |repository| {
            repository.checks.iter().any(|check| {
                check.head_sha == head && check.name == "pointsman" && check.status == "completed"
            })
        });
        let held = world.aws.proxy().hold_mutation(3, Place::Request);
        let commit = world.github.merge(number);
        assert!(held.wait_reached(PATIENCE), "the deploy reaches its third write");
        world.github.wait_until(PATIENCE, "the deploy is announced", |repository| {
            repository.deployments.iter().any(|deployment| {
                deployment.statuses.last().is_some_and(|status| status.state == "in_progress")
            }) && repository.checks.iter().any(|check| check.head_sha == commit && check.name == "pointsman")
        });
        world.github.set_api_outage(true);
        held.release();
        agent.wait_until_said("a report is delivered later", PATIENCE);
        Self { world, agent, number, commit }
    }

    /// Waits until the account has it all; GitHub knows nothing of it.
    fn ends(&self) {
        self.agent.wait_until_said("deployed", PATIENCE);
        assert!(!self.world.github.read(|repository| deployed(repository, &self.commit)));
    }

    fn comes_back(&self) {
        let Self { world, commit, number, .. } = self;
        world.github.set_api_outage(false);
        world.github.wait_until(PATIENCE, "all of it is reported", |repository| {
            let mut checks = repository.checks.iter().filter(|check| check.head_sha == *commit);
            deployed(repository, commit)
                && checks.all(|check| check.status == "completed")
                && repository.pulls[number].comments.iter().any(|comment| comment.body.contains("Deployed"))
        });
    }

    /// One comment, one deployment, one check of each name; each told once how it ended.
    fn told_once(&self) {
        let Self { world, commit, number, .. } = self;
        assert_eq!(world.github.pull(*number).bot_comments().len(), 1);
        let (deployments, checks) = world.github.read(|repository| {
            let checks = repository.checks.iter().filter(|check| check.head_sha == *commit).cloned();
            (repository.deployments.clone(), checks.collect::<Vec<_>>())
        });
        assert_eq!(deployments.len(), 1);
        let states: Vec<&str> = deployments[0].statuses.iter().map(|status| status.state.as_str()).collect();
        assert_eq!(states, ["queued", "in_progress", "success"]);
        let mut names: Vec<&str> = checks.iter().map(|check| check.name.as_str()).collect();
        names.sort_unstable();
        let name = kinds::FILE.trim_start_matches("environments/").trim_end_matches(".toml");
        assert_eq!(names, ["pointsman", &format!("pointsman / {name}")]);
        for check in checks {
            assert_eq!(check.conclusion.as_deref(), Some("success"));
            let ended = check.history.iter().filter(|state| *state == "success").count();
            assert_eq!(ended, 1, "{:?}", check.history);
        }
        world.github.assert_no_violations();
    }
}

#[test]
fn github_away_in_the_middle_of_a_deploy_hears_of_its_end_once() {
    let away = Away::in_the_middle();
    away.ends();
    away.comes_back();
    away.told_once();
    // GitHub knows of it before the agent hears that it does.
    let kept = away.world.folder().join("data/outbox");
    let deadline = Instant::now() + PATIENCE;
    while std::fs::read_dir(&kept).unwrap().next().is_some() {
        assert!(Instant::now() < deadline, "what was delivered is still kept");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(away.agent.stop(PATIENCE).1, 0);
}

#[test]
fn an_agent_killed_while_github_is_away_tells_it_after_its_next_start() {
    for disk in ["kept", "lost"] {
        let Away { world, agent, number, commit } = {
            let away = Away::in_the_middle();
            away.ends();
            away
        };
        agent.kill();
        let data = world.folder().join("data");
        if disk == "lost" {
            std::fs::remove_dir_all(&data).unwrap();
        } else {
            assert!(std::fs::read_dir(data.join("outbox")).unwrap().next().is_some(), "the report is kept");
        }
        let agent = world.agent("");
        agent.wait_until_said("it stands as the branch describes it", PATIENCE);
        let away = Away { world, agent, number, commit };
        away.comes_back();
        away.told_once();
        assert_eq!(away.agent.stop(PATIENCE).1, 0, "{disk}");
    }
}

#[test]
fn an_agent_killed_in_the_middle_goes_on_and_tells_it_when_github_is_back() {
    let Away { world, agent, number, commit } = Away::in_the_middle();
    agent.kill();
    let agent = world.agent("");
    let away = Away { world, agent, number, commit };
    away.comes_back();
    assert_eq!(away.world.github.pull(number).bot_comments().len(), 1);
    let deployments = away.world.github.read(|repository| repository.deployments.clone());
    assert_eq!(deployments.len(), 1);
    assert_eq!(deployments[0].statuses.iter().filter(|status| status.state == "success").count(), 1);
    assert_eq!(away.agent.stop(PATIENCE).1, 0);
}

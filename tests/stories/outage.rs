//! GitHub away while something is deployed: the deploy ends, and the reports arrive once each, in
//! order, whatever became of the agent meanwhile.

use std::time::{Duration, Instant};

use pointsman_tests::{agent::Running, aws::Place, clock::Clock, story::World};

use crate::{PATIENCE, kinds, road::deployed, world};

/// A merged commit whose deploy is under way, known to GitHub, which then goes away.
struct Away {
    world: World,
    agent: Running,
    number: u64,
    commit: String,
}

/// Polls in an hour.
const HOUR: usize = 6;
/// Four reports at first, each again after 1, 2, 4, … 256 s, and then every five minutes.
const MOST_TRIED: usize = 4 * (9 + 12);

impl Away {
    fn in_the_middle() -> Self {
        let world = world();
        let agent = world.agent("");
        Self::of(world, agent, || {})
    }

    /// The same with an agent that was started; `reached` when the deploy is in its middle.
    fn of(world: World, agent: Running, reached: impl FnOnce()) -> Self {
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
        reached();
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

/// An agent that looks once in ten minutes, and whose waits can be skipped.
fn once_in_ten_minutes(world: &World, clock: &Clock) -> Running {
    let file = world.configuration("");
    let text = std::fs::read_to_string(&file).unwrap();
    let slower = text.replace("poll = \"1s\"", "poll = \"10m\"");
    assert_ne!(text, slower);
    std::fs::write(&file, slower).unwrap();
    let mut command = world.command();
    command.arg("run").arg("--config").arg(file);
    Running::start(clock.lead_skipping_later(&mut command))
}

#[test]
fn an_hour_without_github_in_the_middle_of_a_deploy_is_told_of_once_and_in_order() {
    let world = world();
    let clock = Clock::in_folder(world.folder());
    clock.skip(true);
    let agent = once_in_ten_minutes(&world, &clock);
    // It polls soon, but what is on its way to AWS takes as long as it takes.
    let away = Away::of(world, agent, || clock.skip(false));
    away.ends();
    away.world.github.forget_requests();
    // Each poll asks for new comments, in vain.
    let polls = || away.agent.said().matches("comments are read again at the next poll").count();
    let before = polls();
    clock.skip(true);
    let deadline = Instant::now() + PATIENCE;
    while polls() - before < HOUR {
        assert!(Instant::now() < deadline, "{} polls", polls() - before);
        std::thread::sleep(Duration::from_millis(50));
    }
    let tried = away.world.github.requests().iter().filter(|request| request.method != "GET").count();
    println!("GitHub was away for an hour of the agent's time: {HOUR} polls, {tried} reports tried in vain");
    assert!((1..=MOST_TRIED).contains(&tried), "it waits longer after each failure: {tried}");
    assert!(!away.world.github.read(|repository| deployed(repository, &away.commit)));
    away.comes_back();
    away.told_once();
    clock.skip(false);
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

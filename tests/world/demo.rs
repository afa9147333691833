//! The demonstration: a pull request is planned, merged, and deployed.

use std::{
    io::Write,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};

use crate::{
    agent::{Program, Running},
    github::Repository,
    story::{PRODUCTION, PRODUCTION_FILE, World},
    visitor::server_of,
};

/// How long each part of it may take at most.
const PATIENCE: Duration = Duration::from_secs(180);

/// Tells the story to `out`; with `stay`, the world stands until Ctrl-C.
///
/// # Errors
///
/// When anything did not come to be as it should.
pub fn tell(program: Program, out: &mut dyn Write, stay: bool) -> Result<()> {
    let started = Instant::now();
    heading(out, "A world on this machine")?;
    writeln!(out, "Starting an AWS emulator, a config repo over Git, and a stand-in for GitHub …")?;
    let world = World::new(program);
    writeln!(out, "  AWS     {} (account {})", world.aws.endpoint(), world.aws.account())?;
    writeln!(out, "  Git     {}", world.github.clone_url())?;
    writeln!(out, "  GitHub  {}", world.github.url())?;
    writeln!(
        out,
        "In the account stand already: a network, a database, files, secrets, and the old service. The agent\n\
         starts to watch the config repo."
    )?;
    let agent = world.agent("[server]\nlisten = \"127.0.0.1:0\"\n");
    let page = server_of(&agent, PATIENCE);
    writeln!(out, "Its page: http://{page}/")?;

    heading(out, "1. Somebody opens a pull request")?;
    let file = World::example_environment();
    let number = world.propose("openwebui", PRODUCTION_FILE, &file, "Deploy OpenWebUI on ECS Fargate");
    writeln!(out, "#{number} adds {PRODUCTION_FILE} ({} lines).", file.lines().count())?;
    writeln!(out, "Open it in a browser: {}", world.github.pull_url(number))?;
    writeln!(out, "The agent sees it, reads the account, and plans …")?;
    wait(&world, &agent, out, |repository| planned(repository, number))?;
    let comment =
        world.github.pull(number).bot_comments().into_iter().next().context("no comment was written")?;
    quote(out, "The agent's comment", &comment.body)?;

    heading(out, "2. Somebody merges it")?;
    let commit = world.github.merge(number);
    writeln!(out, "Merged as {}. The agent deploys it; what it says while it works:", &commit[..7])?;
    wait(&world, &agent, out, deployed)?;

    heading(out, "3. What came of it, as GitHub has it")?;
    let pull = world.github.pull(number);
    let comment = pull.bot_comments().into_iter().next().context("the comment is gone")?;
    quote(out, "The same comment, edited in place", &comment.body)?;
    for check in world
        .github
        .read(|repository| repository.checks.clone())
        .iter()
        .filter(|check| check.head_sha == commit)
    {
        let conclusion = check.conclusion.as_deref().unwrap_or(&check.status);
        writeln!(
            out,
            "Check       {:<45} {conclusion}: {}",
            check.name,
            check.title.as_deref().unwrap_or("")
        )?;
    }
    for deployment in pull.deployments() {
        let states: Vec<&str> = deployment.statuses.iter().map(|status| status.state.as_str()).collect();
        writeln!(out, "Deployment  {:<45} {}", deployment.environment, states.join(" → "))?;
        ensure!(states.last() == Some(&"success"), "the deployment did not succeed");
    }

    heading(out, "4. What people can ask")?;
    let clone = world.clone_of("main");
    for arguments in [
        vec!["outputs", PRODUCTION],
        vec!["status", PRODUCTION],
        vec!["plan", PRODUCTION, "--detailed-exitcode"],
    ] {
        writeln!(out, "$ pointsman {}", arguments.join(" "))?;
        let ended = clone.run(&arguments);
        writeln!(out, "{}", ended.out)?;
        ensure!(
            ended.code == 0,
            "`pointsman {}` ended with {}: {}",
            arguments.join(" "),
            ended.code,
            ended.err
        );
    }
    let violations = world.github.violations();
    ensure!(violations.is_empty(), "GitHub would not have understood: {}", violations.join("; "));
    writeln!(out, "All of it took {} s.", started.elapsed().as_secs())?;
    if stay {
        writeln!(
            out,
            "\nThe pull request: {}\nThe agent's page: http://{page}/\nIt stays until Ctrl-C.",
            world.github.pull_url(number)
        )?;
        out.flush()?;
        loop {
            std::thread::park();
        }
    }
    let (said, code) = agent.stop(PATIENCE);
    ensure!(code == 0, "the agent ended with {code}; it said\n{said}");
    Ok(())
}

/// Whether the pull request's plan is reported and its checks have ended.
fn planned(repository: &Repository, number: u64) -> bool {
    let Some(pull) = repository.pulls.get(&number) else { return false };
    let commented = pull.comments.iter().any(|comment| comment.body.contains("Plan:"));
    let mut checks = repository.checks.iter().filter(|check| check.head_sha == pull.head_sha).peekable();
    commented && checks.peek().is_some() && checks.all(|check| check.status == "completed")
}

/// Whether a deployment came to an end, one way or the other.
fn deployed(repository: &Repository) -> bool {
    let ended = |state: &str| matches!(state, "success" | "failure" | "error");
    let ends =
        |statuses: &[crate::github::DeploymentStatus]| statuses.last().is_some_and(|last| ended(&last.state));
    repository.deployments.iter().any(|deployment| ends(&deployment.statuses))
        && repository.checks.iter().all(|check| check.status == "completed")
        && repository
            .pulls
            .values()
            .all(|pull| pull.comments.iter().all(|comment| !comment.body.contains("deploying")))
}

/// Waits, printing what the agent says meanwhile.
fn wait(
    world: &World,
    agent: &Running,
    out: &mut dyn Write,
    done: impl Fn(&Repository) -> bool,
) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    let mut printed = agent.said().len();
    loop {
        let said = agent.said();
        let new = &said[printed.min(said.len())..];
        if let Some(end) = new.rfind('\n') {
            for line in new[..end].lines() {
                writeln!(out, "  | {}", without_time(line))?;
            }
            out.flush()?;
            printed += end + 1;
        }
        if world.github.read(&done) {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "it did not come to be within {} s", PATIENCE.as_secs());
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A log line without its time, which only makes it long here.
fn without_time(line: &str) -> &str {
    match line.split_once("Z ") {
        Some((time, rest)) if time.starts_with(|c: char| c.is_ascii_digit()) => rest.trim_start(),
        _ => line,
    }
}

fn heading(out: &mut dyn Write, text: &str) -> std::io::Result<()> {
    writeln!(out, "\n━━ {text} {}", "━".repeat(76_usize.saturating_sub(text.chars().count())))
}

fn quote(out: &mut dyn Write, title: &str, text: &str) -> std::io::Result<()> {
    writeln!(out, "\n┌── {title}")?;
    for line in text.lines() {
        writeln!(out, "│ {line}")?;
    }
    writeln!(out, "└──")
}

//! This program as the process that evaluates policies, for another of its kind
//! (`engine::Policies`): it takes from itself whatever it does not need, then
//! answers questions until there are no more.

use std::{
    io::{BufRead, BufReader, Write},
    process::ExitCode,
    time::Duration,
};

use pointsman_core::policy::{Asked, BOUNDS, Evaluator, Question, on_large_stack};
use pointsman_engine::EvaluatorProgram;
use rustix::{
    process::{Resource, Rlimit, getrlimit, setrlimit},
    time::{ClockId, clock_gettime},
};

/// The name of the hidden command.
pub const COMMAND: &str = "policy-evaluator";

/// The allocator asks for memory when it is needed, and reserves none: what a process may have is
/// bounded by its addresses.
const NO_RESERVE: (&str, &str) = ("MIMALLOC_ARENA_RESERVE", "0");

/// This program, as it was when it started: not what may have been installed
/// in its place since.
pub fn program() -> EvaluatorProgram {
    let path = if cfg!(target_os = "linux") {
        "/proc/self/exe".into()
    } else {
        // Where nothing is known, nothing starts, and so nothing is allowed.
        std::env::current_exe().unwrap_or_default()
    };
    EvaluatorProgram { path, argument: COMMAND, variable: NO_RESERVE }
}

/// Answers until standard input ends.
pub fn run() -> ExitCode {
    // The thread has to be there before threads are forbidden.
    match on_large_stack(|| bound().and_then(|()| serve())) {
        Some(Ok(())) => ExitCode::SUCCESS,
        Some(Err(error)) => {
            let _ = writeln!(std::io::stderr(), "{error}");
            ExitCode::FAILURE
        }
        None => ExitCode::FAILURE,
    }
}

fn serve() -> std::io::Result<()> {
    let mut output = std::io::stdout().lock();
    let mut evaluator = Evaluator::default();
    for line in BufReader::new(std::io::stdin()).lines() {
        let question: Question<'_> = serde_json::from_str(&line?)?;
        allow(question.time(&BOUNDS))?;
        let answer = evaluator.answer(question, &mut tell);
        let mut line = serde_json::to_vec(&answer)?;
        line.push(b'\n');
        output.write_all(&line)?;
        output.flush()?;
    }
    Ok(())
}

/// On standard error a word is out at once, whatever happens next.
fn tell(asked: &Asked) {
    let line = serde_json::to_string(asked).unwrap_or_default();
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Takes away processes, threads, files and memory. What is open stays open.
fn bound() -> std::io::Result<()> {
    let memory = address_space()?;
    // Should the machine run out of memory, this process goes first.
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    if let Some(bytes) = memory {
        limit(Resource::As, bytes + BOUNDS.memory)?;
    }
    for resource in [Resource::Core, Resource::Fsize, Resource::Nproc] {
        limit(resource, 0)?;
    }
    limit(Resource::Nofile, 3)
}

/// Gives processor time for one more question.
fn allow(time: Duration) -> std::io::Result<()> {
    let used = clock_gettime(ClockId::ProcessCPUTime).tv_sec;
    let until = u64::try_from(used).unwrap_or_default() + time.as_secs() + 1;
    let Rlimit { current: _, maximum } = getrlimit(Resource::Cpu);
    let current = Some(maximum.map_or(until, |maximum| maximum.min(until)));
    Ok(setrlimit(Resource::Cpu, Rlimit { current, maximum })?)
}

fn limit(resource: Resource, most: u64) -> std::io::Result<()> {
    let least = |limit: Option<u64>| Some(limit.map_or(most, |limit| limit.min(most)));
    let Rlimit { current, maximum } = getrlimit(resource);
    Ok(setrlimit(resource, Rlimit { current: least(current), maximum: least(maximum) })?)
}

/// The bytes of addresses in use, stack and program included; none on systems
/// that do not bound them.
fn address_space() -> std::io::Result<Option<u64>> {
    if !cfg!(target_os = "linux") {
        return Ok(None);
    }
    let status = std::fs::read_to_string("/proc/self/status")?;
    let size = status.lines().find_map(|line| line.strip_prefix("VmSize:"));
    let kibibytes =
        size.and_then(|size| size.trim().strip_suffix("kB")).and_then(|n| n.trim().parse::<u64>().ok());
    match kibibytes {
        Some(kibibytes) => Ok(Some(kibibytes * 1024)),
        None => Err(std::io::Error::other("the system does not say how much memory this process has")),
    }
}

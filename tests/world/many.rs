//! A config repo as large as a company's, and what a check of it takes.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{
    agent::{Ended, Program},
    process::{children, peak},
};

/// How often the processes are looked at while they run.
const LOOK: Duration = Duration::from_millis(2);

/// The kernel's clock ticks in a second, as it tells them to programs.
const TICKS: f64 = 100.0;

/// Writes a config repo of `count` environments: the example's production, each with names of its
/// own, over the example's bases and under the policies that ship.
///
/// # Panics
///
/// When the folder cannot be written.
pub fn describe(folder: &Path, count: usize) {
    let example = crate::repository();
    for part in ["environments/_base.toml", "environments/production/_base.toml"] {
        let to = folder.join(part);
        fs::create_dir_all(to.parent().expect("a file stands in a folder")).expect("folders can be made");
        fs::copy(example.join(part), to).expect("the example has bases");
    }
    copy(&example.join("policies"), &folder.join("policies"));
    let text = fs::read_to_string(example.join("environments/production/gravity-ai-chat.toml"))
        .expect("the example is there");
    for number in 0..count {
        let own = text
            .replace("key = \"production/gravity-ai-chat/", &format!("key = \"production/chat-{number}/"))
            .replace(
                "[dashboard]\nname = \"gravity-ai-chat\"",
                &format!("[dashboard]\nname = \"chat-{number}\""),
            )
            .replace("webui3-scaled", &format!("webui-{number}"));
        fs::write(folder.join(format!("environments/production/chat-{number}.toml")), own)
            .expect("files can be written");
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("folders can be made");
    for entry in fs::read_dir(from).expect("the folder is there").flatten() {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).expect("files can be copied");
        }
    }
}

/// What a check took.
#[derive(Clone, Debug)]
pub struct Taken {
    /// How it ended.
    pub ended: Ended,
    /// By the clock.
    pub clock: Duration,
    /// Processor seconds of all its processes.
    pub processor: f64,
    /// The most memory that the program had at once, in MiB.
    pub own: f64,
    /// The most that one of the processes that evaluate policies had, in MiB.
    pub evaluator: f64,
    /// How many of them there were.
    pub evaluators: usize,
}

/// Runs `pointsman check` over a folder and looks at its processes until they have ended.
///
/// # Panics
///
/// When it cannot be started.
pub fn check(program: &Program, folder: &Path) -> Taken {
    let (out, err) = (folder.join("out.txt"), folder.join("err.txt"));
    let mut command: Command = program.command();
    command.args(["check", "--repo"]).arg(folder);
    command.stdout(Stdio::from(fs::File::create(&out).expect("files can be made")));
    command.stderr(Stdio::from(fs::File::create(&err).expect("files can be made")));
    let began = Instant::now();
    let mut child = command.spawn().expect("the program starts");
    let id = child.id();
    let (mut own, mut evaluator, mut seen) = (0.0_f64, 0.0_f64, std::collections::BTreeSet::new());
    // It stays as a zombie, with its times, until it is waited for.
    let processor = loop {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        if fields.first().is_none_or(|state| *state == "Z") {
            let ticks = fields.iter().skip(11).take(4).filter_map(|ticks| ticks.parse::<f64>().ok());
            break ticks.sum::<f64>() / TICKS;
        }
        own = own.max(peak(id));
        for process in children(id) {
            seen.insert(process);
            evaluator = evaluator.max(peak(process));
        }
        thread::sleep(LOOK);
    };
    let clock = began.elapsed();
    let status = child.wait().expect("it can be waited for");
    let read = |path: &Path| fs::read_to_string(path).unwrap_or_default();
    let ended = Ended { out: read(&out), err: read(&err), code: status.code().unwrap_or(-1) };
    Taken { ended, clock, processor, own, evaluator, evaluators: seen.len() }
}

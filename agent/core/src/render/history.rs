//! What happened to an environment, for terminals: its runs and the locks that
//! people released, the newest first.

use std::fmt::Write;

use super::{
    event::holder_words,
    layout::hanging,
    paint::{bold, dim, green, plain, red, yellow},
    status::{Age, since},
    words,
};
use crate::{
    environment::EnvironmentName,
    journal::{Act, Fault, History, Release, Run, Told},
};

/// Everything that is known.
pub fn terminal(environment: &EnvironmentName, history: &History, age: Age<'_>) -> String {
    let History { runs, releases, lacks_newest } = history;
    let mut text = format!("{}\n", bold(environment.as_str()));
    if runs.is_empty() && releases.is_empty() {
        text.push_str("  nothing is known: no run wrote anything, or it was longer ago than is kept\n");
        return text;
    }
    if *lacks_newest {
        let what = "the run that ended last is missing from the table: somebody deleted it";
        let _ = writeln!(text, "{}", red(&hanging("  broken:", 9, what)));
    }
    // What was longer ago comes later; what has no time stays where it is.
    let when = |at: Option<&String>| at.and_then(|at| age(at)).unwrap_or_default();
    let mut released = releases.iter().peekable();
    for told in runs {
        let began = when(told.run.began_at.as_ref());
        while let Some(release) = released.next_if(|release| when(Some(&release.at)) <= began) {
            write_release(&mut text, release, age);
        }
        write_run(&mut text, told, age);
    }
    for release in released {
        write_release(&mut text, release, age);
    }
    text
}

fn write_run(text: &mut String, told: &Told, age: Age<'_>) {
    let Told { run, fault } = told;
    let Run { fence, started, began_at, end, intents, done, failed } = run;
    let ended = match end.as_ref().map(|end| &end.act) {
        Some(Act::End { succeeded: true, .. }) => green("ended well"),
        Some(Act::End { succeeded: false, .. }) => red("ended with failures"),
        Some(Act::Seal { by, .. }) => yellow(&format!("sealed by run {by}")),
        Some(_) | None => yellow("open"),
    };
    let at = began_at.as_ref().map_or_else(
        || "when, is not known any more".to_owned(),
        |at| format!("{}{}", words::moment(at), since(at, age)),
    );
    let _ = writeln!(text, "  {} {at}: {ended}", bold(&format!("run {fence}")));
    let mut line = |line: &str| {
        let _ = writeln!(text, "{}", hanging("     ", 5, line));
    };
    if let Some(started) = started {
        let commit = started.commit.as_deref();
        let commit = commit.map(|commit| format!(" of {}", words::short(commit))).unwrap_or_default();
        line(&format!("{}{commit} by {}", plain(&started.operation), plain(&started.who)));
    }
    line(&format!(
        "{} announced, {done} done, {failed} failed",
        words::count(usize::try_from(*intents).unwrap_or(usize::MAX), "write", "writes")
    ));
    match end.as_ref().map(|end| (&end.at, &end.act)) {
        Some((at, Act::End { summary, serial, .. })) => {
            line(&format!("ended at {}, state serial {serial}: {}", words::moment(at), plain(summary)));
        }
        Some((at, Act::Seal { looked_up, .. })) => {
            line(&format!("sealed at {}; {looked_up} of its writes had to be looked up", words::moment(at)));
        }
        Some(_) | None => {}
    }
    if let Some(fault) = fault {
        let what = match fault {
            Fault::Broken(broken) => format!("entry {} is missing or was changed", broken.sequence),
            Fault::DoesNotFollow { before } => {
                format!("it does not follow run {before}: what was between them is missing, or was changed")
            }
        };
        let _ = writeln!(text, "{}", red(&hanging("      broken:", 13, &what)));
    }
}

fn write_release(text: &mut String, release: &Release, age: Age<'_>) {
    let Release { at, who, is_agents, lock } = release;
    let released = yellow(&format!("released by {}", plain(who)));
    let _ = writeln!(text, "  {} {}{}: {released}", bold("lock"), words::moment(at), since(at, age));
    let whose = if *is_agents { "an agent's" } else { "Terraform's or a person's" };
    let _ = writeln!(text, "{}", hanging("     ", 5, &format!("it was {whose}: {}", holder_words(lock))));
}

/// Says that there may be more than was asked for.
pub fn more(most: usize) -> String {
    dim(&format!("the newest {most} runs; --limit shows more"))
}

//! What carries an environment's tags, and what is recorded of it.

use std::fmt::Write;

use super::{
    layout::{COLUMNS, cut, length, padded},
    paint::{bold, dim, green, plain, yellow},
    words,
};
use crate::{
    environment::EnvironmentName,
    report::adoption::{Adoption, Standing, Verdict},
};

/// The longest address and kind that a row shows whole.
const ADDRESS: usize = 38;
const KIND: usize = 21;

/// A section for each verdict, a row for each object.
pub fn terminal(adoption: &Adoption) -> String {
    let Adoption { environment, found, missing, open_run, serial: _ } = adoption;
    let stand = words::count(found.len(), "object stands", "objects stand");
    let mut text = format!("{}: {stand}\n", bold(environment.as_str()));
    for (verdict, title) in [
        (Verdict::Recorded, "recorded"),
        (Verdict::RecordedNotInFile, "not in the file, recorded as it was made: the next plan deletes it"),
        (Verdict::NotInFile, "stands, not in the file: not recorded"),
        (Verdict::NotOurs, "has a name of ours and not our tags: not recorded"),
    ] {
        let rows: Vec<&Standing> = found.iter().filter(|standing| standing.verdict == verdict).collect();
        if !rows.is_empty() {
            let title = format!("{title} ({})", rows.len());
            let good = verdict == Verdict::Recorded;
            let _ = writeln!(text, "  {}", if good { green(&title) } else { yellow(&title) });
            write_rows(&mut text, &rows);
        }
    }
    if !missing.is_empty() {
        let title = format!("does not stand: the next apply makes it ({})", missing.len());
        let _ = writeln!(text, "  {}", yellow(&title));
        for address in missing {
            let _ = writeln!(text, "    {address}");
        }
    }
    if let Some(run) = open_run {
        let _ = writeln!(text, "  {}", yellow(&format!("run {run} did not end: this closes it")));
    }
    text
}

fn write_rows(text: &mut String, rows: &[&Standing]) {
    let widest = |of: fn(&Standing) -> String, most: usize| {
        rows.iter().map(|row| length(&of(row))).max().unwrap_or_default().min(most)
    };
    let (addresses, kinds) = (widest(address, ADDRESS), widest(kind, KIND));
    let ids = COLUMNS.saturating_sub(4 + addresses + 2 + kinds + 2);
    for row in rows {
        let _ = writeln!(
            text,
            "    {}  {}  {}",
            padded(&cut(&address(row), addresses), addresses),
            padded(&cut(&kind(row), kinds), kinds),
            dim(&cut(&plain(short(&row.id)), ids))
        );
    }
}

fn address(row: &Standing) -> String {
    row.address.as_ref().map_or_else(|| "(no address)".to_owned(), ToString::to_string)
}

/// What it is; of what is known by its ARN alone, AWS's word for its service.
fn kind(row: &Standing) -> String {
    let service = || plain(row.id.split(':').nth(2).unwrap_or_default());
    row.of_kind.map_or_else(service, |kind| kind.title().to_owned())
}

/// The end of an ARN or URL, which tells an object from the others of its kind.
fn short(id: &str) -> &str {
    let arn_end = id.strip_prefix("arn:").and_then(|arn| arn.splitn(5, ':').nth(4));
    let url_end = id.strip_prefix("http").and_then(|url| url.rsplit_once('/')).map(|(_, end)| end);
    arn_end.or(url_end).unwrap_or(id)
}

/// The end of it, once the state is written.
pub fn done(adoption: &Adoption) -> String {
    let environment = &adoption.environment;
    let objects = words::count(adoption.recorded(), "object is", "objects are");
    let serial = adoption.serial.map(|serial| format!(" (state serial {serial})")).unwrap_or_default();
    format!(
        "{} {objects} recorded{serial}\nNext: `pointsman plan {environment}` shows how the file differs.\n",
        green("Done:")
    )
}

/// The end of a look.
pub fn looked(adoption: &Adoption) -> String {
    let environment = &adoption.environment;
    format!("Nothing was written.\nNext: `pointsman adopt {environment} --from-tags` records it.\n")
}

/// Nobody agreed.
pub fn declined(adoption: &Adoption) -> String {
    format!("Nothing was written for {}: it was not agreed to.", adoption.environment)
}

/// Nobody can be asked.
pub fn nobody(environment: &EnvironmentName) -> String {
    format!(
        "nobody can be asked: this is not a terminal. Nothing was done to {environment}. Next: look at what stands with \
         --plan, then run it with --yes."
    )
}

/// What is asked before the state is written.
pub const QUESTION: &str = "Record this as the state, in place of what stands there? [y/N]";

/// What the run that adopts is recorded with.
pub fn summary(adoption: &Adoption) -> String {
    format!("{} recorded from tags", words::count(adoption.recorded(), "object", "objects"))
}

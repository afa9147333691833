//! What carries an environment's tags, and what is recorded of it.

use std::fmt::Write;

use super::{
    layout::{COLUMNS, cut, length, padded},
    paint::{bold, dim, green, plain, yellow},
    rollout, words,
};
use crate::{
    environment::EnvironmentName,
    report::adoption::{Adoption, SidesFound, Standing, Verdict},
    rollout::{Slot, Track, Unclear},
};

/// The longest address and kind that a row shows whole.
const ADDRESS: usize = 38;
const KIND: usize = 21;

/// A section for each verdict, a row for each object.
pub fn terminal(adoption: &Adoption) -> String {
    let Adoption { environment, found, sides, missing, open_run, serial: _ } = adoption;
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
    for sides in sides.iter().filter(|it| it.track != Track::default()) {
        let _ = writeln!(text, "  {}", side(sides));
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

/// Which side of a service is live, and what is left of a rollout.
fn side(found: &SidesFound) -> String {
    let SidesFound { service, track, left } = found;
    let stands = rollout::in_a_line(service, track);
    match left {
        0 => green(&stands),
        tasks => yellow(&format!(
            "{stands}, with {} that get no traffic: a rollout was under way, and the next apply takes them away",
            words::count(usize::try_from(*tasks).unwrap_or_default(), "task", "tasks")
        )),
    }
}

/// Nothing is recorded, because it cannot be told which side of a service is live.
pub fn unclear(environment: &EnvironmentName, unclear: &[(String, Unclear)]) -> String {
    let mut text = format!("It cannot be told which sides of {environment} serve people:\n");
    for (service, why) in unclear {
        let block = |slot: Slot| slot.block_name(&plain(service));
        let why = match why {
            Unclear::Both(weights) => {
                let shares: Vec<String> =
                    weights.iter().map(|(slot, weight)| format!("{} with {weight}", block(*slot))).collect();
                format!("its rule forwards to {}: a rollout was under way", shares.join(" and to "))
            }
            Unclear::Empty { named, others } => format!(
                "its rule forwards to {} alone, which has no tasks, and {} has {others}",
                block(*named),
                block(named.other())
            ),
            Unclear::Neither(tasks) => format!(
                "its rule forwards to neither side, and {} has {}, {} {}",
                block(Slot::A),
                words::count(usize::try_from(tasks.a).unwrap_or_default(), "task", "tasks"),
                block(Slot::B),
                tasks.b
            ),
            Unclear::Native => format!(
                "its releases are ECS's own by the file, and {} stands, which is a side of ours",
                block(Slot::B)
            ),
        };
        let _ = writeln!(text, "- {}: {why}", plain(service));
    }
    let _ = write!(
        text,
        "Nothing was written: a wrong guess would take tasks from people.\n\
         Next: restore the last version of the state from the bucket, and the rollout goes on. If it is lost, let the rule \
         forward to one side alone whose tasks are healthy, then run `pointsman adopt {environment} --from-tags` again."
    );
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

//! What a plan disrupts, and how long it takes.

use crate::{
    Address,
    forecast::{Consequence, Span},
    plan::{Change, Plan},
};

/// How many addresses one clause names.
const NAMED: usize = 2;

/// `connections of service.web drain for up to 6 min; about 4–10 min in all`;
/// the addresses as the caller shows them.
pub fn sentence(plan: &Plan, shown: impl Fn(&Address) -> String) -> String {
    let mut worst_first: Vec<&Change> =
        plan.changes.iter().filter(|change| change.impact.consequence != Consequence::None).collect();
    worst_first.sort_by_key(|change| std::cmp::Reverse((change.disruption, change.impact.consequence)));
    let mut clauses: Vec<String> = worst_first
        .chunk_by(|one, other| one.impact.consequence == other.impact.consequence)
        .filter_map(|alike| {
            let first = alike.first()?;
            let lasts =
                alike.iter().map(|change| change.impact.lasts).max_by_key(|lasts| (lasts.is_none(), *lasts));
            // What belongs to an object goes with it.
            let of_another = |address: &Address| {
                alike.iter().any(|other| other.address != *address && address.is_within(&other.address))
            };
            let addresses: Vec<&Address> =
                alike.iter().map(|change| &change.address).filter(|address| !of_another(address)).collect();
            let mut names: Vec<String> = addresses.iter().take(NAMED).map(|address| shown(address)).collect();
            if addresses.len() > NAMED {
                names.push(format!("{} more", addresses.len() - NAMED));
            }
            Some(clause(first.impact.consequence, &listed(&names), addresses.len(), lasts.flatten()))
        })
        .collect();
    if clauses.is_empty() {
        clauses.push("nothing".to_owned());
    }
    let takes = span(plan.forecast.takes);
    let about = if takes.starts_with("up to") { "" } else { "about " };
    format!("{}; {about}{takes} in all", clauses.join("; "))
}

/// `a`, `a and b`, `a, b and 3 more`.
fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    }
}

fn clause(consequence: Consequence, names: &str, number: usize, lasts: Option<Span>) -> String {
    let time = lasts.map(|lasts| format!(" for {}", span(lasts))).unwrap_or_default();
    let (is, has) = if number == 1 { ("is", "gets") } else { ("are", "get") };
    match consequence {
        Consequence::None => "nothing".to_owned(),
        Consequence::ConnectionsDrain | Consequence::FewerTasks => {
            format!("connections of {names} drain{time}")
        }
        Consequence::Failover => format!("{names} cannot be reached{time}, while another node takes over"),
        Consequence::NodeReplaced => format!("{names} cannot be reached{time}, while its node is exchanged"),
        Consequence::Restart => format!("{names} cannot be reached{time}, while its only node restarts"),
        Consequence::TargetsMove => format!("{names} cannot be reached{time}, until new tasks are well"),
        Consequence::PortMoves => format!("clients of {names} must follow to another port or protocol"),
        Consequence::AddressMoves => format!("{names} {has} another DNS name, which clients must follow"),
        Consequence::AccessEnds => format!("{names} refuses connections that it let in before"),
        Consequence::Outage => format!("{names} {is} gone"),
        Consequence::DataLost => format!("the data of {names} {is} lost"),
    }
}

/// The same in the cell of a table.
pub fn cell(consequence: Consequence, lasts: Option<Span>) -> String {
    let time = lasts.map(|lasts| format!(" {}", short(lasts))).unwrap_or_default();
    match consequence {
        Consequence::None => "nothing".to_owned(),
        Consequence::ConnectionsDrain | Consequence::FewerTasks => format!("drain{time}"),
        Consequence::Failover
        | Consequence::NodeReplaced
        | Consequence::Restart
        | Consequence::TargetsMove
        | Consequence::Outage => format!("outage{time}"),
        Consequence::PortMoves => "outage: new port".to_owned(),
        Consequence::AddressMoves => "outage: new name".to_owned(),
        Consequence::AccessEnds => "access ends".to_owned(),
        Consequence::DataLost => "data lost".to_owned(),
    }
}

/// In a sentence: `1–5 s`, `2–4 min`, `up to 6 min`.
pub fn span(span: Span) -> String {
    worded(span, "up to ")
}

/// In a cell: `≤ 6 min`.
pub fn short(span: Span) -> String {
    worded(span, "≤ ")
}

fn worded(span: Span, up_to: &str) -> String {
    let Span { low, high } = span;
    let (unit, word) = match high {
        0..=90 => (1, "s"),
        91..=7_200 => (60, "min"),
        _ => (3_600, "h"),
    };
    let (least, most) = (low / unit, high.div_ceil(unit));
    match least {
        0 if high > 0 => format!("{up_to}{most} {word}"),
        _ if least == most => format!("{most} {word}"),
        _ => format!("{least}–{most} {word}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Span, short, span};

    #[test]
    fn times_are_as_exact_as_they_are_known() {
        for (low, high, words) in [
            (0, 0, "0 s"),
            (1, 5, "1–5 s"),
            (30, 30, "30 s"),
            (0, 330, "up to 6 min"),
            (30, 300, "up to 5 min"),
            (90, 240, "1–4 min"),
            (300, 300, "5 min"),
            (3_600, 14_400, "1–4 h"),
        ] {
            assert_eq!(span(Span::between(low, high)), words);
        }
        assert_eq!(short(Span::up_to(330)), "≤ 6 min");
    }
}

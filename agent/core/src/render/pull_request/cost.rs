//! What one environment costs.

use super::{code, folded, left_out, prose, rest};
use crate::{
    cost::Cost,
    render::cost::{not_counted, sentence_of},
    report::pull_request::PullReport,
};

/// One line; and where something becomes dearer or cheaper, a table of what.
pub(super) fn section(report: &PullReport, cost: &Cost, room: usize) -> String {
    let mut text = format!("Cost: {}.\n\n", sentence_of(cost, &prose(&cost.region)));
    let changed: Vec<_> = cost.items.iter().filter(|item| item.before != item.after).collect();
    if changed.is_empty() {
        return text;
    }
    let mut body = "| Object | Before | After |\n| --- | ---: | ---: |\n".to_owned();
    for item in changed.iter().take(room) {
        body.push_str(&format!(
            "| {} | {} | {} |\n",
            code(item.address.as_str()),
            item.before.usual,
            item.after.usual
        ));
    }
    body.push_str(&left_out(
        changed.len(),
        room,
        "object",
        "objects",
        &rest(report, "`pointsman cost` shows all"),
    ));
    let by_use: Vec<String> = cost
        .not_counted
        .iter()
        .take(room)
        .map(|one| format!("{}: {}", code(one.address.as_str()), not_counted(one)))
        .collect();
    if !by_use.is_empty() {
        body.push_str(&format!("\nNot counted: {}.\n", by_use.join("; ")));
    }
    text.push_str(&folded("what costs more or less", &body));
    text.push('\n');
    text
}

/// Before and after, in a cell of a table; none when nothing is estimated.
pub(super) fn cell(cost: &Cost) -> Option<String> {
    let Cost { region: _, prices, before, after, items: _, not_counted: _ } = cost;
    prices.as_ref()?;
    let (before, after) = (before.usual, after.usual);
    Some(if before == after { after.to_string() } else { format!("{before} → {after}") })
}

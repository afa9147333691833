//! What is said where a text had to end early.

/// The last sentence of a text that GitHub would not have taken whole, with
/// the page where the rest can be seen; none: the agent's log.
pub fn rest_is_elsewhere(page: Option<&str>) -> String {
    match page {
        Some(page) => format!(
            "\n\n… This text is longer than GitHub takes and ends here. The checks have more: {page}\n"
        ),
        None => {
            "\n\n… This text is longer than GitHub takes and ends here. The rest is in the agent's log.\n"
                .to_owned()
        }
    }
}

/// How many remarks on lines are not shown.
pub fn remarks_left_out(count: usize) -> String {
    let (remarks, are) = if count == 1 { ("remark", "is") } else { ("remarks", "are") };
    format!("\n\n{count} more {remarks} on lines {are} not shown on the files; the list here is the same.\n")
}

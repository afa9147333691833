use super::escaped;
use crate::{environment::Place, scalar::Reference};

/// How much of a long line is shown.
const MAX_CHARACTERS: usize = 100;
/// How much stands before the place in a line that is cut.
const CONTEXT: usize = 30;

/// One line of a file with a stretch to underline; both as they are shown.
pub(super) struct Excerpt {
    pub(super) line: String,
    /// Columns before the underlined stretch.
    pub(super) indent: usize,
    /// Columns of the underlined stretch, at least 1.
    pub(super) length: usize,
}

/// How the underlined stretch is shown.
#[derive(Clone, Copy)]
pub(super) enum Marked {
    /// As it was written.
    Shown,
    /// Not at all: it may be a password.
    Hidden,
}

/// The line of a place, cut where it is long and escaped where it is unsafe.
pub(super) fn excerpt(text: &str, place: &Place, how: Marked) -> Option<Excerpt> {
    let start = floor(text, place.start.min(text.len()));
    let begin = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
    let rest = &text[start..];
    let line_end = start + rest.find('\n').unwrap_or(rest.len());
    let line_end = if text[start..line_end].ends_with('\r') { line_end - 1 } else { line_end };
    if text[begin..line_end].trim().is_empty() {
        return None;
    }
    let end = floor(text, place.end.clamp(start, line_end));

    let before: Vec<char> = text[begin..start].chars().rev().take(MAX_CHARACTERS).collect();
    let is_cut = text[begin..line_end].chars().nth(MAX_CHARACTERS).is_some();
    let context = if is_cut { CONTEXT.min(before.len()) } else { before.len() };
    let before: String = before[..context].iter().rev().collect();
    let room = MAX_CHARACTERS - context.min(MAX_CHARACTERS - 1);
    let marked: String = text[start..end].chars().take(room).collect();
    let after: String =
        text[end..line_end].chars().take(room.saturating_sub(marked.chars().count())).collect();

    let cut_before = if begin + before.len() < start { "…" } else { "" };
    let cut_after = if start + marked.len() + after.len() < line_end { "…" } else { "" };
    let marked = match how {
        Marked::Shown => escaped(&marked),
        // A reference gives nothing away.
        Marked::Hidden if marked.trim_matches(['"', '\'']).parse::<Reference>().is_ok() => escaped(&marked),
        Marked::Hidden => "\"…\"".to_owned(),
    };
    let before = format!("{cut_before}{}", escaped(&before));
    Some(Excerpt {
        indent: before.chars().count(),
        length: marked.chars().count().max(1),
        line: format!("{before}{marked}{}{cut_after}", escaped(&after)),
    })
}

/// The place's end as line and column, both from 1.
pub(super) fn end_of(text: &str, place: &Place) -> (usize, usize) {
    let start = floor(text, place.start.min(text.len()));
    let end = floor(text, place.end.clamp(start, text.len()));
    let marked = &text[start..end];
    match marked.rfind('\n') {
        None => (place.line, place.column + marked.chars().count()),
        Some(newline) => {
            (place.line + marked.matches('\n').count(), marked[newline + 1..].chars().count() + 1)
        }
    }
}

/// The character boundary at or before an offset.
fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

use std::ops::Range;

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

/// What stands for what is not shown.
const INSTEAD: &str = "\"…\"";

/// The line of a place, cut where it is long and escaped where it is unsafe;
/// without the stretches of the text that are hidden.
pub(super) fn excerpt(text: &str, place: &Place, hidden: &[Range<usize>]) -> Option<Excerpt> {
    let start = floor(text, place.start.min(text.len()));
    let begin = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
    let rest = &text[start..];
    let line_end = start + rest.find('\n').unwrap_or(rest.len());
    let line_end = if text[start..line_end].ends_with('\r') { line_end - 1 } else { line_end };
    if text[begin..line_end].trim().is_empty() {
        return None;
    }
    let end = floor(text, place.end.clamp(start, line_end));
    let (line, marked) = without(&text[begin..line_end], begin, start..end, hidden);
    Some(cut(&line, marked))
}

/// A line that begins at `begin`, without what is hidden, and where in it the
/// marked stretch is then.
fn without(
    line: &str,
    begin: usize,
    marked: Range<usize>,
    hidden: &[Range<usize>],
) -> (String, Range<usize>) {
    let (mut shown, mut at) = (line.to_owned(), marked.start - begin..marked.end - begin);
    let mut stretches: Vec<Range<usize>> = hidden
        .iter()
        .filter(|one| one.start < begin + line.len() && one.end > begin)
        .map(|one| {
            let begins = floor(line, one.start.saturating_sub(begin));
            begins..floor(line, (one.end - begin).min(line.len()))
        })
        // A reference gives nothing away.
        .filter(|one| {
            !one.is_empty() && line[one.clone()].trim_matches(['"', '\'']).parse::<Reference>().is_err()
        })
        .collect();
    stretches.sort_by_key(|one| (one.start, one.end));
    stretches.dedup_by(|next, one| {
        let overlap = next.start <= one.end;
        one.end = if overlap { one.end.max(next.end) } else { one.end };
        overlap
    });
    for one in stretches.into_iter().rev() {
        let end = one.end;
        shown.replace_range(one.clone(), INSTEAD);
        // What begins or ends in what is hidden begins before or ends after it.
        let moved = |offset: usize, inside: usize| match offset {
            offset if offset >= end => offset - (end - one.start) + INSTEAD.len(),
            offset if offset > one.start => inside,
            offset => offset,
        };
        at = moved(at.start, one.start)..moved(at.end, one.start + INSTEAD.len());
    }
    (shown, at)
}

/// A line around what is marked in it.
fn cut(text: &str, marked: Range<usize>) -> Excerpt {
    let Range { start, end } = marked;
    let before: Vec<char> = text[..start].chars().rev().take(MAX_CHARACTERS).collect();
    let is_cut = text.chars().nth(MAX_CHARACTERS).is_some();
    let context = if is_cut { CONTEXT.min(before.len()) } else { before.len() };
    let before: String = before[..context].iter().rev().collect();
    let room = MAX_CHARACTERS - context.min(MAX_CHARACTERS - 1);
    let marked: String = text[start..end].chars().take(room).collect();
    let after: String = text[end..].chars().take(room.saturating_sub(marked.chars().count())).collect();

    let cut_before = if before.len() < start { "…" } else { "" };
    let cut_after = if start + marked.len() + after.len() < text.len() { "…" } else { "" };
    let marked = escaped(&marked);
    let before = format!("{cut_before}{}", escaped(&before));
    Excerpt {
        indent: before.chars().count(),
        length: marked.chars().count().max(1),
        line: format!("{before}{marked}{}{cut_after}", escaped(&after)),
    }
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

#[cfg(test)]
mod tests {
    use super::excerpt;
    use crate::environment::Place;

    fn shown(text: &str, marked: &str, hidden: &[&str]) -> (String, String) {
        let range = |part: &str| {
            let start = text.find(part).unwrap();
            start..start + part.len()
        };
        let at = range(marked);
        let place = Place { file: String::new(), start: at.start, end: at.end, line: 1, column: 1 };
        let hidden: Vec<_> = hidden.iter().map(|part| range(part)).collect();
        let excerpt = excerpt(text, &place, &hidden).unwrap();
        let marked = excerpt.line.chars().skip(excerpt.indent).take(excerpt.length).collect();
        (excerpt.line, marked)
    }

    #[test]
    fn what_is_hidden_is_in_no_line() {
        let text = "head\na = { KEY = \"größe\", B = \"other\", C = 3 }\nfoot";
        let hidden = ["\"größe\"", "\"other\""];
        let line = "a = { KEY = \"…\", B = \"…\", C = 3 }".to_owned();
        for (marked, then) in [("\"größe\"", "\"…\""), ("\"other\"", "\"…\""), ("3", "3"), ("KEY", "KEY")]
        {
            assert_eq!(shown(text, marked, &hidden), (line.clone(), then.to_owned()));
        }
        let whole = "{ KEY = \"größe\", B = \"other\", C = 3 }";
        assert_eq!(shown(text, whole, &hidden).1, "{ KEY = \"…\", B = \"…\", C = 3 }");
        let reference = "A = \"${secret.key.arn}\"";
        assert_eq!(shown(reference, "A", &["\"${secret.key.arn}\""]).0, reference);
    }

    #[test]
    fn what_is_hidden_may_have_many_lines() {
        let text = "A = \"\"\"first\nsecond\nthird\"\"\"";
        let hidden = ["\"\"\"first\nsecond\nthird\"\"\""];
        assert_eq!(shown(text, hidden[0], &hidden), ("A = \"…\"".to_owned(), "\"…\"".to_owned()));
        assert_eq!(shown(text, "second", &hidden).0, "\"…\"");
    }
}

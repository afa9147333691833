use super::Place;

/// Which of the loaded texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TextId(u32);

/// A stretch of bytes in one of the loaded texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) text: TextId,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// The texts that were loaded, with what turns an offset into line and column.
#[derive(Debug, Default)]
pub(crate) struct Texts<'a> {
    texts: Vec<Text<'a>>,
}

#[derive(Debug)]
struct Text<'a> {
    path: &'a str,
    text: &'a str,
    /// Offset of each line's first character.
    lines: Vec<u32>,
    /// How many characters stand before each `STRIDE`-th byte: keeps the
    /// column of a value in a line of a million characters cheap.
    counts: Vec<u32>,
}

const STRIDE: usize = 256;

impl<'a> Texts<'a> {
    /// Adds a text, which is at most a megabyte long.
    pub(crate) fn add(&mut self, path: &'a str, text: &'a str) -> TextId {
        let bytes = text.as_bytes();
        let mut lines = vec![0];
        let mut counts = Vec::with_capacity(bytes.len() / STRIDE + 1);
        let mut characters = 0;
        for (at, byte) in bytes.iter().enumerate() {
            if at % STRIDE == 0 {
                counts.push(characters);
            }
            characters += u32::from(begins_character(*byte));
            if *byte == b'\n' {
                lines.push(offset(at + 1));
            }
        }
        self.texts.push(Text { path, text, lines, counts });
        TextId(offset(self.texts.len() - 1))
    }

    /// Where a stretch is, for people.
    pub(crate) fn place(&self, span: Span) -> Place {
        let Some(text) = self.texts.get(span.text.0 as usize) else {
            return Place { file: String::new(), start: 0, end: 0, line: 1, column: 1 };
        };
        let length = offset(text.text.len());
        let start = span.start.min(length);
        let line = text.lines.partition_point(|begin| *begin <= start).max(1);
        let column = text.characters_before(start) - text.characters_before(text.lines[line - 1]) + 1;
        Place {
            file: text.path.to_owned(),
            start: start as usize,
            end: span.end.clamp(start, length) as usize,
            line,
            column: column as usize,
        }
    }

    /// The path of a text in the config repo.
    pub(crate) fn path(&self, text: TextId) -> &'a str {
        self.texts.get(text.0 as usize).map_or("", |text| text.path)
    }
}

impl Text<'_> {
    fn characters_before(&self, at: u32) -> u32 {
        let at = at as usize;
        let stride = (at / STRIDE).min(self.counts.len().saturating_sub(1));
        let counted = self.counts.get(stride).copied().unwrap_or(0);
        let rest = &self.text.as_bytes()[(stride * STRIDE).min(at)..at];
        counted + offset(rest.iter().filter(|byte| begins_character(**byte)).count())
    }
}

/// Every byte but the continuations of UTF-8.
fn begins_character(byte: u8) -> bool {
    byte & 0b1100_0000 != 0b1000_0000
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Span, Texts};

    #[test]
    fn columns_count_characters_on_lines_of_any_length() {
        let text = format!("first\n{}x", "é".repeat(1000));
        let mut texts = Texts::default();
        let id = texts.add("a.toml", &text);
        let place = texts.place(Span { text: id, start: 2006, end: 2007 });
        assert_eq!((place.line, place.column, place.start), (2, 1001, 2006));
        let place = texts.place(Span { text: id, start: 4, end: 5 });
        assert_eq!((place.line, place.column), (1, 5));
    }

    #[test]
    fn an_offset_beyond_the_end_is_the_end() {
        let mut texts = Texts::default();
        let id = texts.add("a.toml", "");
        let place = texts.place(Span { text: id, start: 9, end: 3 });
        assert_eq!((place.line, place.column, place.start, place.end), (1, 1, 0, 0));
    }
}

//! Which lines of a comment are commands: what people see as plain lines of
//! text. Markdown itself says what is code, quoted, or not shown.

use pulldown_cmark::{Event, Options, Parser, Tag};

use super::{Command, LONGEST_COMMENT, MOST_COMMANDS, Mistake, WORD, line};

/// So much of a line is kept to be shown, in characters.
const SHOWN: usize = 200;

/// What a comment asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// In the order in which it was written, at most [`MOST_COMMANDS`].
    pub asked: Vec<Asked>,
    /// So many commands more were not read.
    pub more: usize,
}

/// A line that begins as a command does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The line as it was written, shortened. Written by others.
    pub line: String,
    /// What it asks for.
    pub command: Result<Command, Mistake>,
}

/// Reads a comment. Commands are lines whose first word is [`WORD`]; not those
/// in blocks of code, in quotations, in tables and in HTML. A comment that is
/// longer than GitHub takes is not read.
pub fn read(body: &str) -> Reading {
    let mut reading = Reading::default();
    let too_long = body.len() > LONGEST_COMMENT * 4 || body.chars().nth(LONGEST_COMMENT).is_some();
    if too_long || !body.contains(WORD) {
        return reading;
    }
    let mut inside = Vec::new();
    for (event, range) in Parser::new_ext(body, Options::ENABLE_TABLES).into_offset_iter() {
        match event {
            Event::Start(tag) => inside.push(is_plain(&tag)),
            Event::End(_) => {
                inside.pop();
            }
            Event::Text(text) if text.starts_with(WORD) && inside.iter().all(|plain| *plain) => {
                let Some(line) = whole_line(body, range.start) else { continue };
                if !line::begins(line) {
                    continue;
                }
                if reading.asked.len() == MOST_COMMANDS {
                    reading.more += 1;
                    continue;
                }
                let command = line::command(line);
                reading.asked.push(Asked { line: line.chars().take(SHOWN).collect(), command });
            }
            _ => {}
        }
    }
    reading
}

/// Whether text in it is shown as it was written.
fn is_plain(tag: &Tag<'_>) -> bool {
    matches!(tag, Tag::Paragraph | Tag::Heading { .. } | Tag::List(_) | Tag::Item)
}

/// The line of which something is the first that is not blank.
fn whole_line(body: &str, at: usize) -> Option<&str> {
    let is_end = |c: char| c == '\n' || c == '\r';
    let (before, after) = (body.get(..at)?, body.get(at..)?);
    let begin = before.rfind(is_end).map_or(0, |end| end + 1);
    if !before.get(begin..)?.chars().all(|c| c == ' ' || c == '\t') {
        return None;
    }
    let line = after.split(is_end).next()?;
    Some(line.trim_end_matches([' ', '\t']))
}

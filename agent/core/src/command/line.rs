//! One line, word by word.

use super::{Command, LONGEST_LINE, Mistake, PLAN_DIGITS, WORD};
use crate::environment::EnvironmentName;

/// Whether a line begins as a command does.
pub(super) fn begins(line: &str) -> bool {
    words(line).next() == Some(WORD)
}

/// Only spaces and tabs are between words: whatever else looks like one is
/// part of a word, and no word of ours.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split([' ', '\t']).filter(|word| !word.is_empty())
}

/// The command on a line that [`begins`] as one.
pub(super) fn command(line: &str) -> Result<Command, Mistake> {
    if line.chars().nth(LONGEST_LINE).is_some() {
        return Err(Mistake::TooLong);
    }
    let (line, why) = split_reason(line);
    let mut words = Words(words(line).skip(1).collect::<Vec<_>>().into_iter().peekable());
    let command = match words.0.next() {
        None | Some("help") => Command::Help,
        Some("plan") => {
            Command::Plan { environment: words.environment()?, commit: words.option("--commit", commit)? }
        }
        Some("apply") => {
            let environment = words.environment()?;
            if words.0.next_if_eq(&"--break-glass").is_none() {
                Command::Apply { environment, break_glass: None }
            } else {
                words.end()?;
                let why = why.ok_or(Mistake::NoValue("--break-glass --"))?;
                return Ok(Command::Apply { environment, break_glass: Some(why.to_owned()) });
            }
        }
        Some("promote") => Command::Promote { environment: words.environment()? },
        Some("abort") => {
            let environment = words.environment()?;
            words.end()?;
            return Ok(Command::Abort { environment, why: why.map(ToOwned::to_owned) });
        }
        Some("approve") => {
            Command::Approve { environment: words.environment()?, plan: words.option("--plan", plan)? }
        }
        Some("unlock") => Command::Unlock {
            environment: words.environment()?.ok_or(Mistake::NoEnvironment)?,
            id: id(words.0.next().ok_or(Mistake::NoId)?)?,
        },
        Some("rollback") => {
            Command::Rollback { environment: words.environment()?.ok_or(Mistake::NoEnvironment)? }
        }
        Some(other) => return Err(Mistake::Unknown(other.to_owned())),
    };
    words.end()?;
    match why {
        Some(_) => Err(Mistake::TooMuch("--".to_owned())),
        None => Ok(command),
    }
}

/// A line and what follows its first word `--`; nothing where nothing does.
fn split_reason(line: &str) -> (&str, Option<&str>) {
    let is_blank = |c: char| c == ' ' || c == '\t';
    for (at, _) in line.match_indices("--") {
        let (before, after) = (&line[..at], &line[at + 2..]);
        if before.ends_with(is_blank) && (after.is_empty() || after.starts_with(is_blank)) {
            let why = after.trim();
            return (before, Some(why).filter(|why| !why.is_empty()));
        }
    }
    (line, None)
}

struct Words<'l>(std::iter::Peekable<std::vec::IntoIter<&'l str>>);

impl Words<'_> {
    /// The next word as an environment's name; none where an option or nothing follows.
    fn environment(&mut self) -> Result<Option<EnvironmentName>, Mistake> {
        match self.0.next_if(|word| !word.starts_with('-')) {
            None => Ok(None),
            Some(word) => match EnvironmentName::parse(word) {
                Some(name) => Ok(Some(name)),
                None => Err(Mistake::NotAnEnvironment(word.to_owned())),
            },
        }
    }

    /// An option and its value, where they follow.
    fn option(
        &mut self,
        name: &'static str,
        read: fn(&str) -> Result<String, Mistake>,
    ) -> Result<Option<String>, Mistake> {
        if self.0.next_if_eq(&name).is_none() {
            return Ok(None);
        }
        self.0.next().ok_or(Mistake::NoValue(name)).and_then(read).map(Some)
    }

    fn end(&mut self) -> Result<(), Mistake> {
        self.0.next().map_or(Ok(()), |word| Err(Mistake::TooMuch(word.to_owned())))
    }
}

fn is_hexadecimal(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

fn commit(word: &str) -> Result<String, Mistake> {
    let whole = word.len() == 40 || word.len() == 64;
    if whole && is_hexadecimal(word) {
        Ok(word.to_owned())
    } else {
        Err(Mistake::NotACommit(word.to_owned()))
    }
}

fn plan(word: &str) -> Result<String, Mistake> {
    let (least, most) = PLAN_DIGITS;
    let enough = (least..=most).contains(&word.len());
    if enough && is_hexadecimal(word) { Ok(word.to_owned()) } else { Err(Mistake::NotAPlan(word.to_owned())) }
}

fn id(word: &str) -> Result<String, Mistake> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._:/+=@-".contains(&byte);
    if word.len() <= 200 && !word.starts_with('-') && word.bytes().all(plain) {
        Ok(word.to_owned())
    } else {
        Err(Mistake::NotAnId(word.to_owned()))
    }
}

use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

/// A task that stopped, and what it said last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct StoppedTask {
    /// Of which service.
    pub service: String,
    /// Its id.
    pub task: String,
    /// Why, in the words of ECS.
    pub why: String,
    /// How the container ended; none when it never ran.
    pub exit_code: Option<i32>,
    /// The last lines that it wrote, oldest first: [`MOST_LOG_LINES`] and
    /// [`MOST_LOG_BYTES`] at most. Empty when there are none, or none could be
    /// read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<String>,
}

/// So many last lines of a stopped task are kept.
pub const MOST_LOG_LINES: usize = 20;

/// So many bytes of them.
pub const MOST_LOG_BYTES: usize = 4_096;

/// Of so many stopped tasks it is asked what they said.
pub const MOST_STOPPED_TASKS: usize = 3;

/// What stands in place of something that looks like a secret.
const MASK: &str = "(masked)";

/// Passwords in addresses and after their names, keys and tokens that are
/// known by their form.
static SECRETS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let forms = [
        (r"(?i)(://[^/\s:@]*):[^/\s@]+@", "${1}:(masked)@"),
        (r"(?i)\b(bearer|basic)\s+[A-Za-z0-9+/=._~-]{8,}", "${1} (masked)"),
        (
            r#"(?i)([\w.-]*(?:password|passwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential)[\w.-]*["']?\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s,;&}]+)"#,
            "${1}(masked)",
        ),
        (r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b", MASK),
        (r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*", MASK),
        (r"\b(?:ghp|gho|ghs|ghu|github_pat|sk|xox[abprs])[_-][A-Za-z0-9_-]{16,}", MASK),
        (r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*", MASK),
    ];
    forms.into_iter().filter_map(|(form, instead)| Some((Regex::new(form).ok()?, instead))).collect()
});

/// A line of a log without what looks like a secret.
fn masked(line: &str) -> String {
    SECRETS
        .iter()
        .fold(line.to_owned(), |line, (form, instead)| form.replace_all(&line, *instead).into_owned())
}

impl StoppedTask {
    /// Keeps the last of these lines that may be kept; a long line loses its
    /// beginning. What looks like a secret is masked: an application may have
    /// printed one.
    pub fn last_lines<S: AsRef<str>>(lines: impl DoubleEndedIterator<Item = S>) -> Vec<String> {
        let mut room = MOST_LOG_BYTES;
        let mut kept = Vec::new();
        for line in lines.rev().take(MOST_LOG_LINES) {
            let line = masked(line.as_ref().trim_end());
            let begin = (0..=line.len())
                .find(|at| line.is_char_boundary(*at) && line.len() - at < room)
                .unwrap_or(line.len());
            kept.push(line[begin..].to_owned());
            room = room.saturating_sub(line.len() - begin + 1);
            if begin > 0 || room == 0 {
                break;
            }
        }
        kept.reverse();
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST_LOG_BYTES, SECRETS, StoppedTask, masked};

    #[test]
    fn the_last_words_are_kept() {
        let lines: Vec<String> = (0..100).map(|number| format!("line {number}")).collect();
        let kept = StoppedTask::last_lines(lines.iter());
        assert_eq!((kept.len(), kept[0].as_str(), kept[19].as_str()), (20, "line 80", "line 99"));
        let long = ["first".to_owned(), "ä".repeat(5_000), "end".to_owned()];
        let kept = StoppedTask::last_lines(long.iter());
        assert_eq!((kept.len(), kept[1].as_str()), (2, "end"));
        assert!(kept.iter().map(|line| line.len() + 1).sum::<usize>() <= MOST_LOG_BYTES);
        assert!(StoppedTask::last_lines(std::iter::empty::<&str>()).is_empty());
    }

    #[test]
    fn what_looks_like_a_secret_is_masked() {
        assert_eq!(SECRETS.len(), 7, "every form is one that can be read");
        for (line, shown) in [
            (
                "connecting to postgres://webui:hunter2@db:5432/webui",
                "connecting to postgres://webui:(masked)@db:5432/webui",
            ),
            ("DATABASE_PASSWORD=hunter2 PORT=80", "DATABASE_PASSWORD=(masked) PORT=80"),
            (r#"{"api_key": "abc def", "port": 1}"#, r#"{"api_key": (masked), "port": 1}"#),
            ("Authorization: Bearer abcdefgh12345678", "Authorization: Bearer (masked)"),
            ("key AKIAIOSFODNN7EXAMPLE is wrong", "key (masked) is wrong"),
            ("exit code 1: no such module", "exit code 1: no such module"),
        ] {
            assert_eq!(masked(line), shown);
        }
    }
}

//! The file in the config repo. It rules from the base branch alone: what a
//! pull request says of itself is not asked.

use std::collections::BTreeSet;

use toml::de::DeTable;

use super::{Fault, Stages, section, stage};
use crate::environment::{Diagnostic, Place, Source, Sources};

/// Where the config repo says what is required.
pub const FILE: &str = "pointsman.toml";

/// No such file needs more. Bytes.
const LARGEST: usize = 64 * 1024;

/// The file in the config repo, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// What it requires; everything that is wrong with that, when it cannot be known.
    pub stages: Result<Stages, Vec<Diagnostic>>,
    /// What else stands in it, and is not heeded there.
    pub foreign: Vec<Diagnostic>,
}

impl File {
    /// Everything that is wrong with it.
    pub fn faults(&self) -> impl Iterator<Item = &Diagnostic> {
        self.stages.as_ref().err().into_iter().flatten().chain(&self.foreign)
    }
}

/// Reads the file of a revision; one that is not there requires nothing.
pub fn read(sources: &Sources) -> File {
    let refused = |why: &str, help: &str| File {
        stages: Err(vec![Diagnostic::error("requirements", why).at(place("", None)).help(help)]),
        foreign: Vec::new(),
    };
    match sources.get(FILE) {
        None => File { stages: Ok(Stages::new()), foreign: Vec::new() },
        Some(Source::File(bytes)) if bytes.len() <= LARGEST => match std::str::from_utf8(bytes) {
            Ok(text) => read_text(text),
            Err(_) => refused("it is not UTF-8", "save it as UTF-8"),
        },
        Some(Source::File(_) | Source::TooLarge(_)) => {
            refused("it has more than 64 KiB", "keep only `[requirements.STAGE]` in it")
        }
        Some(Source::Symlink | Source::Submodule) => {
            refused("it is a link or a submodule", "make it an ordinary file")
        }
    }
}

fn read_text(text: &str) -> File {
    let (table, syntax) = DeTable::parse_recoverable(text);
    if !syntax.is_empty() {
        let of = |error: &toml::de::Error| {
            Diagnostic::error("requirements", format!("not valid TOML: {}", error.message()))
                .at(place(text, error.span()))
                .help("write `key = value` under `[requirements.STAGE]`")
        };
        return File { stages: Err(syntax.iter().take(20).map(of).collect()), foreign: Vec::new() };
    }
    let mut table = table.into_inner();
    let stages = match table.remove("requirements") {
        None => Ok(Stages::new()),
        Some(value) => {
            section(value).map_err(|faults| faults.iter().map(|fault| told(text, fault)).collect())
        }
    };
    let foreign = table.keys().map(|key| {
        let name: String = key.get_ref().chars().take(100).collect();
        Diagnostic::error("requirements", format!("`{name}` is not heeded in the config repo"))
            .at(place(text, Some(key.span())))
            .help("keep only `[requirements.STAGE]` in this file; the agent's own configuration lies beside the agent")
    });
    File { stages, foreign: foreign.collect() }
}

/// Stages that no environment belongs to, as warnings: probably misspelt.
pub fn stages_without_environment<'n>(
    file: &File,
    sources: &Sources,
    environments: impl IntoIterator<Item = &'n str>,
) -> Vec<Diagnostic> {
    let known: BTreeSet<&str> = environments.into_iter().map(stage).collect();
    let text = sources.text(FILE).unwrap_or_default();
    let Ok(stages) = &file.stages else { return Vec::new() };
    let unknown = stages.keys().filter(|name| !known.contains(name.as_str()));
    unknown
        .map(|name| {
            let at = text.find(&format!("requirements.{name}")).map(|at| at..at);
            Diagnostic::warning("requirements", format!("no environment belongs to the stage `{name}`"))
                .at(place(text, at))
                .help("a stage is the first segment of environments' names, such as `production`")
        })
        .collect()
}

fn told(text: &str, fault: &Fault) -> Diagnostic {
    let Fault { span, message, help } = fault;
    Diagnostic::error("requirements", message.clone()).at(place(text, span.clone())).help(help.clone())
}

fn place(text: &str, span: Option<std::ops::Range<usize>>) -> Place {
    let span = span.unwrap_or(0..0);
    let mut start = span.start.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let before = &text[..start];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Place { file: FILE.to_owned(), start, end: span.end.clamp(start, text.len()), line, column }
}

//! A sound environment, ways to break it, and what people then read.

use std::fmt::Write;

use pointsman_core::environment::{Sources, read};
use pointsman_core::render::diagnostic::{Colour, text};

/// Where the file of most cases stands.
pub(crate) const WEB: &str = "environments/test/web.toml";
pub(crate) const SOUND: &str = include_str!("sound.toml");

/// A title, and what is replaced in the sound file.
pub(crate) type Case = (&'static str, &'static [(&'static str, &'static str)]);

/// The sound file with some of its text replaced.
pub(crate) fn edited(edits: &[(&str, &str)]) -> String {
    edits.iter().fold(SOUND.to_owned(), |text, (old, new)| {
        assert_eq!(text.matches(old).count(), 1, "{old:?} must stand in the file once");
        text.replacen(old, new, 1)
    })
}

pub(crate) fn sources(files: &[(&str, &str)]) -> Sources {
    files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
}

pub(crate) fn shown(sources: &Sources) -> String {
    text(&read(sources).diagnostics, sources, Colour::Never)
}

/// The reports of several cases, one after the other.
pub(crate) fn reports(cases: &[Case]) -> String {
    let mut all = String::new();
    for (title, edits) in cases {
        let report = shown(&sources(&[(WEB, &edited(edits))]));
        assert!(!report.is_empty(), "nothing was found in: {title}");
        writeln!(all, "==== {title}\n{report}").unwrap();
    }
    all
}

use std::borrow::Cow;

use serde::Serialize;

use super::Place;

/// One thing that is wrong, or doubtful, in what people wrote: data, which
/// `render::diagnostic` turns into what is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Diagnostic {
    /// A stable word for this class of findings, such as `unknown-key`.
    pub code: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// What is wrong, one line without a full stop.
    pub message: String,
    /// Where it was written.
    pub place: Option<Place>,
    /// What to read at that place.
    pub label: Option<String>,
    /// What to do about it.
    pub help: Option<String>,
    /// Other places that belong to it, each with what to read there.
    pub related: Vec<(Place, String)>,
    /// Whether what stands at its place may be shown to whoever reads it.
    #[serde(skip)]
    pub written: Written,
}

/// What stands at a diagnostic's place, for whoever is shown the line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Written {
    /// Anything.
    #[default]
    Shown,
    /// What may be a password: it is shown nowhere.
    Hidden,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nothing is planned or applied until it is put right.
    Error,
    /// Worth a look; stops nothing.
    Warning,
}

impl Severity {
    /// The word that people and machines read.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

impl Diagnostic {
    /// An error.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            place: None,
            label: None,
            help: None,
            related: Vec::new(),
            written: Written::Shown,
        }
    }

    /// A warning.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// With its place.
    #[must_use]
    pub fn at(mut self, place: impl Into<Option<Place>>) -> Self {
        self.place = place.into();
        self
    }

    /// With what to read at its place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// With what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// With another place that belongs to it, where there is one.
    #[must_use]
    pub fn related(mut self, place: impl Into<Option<Place>>, text: impl Into<String>) -> Self {
        if let Some(place) = place.into() {
            self.related.push((place, text.into()));
        }
        self
    }

    /// With a place whose value may be a password.
    #[must_use]
    pub fn hidden(mut self) -> Self {
        self.written = Written::Hidden;
        self
    }

    /// Whether it stops everything.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// In which order findings are read: by file and place, errors first.
    pub(crate) fn order(&self) -> (Cow<'_, str>, usize, Severity, &str, &str) {
        let (file, start) = self
            .place
            .as_ref()
            .map_or((Cow::Borrowed(""), 0), |place| (Cow::Borrowed(place.file.as_str()), place.start));
        (file, start, self.severity, self.code, &self.message)
    }
}

/// The wanted word that was most probably meant, if one is near enough.
pub(crate) fn nearest<'a>(written: &str, wanted: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // The comparison costs the product of the lengths.
    let written: String = written.chars().take(64).flat_map(char::to_lowercase).collect();
    wanted
        .into_iter()
        .map(|word| (word, closeness(&written, &word.to_lowercase())))
        .filter(|(_, closeness)| *closeness > 0.8)
        .max_by(|(_, a), (_, b)| a.total_cmp(b))
        .map(|(word, _)| word)
}

fn closeness(written: &str, word: &str) -> f64 {
    // Long names that share only a beginning are not what was meant.
    let edits = strsim::damerau_levenshtein(written, word);
    let longest = written.chars().count().max(word.chars().count());
    if edits <= 2 && edits * 3 <= longest {
        return 1.0 - 0.05 * f64::from(u8::try_from(edits).unwrap_or(u8::MAX));
    }
    if edits * 2 > longest {
        return 0.0;
    }
    strsim::jaro_winkler(written, word).min(0.89)
}

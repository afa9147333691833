use std::collections::{BTreeMap, BTreeSet};

use super::{
    Diagnostic, Environment, EnvironmentFile, EnvironmentName, Place, Source, Sources,
    extends::{Loaded, Loader, Merged, line_of, readable},
    meaning,
    structure::{self, Extent},
    text::{Span, Texts},
};

/// How long a message and a help may be: they may quote what people wrote.
const MAX_MESSAGE: usize = 400;
const MAX_HELP: usize = 600;

/// What the files of a config repo say.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// The environments without errors, by name.
    pub environments: Vec<Environment>,
    /// The environments with errors: described, but not to be planned.
    pub broken: Vec<Broken>,
    /// Everything that is wrong or doubtful, by file and place.
    pub diagnostics: Vec<Diagnostic>,
}

/// An environment whose description has errors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Its name.
    pub name: EnvironmentName,
    /// The files that it was read from as far as they are known, itself first.
    pub files: Vec<String>,
}

impl Reading {
    /// The environment of this name, if it has no errors.
    pub fn environment(&self, name: &str) -> Option<&Environment> {
        self.environments.iter().find(|environment| environment.name.as_str() == name)
    }

    /// Whether anything stops plans.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// What concerns these files: an environment's own and those it extends.
    pub fn diagnostics_of<'r>(&'r self, files: &'r [String]) -> impl Iterator<Item = &'r Diagnostic> {
        self.diagnostics.iter().filter(move |diagnostic| {
            let places = diagnostic.place.iter().chain(diagnostic.related.iter().map(|(place, _)| place));
            places.into_iter().any(|place| files.contains(&place.file))
        })
    }
}

/// Reads every environment under the folder of environments, and reports all
/// errors of all files at once.
pub fn read(sources: &Sources) -> Reading {
    together([read_share(sources, 0, 1)])
}

/// What one share of the files says; nothing is known yet of what two
/// environments may not share.
#[derive(Debug)]
pub struct Share {
    environments: Vec<Environment>,
    broken: Vec<Broken>,
    diagnostics: Vec<Diagnostic>,
    /// Of files, also of those that others extend.
    of_files: Vec<Diagnostic>,
    unreadable: BTreeSet<(String, usize)>,
    /// What each of the environments claims for itself alone.
    claims: Vec<Vec<meaning::Claim>>,
}

/// One of `shares` shares of what [`read`] reads, by its number from 0: for
/// whoever has as many processors. [`together`] makes one reading of all.
pub fn read_share(sources: &Sources, number: usize, shares: usize) -> Share {
    let files: Vec<_> = sources.under_root().collect();
    let size = files.len().div_ceil(shares.max(1)).max(1);
    let mut reader = Reader::new(sources);
    for (path, source) in files.into_iter().skip(size.saturating_mul(number)).take(size) {
        reader.file(path, source);
    }
    reader.finish()
}

/// What all shares say, in their order.
pub fn together(shares: impl IntoIterator<Item = Share>) -> Reading {
    let (mut environments, mut broken, mut diagnostics) = (Vec::new(), Vec::new(), Vec::new());
    let (mut of_files, mut unreadable, mut claims) = (Vec::new(), BTreeSet::new(), Vec::new());
    for share in shares {
        claims.extend(share.claims);
        environments.extend(share.environments);
        broken.extend(share.broken);
        diagnostics.extend(share.diagnostics);
        of_files.extend(share.of_files);
        unreadable.extend(share.unreadable);
    }
    diagnostics.retain(|diagnostic| {
        unreadable.is_empty() || line_of(diagnostic).is_none_or(|line| !unreadable.contains(&line))
    });
    diagnostics.extend(of_files);
    let (shared, losers) = meaning::check_together(&environments, claims);
    diagnostics.extend(shared);
    let (needs, lost_needs) = meaning::check_needs(&environments, broken.iter().map(|broken| &broken.name));
    diagnostics.extend(needs);
    environments.retain(|environment| {
        let lost = losers.contains(&environment.name) || lost_needs.contains(&environment.name);
        if lost {
            broken.push(Broken { name: environment.name.clone(), files: environment.files.clone() });
        }
        !lost
    });
    broken.sort_by(|a, b| a.name.cmp(&b.name));
    Reading { environments, broken, diagnostics: tidy(diagnostics) }
}

/// Reads one environment and what it extends; the others are only looked at
/// for what two may not share.
///
/// The diagnostics are those of its files. An unknown name is a diagnostic.
pub fn read_one(sources: &Sources, name: &str) -> Reading {
    let path = sources.path_of(name);
    if sources.get(&path).is_none() {
        let names: Vec<String> =
            sources.under_root().filter_map(|(path, _)| environment_of(sources, path)).collect();
        let near = super::diagnostic::nearest(name, names.iter().map(String::as_str));
        let help = near.map_or_else(
            || format!("write the name of a file under `{}/` without its ending", sources.root()),
            |near| format!("did you mean `{near}`?"),
        );
        let message = format!("there is no environment `{name}`: `{path}` does not exist");
        return Reading {
            diagnostics: vec![Diagnostic::error("unknown-environment", message).help(help)],
            ..Reading::default()
        };
    }
    let mut reading = read(sources);
    reading.environments.retain(|environment| environment.name.as_str() == name);
    reading.broken.retain(|broken| broken.name.as_str() == name);
    let files: Vec<String> = reading
        .environments
        .iter()
        .map(|environment| environment.files.clone())
        .chain(reading.broken.iter().map(|broken| broken.files.clone()))
        .flatten()
        .chain([path])
        .collect();
    reading.diagnostics = reading.diagnostics_of(&files).cloned().collect();
    reading
}

/// The name that a path would give an environment; nothing for bases and for
/// what is no TOML.
fn environment_of(sources: &Sources, path: &str) -> Option<String> {
    let name = sources.below_root(path)?.strip_suffix(".toml")?;
    (!is_base(name)).then(|| name.to_owned())
}

/// Whether a file of this path below the folder of environments is for others to extend alone.
pub(super) fn is_base(name: &str) -> bool {
    name.split('/').any(|segment| segment.starts_with('_'))
}

struct Reader<'s> {
    sources: &'s Sources,
    loader: Loader<'s>,
    environments: Vec<Environment>,
    broken: Vec<Broken>,
    diagnostics: Vec<Diagnostic>,
}

impl<'s> Reader<'s> {
    fn new(sources: &'s Sources) -> Self {
        Self {
            sources,
            loader: Loader::new(sources),
            environments: Vec::new(),
            broken: Vec::new(),
            diagnostics: Vec::new(),
        }
    }

    fn file(&mut self, path: &'s str, source: &Source) {
        let name = self.sources.below_root(path).and_then(|below| below.strip_suffix(".toml"));
        match (name, source) {
            (None, Source::File(_) | Source::TooLarge(_)) => {} // a README, say
            (None, Source::Symlink | Source::Submodule) => {
                // It could hide a folder of environments.
                self.diagnostics.extend(readable(self.sources, path).err().map(|refused| *refused));
            }
            (Some(name), _) if is_base(name) => self.base(path),
            (Some(name), _) => match EnvironmentName::parse(name) {
                Some(name) => {
                    self.environment(path, name);
                    self.loader.forget(path);
                }
                None => self.diagnostics.push(
                    Diagnostic::error("name", format!("`{name}` cannot be the name of an environment"))
                        .at(Place { file: path.to_owned(), start: 0, end: 0, line: 1, column: 1 })
                        .help("rename the file: letters, digits, `-`, `_` and `.` in each part, beginning with a letter or digit"),
                ),
            },
        }
    }

    /// A base is checked by itself too: errors in it count even while nothing extends it.
    fn base(&mut self, path: &'s str) {
        let (Loaded::Whole(merged) | Loaded::Alone(merged) | Loaded::Broken(Some(merged))) =
            self.loader.load(path)
        else {
            return;
        };
        self.diagnostics.extend(structure::check(&self.loader.texts, &merged.root, Extent::Part));
    }

    fn environment(&mut self, path: &'s str, name: EnvironmentName) {
        let merged = match self.loader.load(path) {
            Loaded::Whole(merged) => merged,
            Loaded::Alone(merged) | Loaded::Broken(Some(merged)) => {
                self.diagnostics.extend(structure::check(&self.loader.texts, &merged.root, Extent::Part));
                self.broken.push(Broken { name, files: merged.files.clone() });
                return;
            }
            Loaded::Broken(None) => {
                self.broken.push(Broken { name, files: vec![path.to_owned()] });
                return;
            }
        };
        let texts = &self.loader.texts;
        let mut found = structure::check(texts, &merged.root, Extent::Whole(merged.extends));
        let file = if found.is_empty() {
            typed(texts, &merged, path).map_err(|error| found.push(*error)).ok()
        } else {
            None
        };
        let environment = file.map(|file| {
            let environment = environment(texts, name.clone(), file, &merged);
            found.extend(meaning::check(texts, &environment, &merged.root));
            environment
        });
        let has_errors = found.iter().any(Diagnostic::is_error);
        self.diagnostics.extend(found);
        match environment.filter(|_| !has_errors) {
            Some(environment) => self.environments.push(environment),
            None => self.broken.push(Broken { name, files: merged.files.clone() }),
        }
    }

    fn finish(self) -> Share {
        let Self { sources: _, loader, environments, broken, diagnostics } = self;
        let claims = environments.iter().map(meaning::claims).collect();
        Share {
            claims,
            environments,
            broken,
            diagnostics,
            of_files: loader.diagnostics,
            unreadable: loader.unreadable,
        }
    }
}

/// The merged tree as typed values. Its structure fits; so an error here is a
/// gap of the check, which is reported rather than ignored.
fn typed(texts: &Texts<'_>, merged: &Merged, path: &str) -> Result<EnvironmentFile, Box<Diagnostic>> {
    serde_json::from_value(merged.root.to_json()).map_err(|error| {
        let text = merged.root.span.text;
        debug_assert_eq!(texts.path(text), path);
        Box::new(
            Diagnostic::error("not-valid", format!("the file cannot be read as an environment: {error}"))
                .at(texts.place(Span { text, start: 0, end: 0 }))
                .help("this should have been reported at its place: please report it to Pointsman"),
        )
    })
}

fn environment(
    texts: &Texts<'_>,
    name: EnvironmentName,
    file: EnvironmentFile,
    merged: &Merged,
) -> Environment {
    let mut places = BTreeMap::new();
    merged.root.visit("", &mut |path, node| {
        places.insert(path.to_owned(), texts.place(node.span));
    });
    let document = serde_json::to_value(&file).unwrap_or_default();
    Environment { name, file, places, document, files: merged.files.clone() }
}

/// In reading order, each once: heirs of one base find the same in it.
fn tidy(diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut seen = BTreeSet::new();
    let mut tidy: Vec<Diagnostic> = diagnostics
        .into_iter()
        .map(|mut diagnostic| {
            shorten(&mut diagnostic.message, MAX_MESSAGE);
            if let Some(help) = &mut diagnostic.help {
                shorten(help, MAX_HELP);
            }
            diagnostic
        })
        .filter(|diagnostic| {
            let place = diagnostic.place.as_ref().map(|place| (place.file.clone(), place.start));
            seen.insert((diagnostic.code, place, diagnostic.message.clone()))
        })
        .collect();
    tidy.sort_by(|a, b| a.order().cmp(&b.order()));
    tidy
}

fn shorten(text: &mut String, most: usize) {
    if let Some((at, _)) = text.char_indices().nth(most) {
        text.truncate(at);
        text.push('…');
    }
}

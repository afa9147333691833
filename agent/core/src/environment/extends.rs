//! From files to one tree each: parsed once, laid over their bases.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::{
    Diagnostic, Source, Sources,
    diagnostic::nearest,
    node::{Node, Value},
    sources::MAX_FILE_BYTES,
    syntax,
    text::{Span, Texts},
};

/// How many files a chain of `extends` may have, the environment's own included.
const MAX_CHAIN: usize = 8;

/// A file, merged with its bases.
#[derive(Clone, Debug)]
pub(crate) struct Merged {
    pub(crate) root: Node,
    /// Every file that went into it, itself first.
    pub(crate) files: Vec<String>,
    /// Where it says what it extends.
    pub(crate) extends: Option<Span>,
}

/// What became of a file.
#[derive(Clone, Debug)]
pub(crate) enum Loaded {
    /// It and its bases could be read.
    Whole(Rc<Merged>),
    /// It could be read, but a base could not; its own part.
    Alone(Rc<Merged>),
    /// It could not be read in full; as much of it as can be trusted.
    Broken(Option<Rc<Merged>>),
}

/// Loads files, each once, and collects what is wrong with them.
#[derive(Debug)]
pub(crate) struct Loader<'s> {
    sources: &'s Sources,
    pub(crate) texts: Texts<'s>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Lines with errors of syntax: what else is said about them follows from those.
    pub(crate) unreadable: BTreeSet<(String, usize)>,
    loaded: BTreeMap<String, Loaded>,
    /// The chain of files that is being followed now.
    chain: Vec<String>,
}

impl<'s> Loader<'s> {
    pub(crate) fn new(sources: &'s Sources) -> Self {
        Self {
            sources,
            texts: Texts::default(),
            diagnostics: Vec::new(),
            unreadable: BTreeSet::new(),
            loaded: BTreeMap::new(),
            chain: Vec::new(),
        }
    }

    /// The file at a path that is known to exist, with its bases.
    pub(crate) fn load(&mut self, path: &'s str) -> Loaded {
        if let Some(loaded) = self.loaded.get(path) {
            return loaded.clone();
        }
        self.chain.push(path.to_owned());
        let loaded = self.read(path);
        self.chain.pop();
        self.loaded.insert(path.to_owned(), loaded.clone());
        loaded
    }

    /// Lets go of an environment that was read: it is seldom extended, and read
    /// again where it is.
    pub(crate) fn forget(&mut self, path: &str) {
        self.loaded.remove(path);
    }

    fn read(&mut self, path: &'s str) -> Loaded {
        let text = match readable(self.sources, path) {
            Ok(text) => text,
            Err(diagnostic) => {
                self.diagnostics.push(*diagnostic);
                return Loaded::Broken(None);
            }
        };
        let id = self.texts.add(path, text);
        let parsed = syntax::parse(&self.texts, id, text);
        let files = vec![path.to_owned()];
        if !parsed.errors.is_empty() {
            let trusted = trusted(&parsed.errors, text);
            self.unreadable.extend(parsed.errors.iter().filter_map(line_of));
            self.diagnostics.extend(parsed.errors);
            let root = parsed.root.filter(|_| trusted);
            return Loaded::Broken(root.map(|root| Rc::new(Merged { root, files, extends: None })));
        }
        let Some(mut root) = parsed.root else {
            return Loaded::Broken(None);
        };

        let Some((written, span)) = take_extends(&mut root) else {
            return Loaded::Whole(Rc::new(Merged { root, files, extends: None }));
        };
        match self.base(path, &written, span) {
            Ok(base) => {
                let files = files.into_iter().chain(base.files.iter().cloned()).collect();
                let root = root.over(base.root.clone());
                Loaded::Whole(Rc::new(Merged { root, files, extends: Some(span) }))
            }
            Err(diagnostic) => {
                self.diagnostics.extend(diagnostic.map(|diagnostic| *diagnostic));
                Loaded::Alone(Rc::new(Merged { root, files, extends: Some(span) }))
            }
        }
    }

    /// The base that a file names; nothing to say where the base's own errors
    /// say it all.
    fn base(&mut self, path: &str, written: &str, span: Span) -> Result<Rc<Merged>, Option<Box<Diagnostic>>> {
        let error = |message: String, label: &str, help: String| {
            let place = self.texts.place(span);
            Some(Box::new(Diagnostic::error("extends", message).at(place).label(label).help(help)))
        };
        let Some(wanted) = resolve(path, written).filter(|wanted| self.sources.below_root(wanted).is_some())
        else {
            return Err(error(
                format!("`{written}` leads out of the folder of environments"),
                "leads too far up",
                format!("extend a file under `{}/`, by a path relative to this file", self.sources.root()),
            ));
        };
        if let Some(from) = self.chain.iter().position(|file| *file == wanted) {
            let circle: Vec<&str> =
                self.chain[from..].iter().map(String::as_str).chain([wanted.as_str()]).collect();
            return Err(error(
                format!("a file cannot extend itself: {}", circle.join(" → ")),
                "closes the circle",
                "take one `extends` out of the circle; move what both share into a base of its own"
                    .to_owned(),
            ));
        }
        if self.chain.len() >= MAX_CHAIN {
            return Err(error(
                format!("a chain of `extends` has more than {MAX_CHAIN} files"),
                "one too many",
                "put some of the bases together".to_owned(),
            ));
        }
        let Some((found, _)) = self.sources.entry(&wanted) else {
            let files = self.sources.under_root().map(|(path, _)| path);
            let help = match nearest(&wanted, files.filter(|file| *file != path)) {
                Some(near) => format!("did you mean `{near}`? the path is relative to this file"),
                None => {
                    "write the path of a base relative to this file, such as `_base.toml` or `../_base.toml`"
                        .to_owned()
                }
            };
            return Err(error(format!("there is no file `{wanted}` to extend"), "not found", help));
        };
        match self.load(found) {
            Loaded::Whole(base) => Ok(base),
            Loaded::Alone(_) | Loaded::Broken(_) => Err(None),
        }
    }
}

/// The text of a file, or why it is refused.
pub(crate) fn readable<'s>(sources: &'s Sources, path: &str) -> Result<&'s str, Box<Diagnostic>> {
    let refused = |message: String, help: &str| {
        let place = super::Place { file: path.to_owned(), start: 0, end: 0, line: 1, column: 1 };
        Err(Box::new(Diagnostic::error("file", message).at(place).help(help)))
    };
    let too_large = |bytes: u64| {
        refused(
            format!("the file has {bytes} bytes; at most {MAX_FILE_BYTES} are read"),
            "describe one environment per file, and keep data out of it",
        )
    };
    match sources.get(path) {
        None => refused("the file does not exist".to_owned(), "check the name of the environment"),
        Some(Source::Symlink) => refused(
            "the file is a symbolic link, which is never followed".to_owned(),
            "commit the file itself; share parts through `extends`",
        ),
        Some(Source::Submodule) => refused(
            "this is a Git submodule, which is never entered".to_owned(),
            "commit the files themselves: what is deployed must be in this repository",
        ),
        Some(Source::TooLarge(bytes)) => too_large(*bytes),
        Some(Source::File(bytes)) if bytes.len() > MAX_FILE_BYTES => too_large(bytes.len() as u64),
        Some(Source::File(bytes)) => std::str::from_utf8(bytes).or_else(|error| {
            refused(
                format!("the file is not UTF-8: byte {} cannot be read", error.valid_up_to() + 1),
                "save the file as UTF-8",
            )
        }),
    }
}

/// The path that `written` means in the file at `path`; nothing when it leads
/// out of the repo or is no relative path.
fn resolve(path: &str, written: &str) -> Option<String> {
    if written.starts_with('/') || written.contains(['\\', '\0']) {
        return None;
    }
    let mut segments: Vec<&str> = path.split('/').collect();
    segments.pop();
    for segment in written.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop()?;
            }
            name => segments.push(name),
        }
    }
    Some(segments.join("/"))
}

/// Takes `extends = "…"` out of a file: it is not inherited. Of a wrong type
/// it stays, for the check of the structure to find.
fn take_extends(root: &mut Node) -> Option<(String, Span)> {
    let Value::Table(entries) = &mut root.value else {
        return None;
    };
    let node = entries.get("extends")?;
    let Value::Text(written) = &node.value else {
        return None;
    };
    let taken = (written.clone(), node.span);
    entries.remove("extends");
    Some(taken)
}

/// The file and line that an error is about.
pub(crate) fn line_of(diagnostic: &Diagnostic) -> Option<(String, usize)> {
    diagnostic.place.as_ref().map(|place| (place.file.clone(), place.line))
}

/// Whether the rest of a file with errors of syntax stands where it was meant:
/// not when a header is broken, since what follows it went elsewhere.
fn trusted(errors: &[Diagnostic], text: &str) -> bool {
    errors.iter().all(|error| {
        error.code == "syntax"
            && error.place.as_ref().is_some_and(|place| {
                let line = text.lines().nth(place.line - 1).unwrap_or_default().trim_start();
                !line.starts_with('[') && !line.is_empty()
            })
    })
}

#[cfg(test)]
mod tests {
    use super::resolve;

    #[test]
    fn a_base_is_found_relative_to_its_heir() {
        let path = "environments/production/web.toml";
        assert_eq!(resolve(path, "_base.toml").as_deref(), Some("environments/production/_base.toml"));
        assert_eq!(resolve(path, "../_base.toml").as_deref(), Some("environments/_base.toml"));
        assert_eq!(resolve(path, "./a//b.toml").as_deref(), Some("environments/production/a/b.toml"));
        assert_eq!(resolve(path, "../../../x.toml"), None);
        assert_eq!(resolve(path, "/etc/x.toml"), None);
        assert_eq!(resolve(path, "..\\x.toml"), None);
    }
}

//! The structure of a file against its shape: every key known, every value of
//! its type and within its bounds, nothing missing. All errors at once.

mod hint;

use std::collections::BTreeMap;

use super::{
    Diagnostic, Place,
    diagnostic::nearest,
    node::{Node, Value},
    shape::{ENVIRONMENT, Kind, Shape, TableShape, TextShape},
    text::{Span, Texts},
};
use hint::{Variants, is_bare, listed, other_word, with_unit};

/// Beyond so many in one environment nobody reads on.
const MAX_ERRORS: usize = 200;

/// What is checked against the shape.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Extent {
    /// A whole environment: nothing may be missing. Where it says what it
    /// extends, for what is missing from a table that only a base wrote.
    Whole(Option<Span>),
    /// A base, or a file whose base could not be read: anything may be missing.
    Part,
}

/// Everything in a tree that does not fit an environment's shape.
pub(crate) fn check(texts: &Texts<'_>, root: &Node, extent: Extent) -> Vec<Diagnostic> {
    let mut check = Check { texts, extent, path: Vec::new(), errors: Vec::new() };
    if let (Extent::Whole(None), Some(true)) = (extent, root.table().map(BTreeMap::is_empty)) {
        return vec![
            Diagnostic::error("empty", "the file says nothing")
                .at(texts.place(root.span))
                .label("nothing here")
                .help("an environment begins with `schema = 1`, `[aws]`, `[state]` and `[network]`; one that is no longer wanted says `removed = true`"),
        ];
    }
    check.value(root, &ENVIRONMENT);
    check.errors.truncate(MAX_ERRORS);
    check.errors
}

struct Check<'t, 's> {
    texts: &'t Texts<'s>,
    extent: Extent,
    path: Vec<String>,
    errors: Vec<Diagnostic>,
}

impl Check<'_, '_> {
    fn place(&self, span: Span) -> Place {
        self.texts.place(span)
    }

    /// The value's path, for people.
    fn name(&self) -> String {
        if self.path.is_empty() { "the file".to_owned() } else { format!("`{}`", self.path.join(".")) }
    }

    /// The table's header, for people.
    fn header(&self) -> String {
        if self.path.is_empty() { "the file".to_owned() } else { format!("`[{}]`", self.path.join(".")) }
    }

    fn push(&mut self, error: Diagnostic) {
        if self.errors.len() < MAX_ERRORS {
            self.errors.push(error);
        }
    }

    fn value(&mut self, node: &Node, shape: &Shape) {
        match (&shape.kind, &node.value) {
            (Kind::Anything, _) | (Kind::Boolean, Value::Boolean(_)) => {}
            (Kind::Text(wanted), Value::Text(text)) => {
                self.text(node, text, wanted, &shape.description);
            }
            (Kind::Word(words), Value::Text(text)) => self.word(node, text, words),
            (Kind::Integer { min, max }, Value::Integer(number)) => {
                if number < min || number > max {
                    self.out_of_range(node, &number.to_string(), &min.to_string(), &max.to_string());
                }
            }
            (Kind::Number { min, max }, Value::Number(number)) => {
                if number < min || number > max {
                    self.out_of_range(node, &number.to_string(), &min.to_string(), &max.to_string());
                }
            }
            (Kind::Number { min, max }, Value::Integer(number)) => {
                #[expect(clippy::cast_precision_loss, reason = "compared with small bounds")]
                let as_float = *number as f64;
                if as_float < *min || as_float > *max {
                    self.out_of_range(node, &number.to_string(), &min.to_string(), &max.to_string());
                }
            }
            (Kind::List(wanted), Value::List(items)) => {
                for (index, item) in items.iter().enumerate() {
                    self.path.push(index.to_string());
                    self.value(item, wanted);
                    self.path.pop();
                }
            }
            (Kind::Table(wanted), Value::Table(_)) => self.table(node, wanted, None),
            (Kind::Tagged { key, variants }, Value::Table(entries)) => {
                let words: Vec<String> = variants.keys().cloned().collect();
                match entries.get(key) {
                    None => self.missing(node, key, &format!("one of {}", listed(&words))),
                    Some(Node { value: Value::Text(word), .. }) if variants.contains_key(word) => {
                        self.table(node, &variants[word], Some(Variants { key, all: variants }));
                    }
                    Some(tag) => {
                        self.path.push(key.clone());
                        match &tag.value {
                            Value::Text(word) => self.word(tag, word, &words),
                            other => self.wrong_type(tag, "text", format!("write {}", listed(&words)), other),
                        }
                        self.path.pop();
                    }
                }
            }
            (Kind::Either(choices), value) => match choices.iter().find(|choice| choice.takes(value)) {
                Some(choice) => self.value(node, choice),
                None => self.wrong_type(node, &shape.wanted(), self.instead(shape, value), value),
            },
            (_, value) => self.wrong_type(node, &shape.wanted(), self.instead(shape, value), value),
        }
    }

    fn table(&mut self, node: &Node, shape: &TableShape, variants: Option<Variants<'_>>) {
        let Some(entries) = node.table() else { return };
        if self.without_name(node, entries, shape) {
            return;
        }
        // What is probably written with a slip is not missing besides.
        let mut meant = Vec::new();
        for (key, below) in entries {
            if variants.as_ref().is_some_and(|variants| variants.key == key) {
                continue;
            }
            let wanted = match (shape.properties.get(key), shape.rest.as_deref()) {
                (Some(wanted), _) => wanted,
                // Beside named fields, what is not a block is a misspelt field.
                (None, Some(rest)) if shape.properties.is_empty() || rest.takes(&below.value) => rest,
                (None, _) => {
                    meant.extend(self.unknown(below, key, shape, variants));
                    continue;
                }
            };
            self.path.push(key.clone());
            self.value(below, wanted);
            self.path.pop();
        }
        for key in shape.required.iter() {
            if entries.contains_key(key) || meant.contains(&key.as_str()) {
                continue;
            }
            let field = shape.properties.get(key);
            let description = field.map_or("", |field| field.description.as_str());
            match field.map(|field| &field.kind) {
                Some(Kind::Table(table)) => {
                    let name = (table.properties.is_empty() && table.rest.is_some()).then_some("NAME");
                    let path = self.path.iter().map(String::as_str).chain([key.as_str()]).chain(name);
                    let header = path.collect::<Vec<_>>().join(".");
                    self.missing(node, key, &format!("write a header `[{header}]`. {description}"));
                }
                _ => self.missing(node, key, description),
            }
        }
    }

    /// `[service]` with the keys of a service in it: said once, and nothing of
    /// it is taken for a block.
    fn without_name(&mut self, node: &Node, entries: &BTreeMap<String, Node>, shape: &TableShape) -> bool {
        let block = match shape.rest.as_deref().map(|rest| &rest.kind) {
            Some(kind) if shape.properties.is_empty() => kind,
            _ => return false,
        };
        let has = |key: &str| match block {
            Kind::Table(table) => table.properties.contains_key(key),
            Kind::Tagged { key: tag, .. } => tag == key,
            _ => false,
        };
        if !entries.iter().any(|(key, below)| below.table().is_none() && has(key)) {
            return false;
        }
        let path = self.path.join(".");
        let error = Diagnostic::error("missing-name", format!("`[{path}]` has no name"))
            .at(self.place(node.span))
            .label("a name is missing")
            .help(format!(
                "write `[{path}.NAME]`: every block has a name of its own, by which others refer to it"
            ));
        self.push(error);
        true
    }

    /// Reports an unknown key; the known one that was probably meant.
    fn unknown<'k>(
        &mut self,
        node: &Node,
        key: &str,
        shape: &'k TableShape,
        variants: Option<Variants<'_>>,
    ) -> Option<&'k str> {
        let known: Vec<&str> = shape.properties.keys().map(String::as_str).collect();
        let near = nearest(key, known.iter().copied());
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => variants
                .and_then(|variants| variants.with(key))
                .or_else(|| self.elsewhere(key, shape))
                .unwrap_or_else(|| format!("known here: {}", known.join(", "))),
        };
        let error = Diagnostic::error("unknown-key", format!("unknown key `{key}` in {}", self.header()))
            .at(self.place(node.key.unwrap_or(node.span)))
            .label("not known here")
            .help(help);
        self.push(error);
        near
    }

    /// Where the key would be known: in a table below, or at the top of the file.
    fn elsewhere(&self, key: &str, shape: &TableShape) -> Option<String> {
        let holds =
            |field: &Shape| matches!(&field.kind, Kind::Table(table) if table.properties.contains_key(key));
        if let Some((table, _)) = shape.properties.iter().find(|(_, field)| holds(field)) {
            let path: Vec<&str> = self.path.iter().map(String::as_str).chain([table.as_str()]).collect();
            return Some(format!("`{key}` belongs into `[{}]`", path.join(".")));
        }
        ENVIRONMENT.get(&[key]).map(|field| match field.kind {
            Kind::Table(_) => format!("`{key}` is a table of its own: write a header `[{key}]`"),
            _ => format!("`{key}` belongs to the top of the file, above the first `[table]`"),
        })
    }

    fn missing(&mut self, node: &Node, key: &str, description: &str) {
        let Extent::Whole(extends) = self.extent else {
            return;
        };
        let help = match description {
            "" => format!("add `{key} = …`"),
            description => format!("add `{key}`: {}", description.trim_end_matches('.')),
        };
        let error = Diagnostic::error("missing-key", format!("{} lacks `{key}`", self.header()));
        let error = match extends {
            // The base is not at fault, and other heirs may complete it.
            Some(extends) if extends.text != node.span.text => error
                .at(self.place(extends))
                .label("neither the base nor this file says it")
                .related(self.place(node.span), "the table"),
            _ => error.at(self.place(node.span)).label(format!("`{key}` is missing")),
        };
        self.push(error.help(help));
    }

    /// What to write where something of another type is wanted.
    fn instead(&self, shape: &Shape, value: &Value) -> String {
        let described = |what: &str| match shape.description.trim_end_matches('.') {
            "" => format!("write {what}"),
            description => format!("write {what} ({description})"),
        };
        match (&shape.kind, value) {
            (Kind::Integer { .. } | Kind::Number { .. } | Kind::Boolean, Value::Text(text))
                if is_bare(text) =>
            {
                format!("write it without quotes: {text}")
            }
            (Kind::Text(TextShape { scalar: Some(parse), .. }), Value::Integer(number))
                if let Some(text) = with_unit(*parse, *number) =>
            {
                format!("write it with its unit, in quotes: \"{text}\"")
            }
            (Kind::Text(_), Value::Integer(number)) => format!("write it in quotes: \"{number}\""),
            (Kind::Text(_), Value::Number(number)) => format!("write it in quotes: \"{number}\""),
            (Kind::Text(_), Value::Boolean(yes)) => format!("write it in quotes: \"{yes}\""),
            (Kind::Text(_), Value::Date(date)) => format!("write it in quotes: \"{date}\""),
            (Kind::List(_), Value::Text(text)) => format!("write it in brackets: [\"{text}\"]"),
            (Kind::Table(table), Value::List(_)) if table.properties.is_empty() && self.path.len() == 1 => {
                let path = self.path.join(".");
                format!("blocks have names, not numbers: write `[{path}.NAME]`, with one pair of brackets")
            }
            (Kind::Table(_) | Kind::Tagged { .. }, _) => format!(
                "write a header `[{}]` with keys below it, or `{{ key = value }}`",
                self.path.join(".")
            ),
            _ => described(&shape.wanted()),
        }
    }

    fn wrong_type(&mut self, node: &Node, wanted: &str, help: String, value: &Value) {
        let error = Diagnostic::error(
            "wrong-type",
            format!("{} must be {wanted}, but it is {}", self.name(), value.kind()),
        )
        .at(self.place(node.span))
        .label(format!("this is {}", value.kind()))
        .help(help);
        self.push(error);
    }

    fn out_of_range(&mut self, node: &Node, number: &str, min: &str, max: &str) {
        let (message, help) = if min == max {
            (format!("{} is {number}, but only {min} is known", self.name()), format!("write {min}"))
        } else {
            (
                format!("{} is {number}, but must be between {min} and {max}", self.name()),
                format!("write a number from {min} to {max}"),
            )
        };
        let error = Diagnostic::error("out-of-range", message)
            .at(self.place(node.span))
            .label("out of bounds")
            .help(help);
        self.push(error);
    }

    fn word(&mut self, node: &Node, text: &str, words: &[String]) {
        if words.iter().any(|word| word == text) {
            return;
        }
        let near = other_word(text)
            .filter(|other| words.iter().any(|word| word == other))
            .or_else(|| nearest(text, words.iter().map(String::as_str)));
        let choices = format!("write {}", listed(words));
        let error = Diagnostic::error("unknown-word", format!("{} cannot be `{text}`", self.name()))
            .at(self.place(node.span))
            .label("not one of the choices")
            .help(near.map_or_else(|| choices.clone(), |near| format!("did you mean `{near}`? {choices}")));
        self.push(error);
    }

    fn text(&mut self, node: &Node, text: &str, wanted: &TextShape, description: &str) {
        let place = || self.place(node.span);
        let length = text.chars().count();
        let error = if let Some(Err(error)) = wanted.scalar.map(|parse| parse(text)) {
            Diagnostic::error("not-valid", format!("{}: {}", self.name(), error.message))
                .at(place())
                .label("cannot be read")
                .help(error.help)
        } else if wanted.pattern.as_ref().is_some_and(|pattern| !pattern.is_match(text)) {
            Diagnostic::error("not-valid", format!("{} cannot be `{text}`", self.name()))
                .at(place())
                .label("not of the form that is wanted here")
                .help(description.trim_end_matches('.'))
        } else if length < wanted.min_length {
            Diagnostic::error("not-valid", format!("{} must not be empty", self.name()))
                .at(place())
                .label("too short")
                .help(description)
        } else if let Some(most) = wanted.max_length.filter(|most| length > *most) {
            Diagnostic::error(
                "not-valid",
                format!("{} has {length} characters, but at most {most} fit", self.name()),
            )
            .at(place())
            .label("too long")
            .help("shorten it")
        } else if !wanted.templated && text.contains("${") {
            Diagnostic::error("no-reference-here", format!("{} cannot hold a reference", self.name()))
                .at(place())
                .label("`${…}` is not replaced here")
                .help("references stand in a service's `environment`, `secrets`, `volumes` and `expose`, and in `[outputs]`; write the value itself here")
        } else {
            return;
        };
        self.push(error);
    }
}

//! The JSON Schema once more, as what the check of a file's structure walks.
//! Of JSON Schema it knows what schemars writes for the blocks; a test holds
//! it to that.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::{node::Value as Written, schema::WHOLE};
use crate::scalar::{Arn, Cidr, Cron, Duration, Percentage, Reference, ScalarError, Template};

/// What an environment must look like.
pub(crate) static ENVIRONMENT: LazyLock<Shape> = LazyLock::new(|| Shape::of(&WHOLE));

/// What may stand at a place.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) kind: Kind,
    /// The field's description, for people.
    pub(crate) description: String,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Text(TextShape),
    Integer {
        min: i64,
        max: i64,
    },
    Number {
        min: f64,
        max: f64,
    },
    Boolean,
    /// One of these words.
    Word(Vec<String>),
    List(Box<Shape>),
    Table(TableShape),
    /// A table whose `key` says which one.
    Tagged {
        key: String,
        variants: BTreeMap<String, TableShape>,
    },
    /// Whichever is of the written type.
    Either(Vec<Shape>),
    /// The schema says nothing: never, by a test.
    Anything,
}

#[derive(Debug, Default)]
pub(crate) struct TextShape {
    pub(crate) scalar: Option<ParseScalar>,
    pub(crate) templated: bool,
    pub(crate) pattern: Option<Regex>,
    pub(crate) min_length: usize,
    pub(crate) max_length: Option<usize>,
}

/// Why a text is not the scalar that is wanted.
pub(crate) type ParseScalar = fn(&str) -> Result<(), ScalarError>;

#[derive(Debug, Default)]
pub(crate) struct TableShape {
    pub(crate) properties: BTreeMap<String, Shape>,
    pub(crate) required: Vec<String>,
    /// What other keys hold; without it there are no other keys.
    pub(crate) rest: Option<Box<Shape>>,
}

impl Shape {
    fn of(root: &Value) -> Self {
        Builder { root }.shape(root)
    }

    /// What may stand below, by keys.
    pub(crate) fn get(&self, path: &[&str]) -> Option<&Shape> {
        let Some((key, below)) = path.split_first() else {
            return Some(self);
        };
        let table =
            |table: &'_ TableShape| -> bool { table.properties.contains_key(*key) || table.rest.is_some() };
        let inner = match &self.kind {
            Kind::Table(shape) if table(shape) => shape.properties.get(*key).or(shape.rest.as_deref())?,
            Kind::Tagged { variants, .. } => {
                variants.values().find_map(|variant| variant.properties.get(*key))?
            }
            Kind::Either(choices) => return choices.iter().find_map(|choice| choice.get(path)),
            Kind::Table(_)
            | Kind::Text(_)
            | Kind::Integer { .. }
            | Kind::Number { .. }
            | Kind::Boolean
            | Kind::Word(_)
            | Kind::List(_)
            | Kind::Anything => return None,
        };
        inner.get(below)
    }

    /// Whether a value is of this type, whatever its content.
    pub(crate) fn takes(&self, value: &Written) -> bool {
        match (&self.kind, value) {
            (Kind::Text(_) | Kind::Word(_), Written::Text(_))
            | (Kind::Integer { .. }, Written::Integer(_))
            | (Kind::Number { .. }, Written::Integer(_) | Written::Number(_))
            | (Kind::Boolean, Written::Boolean(_))
            | (Kind::List(_), Written::List(_))
            | (Kind::Table(_) | Kind::Tagged { .. }, Written::Table(_))
            | (Kind::Anything, _) => true,
            (Kind::Either(choices), value) => choices.iter().any(|choice| choice.takes(value)),
            _ => false,
        }
    }

    /// What is wanted, in words: "… must be …".
    pub(crate) fn wanted(&self) -> String {
        match &self.kind {
            Kind::Text(_) | Kind::Word(_) => "text".to_owned(),
            Kind::Integer { .. } => "a whole number".to_owned(),
            Kind::Number { .. } => "a number".to_owned(),
            Kind::Boolean => "`true` or `false`".to_owned(),
            Kind::List(_) => "a list".to_owned(),
            Kind::Table(_) | Kind::Tagged { .. } => "a table".to_owned(),
            Kind::Either(choices) => choices.iter().map(Shape::wanted).collect::<Vec<_>>().join(" or "),
            Kind::Anything => "anything".to_owned(),
        }
    }
}

struct Builder<'v> {
    root: &'v Value,
}

impl Builder<'_> {
    fn shape(&self, schema: &Value) -> Shape {
        let description = |schema: &Value| schema["description"].as_str().map(str::to_owned);
        if let Some(reference) = schema["$ref"].as_str() {
            let target = reference.trim_start_matches('#');
            let mut shape = self
                .root
                .pointer(target)
                .map_or(Shape { kind: Kind::Anything, description: String::new() }, |target| {
                    self.shape(target)
                });
            if let Some(description) = description(schema) {
                shape.description = description;
            }
            return shape;
        }
        Shape { kind: self.kind(schema), description: description(schema).unwrap_or_default() }
    }

    fn kind(&self, schema: &Value) -> Kind {
        if let Some(choices) = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array()) {
            return self.choices(choices);
        }
        if let Some(word) = schema["const"].as_str() {
            return Kind::Word(vec![word.to_owned()]);
        }
        if let Some(words) = schema["enum"].as_array() {
            return Kind::Word(words.iter().filter_map(Value::as_str).map(str::to_owned).collect());
        }
        match schema["type"].as_str() {
            Some("string") => Kind::Text(text(schema)),
            Some("integer") => integer(schema),
            Some("number") => Kind::Number {
                min: schema["minimum"].as_f64().unwrap_or(f64::MIN),
                max: schema["maximum"].as_f64().unwrap_or(f64::MAX),
            },
            Some("boolean") => Kind::Boolean,
            Some("array") => Kind::List(Box::new(self.shape(&schema["items"]))),
            Some("object") => Kind::Table(self.table(schema)),
            _ => Kind::Anything,
        }
    }

    fn choices(&self, choices: &[Value]) -> Kind {
        let words: Vec<String> = choices
            .iter()
            .flat_map(|choice| choice["const"].as_str().into_iter().chain(words(choice)))
            .map(str::to_owned)
            .collect();
        if !words.is_empty() && words.len() >= choices.len() {
            return Kind::Word(words);
        }
        let tag = choices.first().and_then(|choice| {
            let properties = choice["properties"].as_object()?;
            properties
                .iter()
                .find(|(_, property)| property.get("const").is_some())
                .map(|(key, _)| key.clone())
        });
        match tag {
            Some(key) => {
                let variants = choices
                    .iter()
                    .filter_map(|choice| {
                        let word = choice["properties"][&key]["const"].as_str()?;
                        Some((word.to_owned(), self.table(choice)))
                    })
                    .collect();
                Kind::Tagged { key, variants }
            }
            None => Kind::Either(choices.iter().map(|choice| self.shape(choice)).collect()),
        }
    }

    fn table(&self, schema: &Value) -> TableShape {
        let properties = schema["properties"].as_object().into_iter().flatten();
        let required = schema["required"].as_array().into_iter().flatten();
        TableShape {
            properties: properties.map(|(key, property)| (key.clone(), self.shape(property))).collect(),
            required: required.filter_map(Value::as_str).map(str::to_owned).collect(),
            rest: match schema.get("additionalProperties") {
                None | Some(Value::Bool(_)) => None,
                Some(rest) => Some(Box::new(self.shape(rest))),
            },
        }
    }
}

fn words(schema: &Value) -> impl Iterator<Item = &str> {
    schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn text(schema: &Value) -> TextShape {
    let length = |name: &str| schema[name].as_u64().and_then(|length| usize::try_from(length).ok());
    let format = schema["format"].as_str();
    let scalar = format.and_then(scalar);
    TextShape {
        // The types' own reading is stricter than their pattern, and says why.
        pattern: match scalar {
            Some(_) => None,
            None => schema["pattern"].as_str().and_then(|pattern| Regex::new(pattern).ok()),
        },
        scalar,
        templated: matches!(format, Some("template" | "reference")),
        min_length: length("minLength").unwrap_or(0),
        max_length: length("maxLength"),
    }
}

fn integer(schema: &Value) -> Kind {
    let (lowest, highest) = match schema["format"].as_str() {
        Some("uint8") => (0, i64::from(u8::MAX)),
        Some("uint16") => (0, i64::from(u16::MAX)),
        Some("uint32") => (0, i64::from(u32::MAX)),
        Some("uint64" | "uint") => (0, i64::MAX),
        _ => (i64::MIN, i64::MAX),
    };
    Kind::Integer {
        min: schema["minimum"].as_i64().unwrap_or(lowest).max(lowest),
        max: schema["maximum"].as_i64().unwrap_or(highest).min(highest),
    }
}

fn scalar(format: &str) -> Option<ParseScalar> {
    fn parse<T: std::str::FromStr<Err = ScalarError>>(text: &str) -> Result<(), ScalarError> {
        text.parse::<T>().map(|_| ())
    }
    Some(match format {
        "arn" => parse::<Arn>,
        "cidr" => parse::<Cidr>,
        "cron" => parse::<Cron>,
        "duration" => parse::<Duration>,
        "percentage" => parse::<Percentage>,
        "reference" => parse::<Reference>,
        "template" => parse::<Template>,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{ENVIRONMENT, Kind, Shape};

    fn every<'s>(shape: &'s Shape, path: &str, seen: &mut Vec<(String, &'s Shape)>) {
        seen.push((path.to_owned(), shape));
        match &shape.kind {
            Kind::List(items) => every(items, &format!("{path}[]"), seen),
            Kind::Table(table) => {
                for (key, below) in &table.properties {
                    every(below, &format!("{path}.{key}"), seen);
                }
                if let Some(rest) = &table.rest {
                    every(rest, &format!("{path}.*"), seen);
                }
            }
            Kind::Tagged { variants, .. } => {
                for (word, table) in variants {
                    for (key, below) in &table.properties {
                        every(below, &format!("{path}<{word}>.{key}"), seen);
                    }
                }
            }
            Kind::Either(choices) => choices.iter().for_each(|choice| every(choice, path, seen)),
            _ => {}
        }
    }

    #[test]
    fn the_walker_knows_all_that_the_schema_says() {
        let mut seen = Vec::new();
        every(&ENVIRONMENT, "", &mut seen);
        assert!(seen.len() > 150, "{}", seen.len());
        for (path, shape) in &seen {
            assert!(!matches!(shape.kind, Kind::Anything), "{path}");
        }
        let patterns = super::WHOLE.to_string().matches("\"pattern\"").count();
        assert!(patterns > 10);
    }

    #[test]
    fn fields_are_found_by_their_path() {
        assert!(ENVIRONMENT.get(&["service", "web", "health", "path"]).is_some());
        assert!(ENVIRONMENT.get(&["alarms", "high-cpu", "on"]).is_some());
        assert!(ENVIRONMENT.get(&["network", "vpc", "name"]).is_some());
        assert!(ENVIRONMENT.get(&["service", "web", "helth"]).is_none());
    }
}

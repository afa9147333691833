use std::{fmt, str::FromStr};

use super::{ScalarError, string_scalar};

/// A single interpolation and nothing else: `${load_balancer.web.listener.http}`.
///
/// What it names is checked once the whole environment is known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    path: String,
}

string_scalar!(
    Reference,
    "reference",
    "^\\$\\{[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)+\\}$",
    "The address of another block or one of its attributes: ${load_balancer.web.listener.http}."
);

impl Reference {
    /// What stands between the braces: dotted segments, at least two.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The dotted segments, at least two.
    pub fn segments(&self) -> Vec<&str> {
        self.path.split('.').collect()
    }

    fn from_path(path: &str) -> Option<Self> {
        let segment = |segment: &str| {
            !segment.is_empty() && segment.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        };
        (path.contains('.') && path.split('.').all(segment)).then(|| Self { path: path.to_owned() })
    }
}

impl FromStr for Reference {
    type Err = ScalarError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.strip_prefix("${")
            .and_then(|rest| rest.strip_suffix('}'))
            .and_then(Self::from_path)
            .ok_or_else(|| {
                let help = match Self::from_path(text) {
                    Some(reference) => format!("write `{reference}`"),
                    None => "write the address of another block and nothing else, such as `${service.web.name}` or `${cache.sessions.url_secret}`: there are no functions".to_owned(),
                };
                ScalarError::new(format!("`{text}` is not a reference"), help)
            })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${{{}}}", self.path)
    }
}

/// Text in which references may stand: `http://${load_balancer.web.dns_name}/`.
/// A literal `${` is written `$${`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    parts: Vec<TemplatePart>,
}

/// One stretch of a [`Template`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplatePart {
    /// Taken as it stands.
    Literal(String),
    /// Replaced by what it names.
    Reference(Reference),
}

string_scalar!(
    Template,
    "template",
    "^([^$]|\\$\\$+\\{|\\$\\{[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)+\\}|\\$+([^${]|$))*$",
    "Text in which ${…} references may stand; $${ is a literal ${."
);

impl Template {
    /// Its stretches, in order.
    pub fn parts(&self) -> &[TemplatePart] {
        &self.parts
    }

    /// The references in it, in order.
    pub fn references(&self) -> impl Iterator<Item = &Reference> {
        self.parts.iter().filter_map(|part| match part {
            TemplatePart::Reference(reference) => Some(reference),
            TemplatePart::Literal(_) => None,
        })
    }

    /// The text, when no reference stands in it.
    pub fn as_literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [TemplatePart::Literal(text)] => Some(text),
            _ => None,
        }
    }
}

impl FromStr for Template {
    type Err = ScalarError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            if rest[..at].ends_with('$') {
                literal.push_str(&rest[..at - 1]);
                literal.push_str("${");
                rest = &rest[at + 2..];
                continue;
            }
            literal.push_str(&rest[..at]);
            let end = rest[at..].find('}').ok_or_else(|| {
                ScalarError::new(
                    "a `${` is never closed",
                    "close it with `}`, or write `$${` where a literal `${` is meant",
                )
            })?;
            let reference: Reference = rest[at..=at + end].parse()?;
            if !literal.is_empty() {
                parts.push(TemplatePart::Literal(std::mem::take(&mut literal)));
            }
            parts.push(TemplatePart::Reference(reference));
            rest = &rest[at + end + 1..];
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(TemplatePart::Literal(literal));
        }
        Ok(Self { parts })
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| match part {
            TemplatePart::Literal(text) => f.write_str(&text.replace("${", "$${")),
            TemplatePart::Reference(reference) => reference.fmt(f),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Reference, Template};

    #[test]
    fn templates_are_read_and_written() {
        for text in ["", "plain", "${a.b}", "x${a.b}y${c.d-e.f}", "$${not.this}", "$", "{}"] {
            let template: Template = text.parse().unwrap();
            assert_eq!(template.to_string(), text);
        }
        for wrong in ["${", "${}", "${a}", "${a.}", "${a b.c}", "${a.b"] {
            assert!(wrong.parse::<Template>().is_err(), "{wrong:?}");
        }
        assert!("${a.b}x".parse::<Reference>().is_err());
    }
}

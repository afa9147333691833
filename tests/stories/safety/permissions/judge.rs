//! What IAM would say of a request, by the policies that the program prints.

use std::collections::BTreeMap;

use serde_json::Value;

use super::request::Needed;

/// A statement of a policy; all of them allow.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    /// The policy that it is in: `reading`, `writing-2`.
    pub(super) policy: String,
    pub(super) actions: Vec<String>,
    pub(super) resources: Vec<String>,
    /// Context keys, and the one value that each must have.
    pub(super) equals: BTreeMap<String, String>,
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(ToOwned::to_owned).collect()
}

/// The statements of printed policies.
pub(super) fn statements(policies: &Value) -> Vec<Statement> {
    let documents = policies.as_object().expect("policies by name").iter();
    documents
        .flat_map(|(policy, document)| {
            let statements = document["Statement"].as_array().expect("statements");
            statements.iter().map(move |statement| {
                assert_eq!(statement["Effect"], "Allow");
                let conditions = statement["Condition"].as_object();
                assert!(
                    conditions.is_none_or(|all| all.keys().eq(["StringEquals"])),
                    "a condition that is not judged: {statement}"
                );
                let equals = statement["Condition"]["StringEquals"].as_object().into_iter().flatten();
                let equals =
                    equals.map(|(key, value)| (key.clone(), value.as_str().expect("text").to_owned()));
                Statement {
                    policy: policy.clone(),
                    actions: texts(&statement["Action"]),
                    resources: texts(&statement["Resource"]),
                    equals: equals.collect(),
                }
            })
        })
        .collect()
}

impl Statement {
    /// Whether it is attached to who has these roles.
    pub(super) fn is_of(&self, roles: &[&str]) -> bool {
        roles.iter().any(|role| self.policy.starts_with(role))
    }

    /// `reading`, `writing` or `founding`.
    pub(super) fn role(&self) -> &str {
        self.policy.split('-').next().unwrap_or_default()
    }

    /// Whether it allows what is needed.
    fn allows(&self, needed: &Needed) -> bool {
        self.actions.contains(&needed.action)
            && self.resources.iter().any(|pattern| matches(pattern, &needed.resource))
            && self.equals.iter().all(|(key, value)| needed.context.get(key) == Some(value))
    }
}

/// Whether anything allows it.
pub(super) fn allowed<'s>(statements: impl IntoIterator<Item = &'s Statement>, needed: &Needed) -> bool {
    statements.into_iter().any(|statement| statement.allows(needed))
}

/// IAM's wildcards: `*` for any characters, `?` for one.
fn matches(pattern: &str, text: &str) -> bool {
    let (mut rest, pieces) = (text, pattern.split('*').collect::<Vec<_>>());
    let fits = |piece: &str, text: &str| {
        piece.chars().count() <= text.chars().count()
            && piece.chars().zip(text.chars()).all(|(wanted, is)| wanted == '?' || wanted == is)
    };
    for (number, piece) in pieces.iter().enumerate() {
        let last = number == pieces.len() - 1;
        let mut places = rest.char_indices().map(|(place, _)| place).chain([rest.len()]);
        let found = match (number, last) {
            (0, true) => return piece.chars().count() == rest.chars().count() && fits(piece, rest),
            (0, false) => fits(piece, rest).then_some(0),
            (_, false) => places.find(|place| fits(piece, &rest[*place..])),
            // The last one ends the text.
            (_, true) => places.find(|place| {
                rest[*place..].chars().count() == piece.chars().count() && fits(piece, &rest[*place..])
            }),
        };
        let Some(place) = found else { return false };
        let length: usize = rest[place..].chars().take(piece.chars().count()).map(char::len_utf8).sum();
        rest = &rest[place + length..];
    }
    true
}

#[test]
fn wildcards_are_iams() {
    for (pattern, text, is) in [
        ("*", "", true),
        ("*", "arn:aws:s3:::a", true),
        ("arn:aws:s3:::a/*", "arn:aws:s3:::a/b/c", true),
        ("arn:aws:s3:::a/*", "arn:aws:s3:::a", false),
        ("arn:aws:s3:::a", "arn:aws:s3:::ab", false),
        ("x*-1234", "x-reports-1234", true),
        ("x*-1234", "x-reports-12345", false),
        ("a*b*c", "a1b2b3c", true),
        ("a*b*c", "a1c2b3", false),
        ("secret:a-??????", "secret:a-Ab12Cd", true),
        ("secret:a-??????", "secret:a-Ab12Cde", false),
    ] {
        assert_eq!(matches(pattern, text), is, "{pattern} {text}");
    }
}

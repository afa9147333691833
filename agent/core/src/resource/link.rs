use serde::{Deserialize, Serialize};

use crate::Address;

/// What one object refers to in another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// An attribute of an object of this environment that is not known yet.
    To {
        /// The object.
        address: Address,
        /// `id`, or an attribute of the object such as `dns_name`.
        attribute: String,
    },
    /// A value of AWS's.
    Known(String),
}

impl Link {
    /// To the identity (ARN or id) of the object at an address.
    pub fn to(address: &Address) -> Self {
        Self::attribute(address, "id")
    }

    /// To an attribute of the object at an address.
    pub fn attribute(address: &Address, attribute: &str) -> Self {
        Self::To { address: address.clone(), attribute: attribute.to_owned() }
    }

    /// The value, once it is known.
    pub fn known(&self) -> Option<&str> {
        match self {
            Self::Known(value) => Some(value),
            Self::To { .. } => None,
        }
    }

    /// For comparing and showing: the value, or what it waits for.
    pub fn to_value(&self) -> serde_json::Value {
        match self {
            Self::Known(value) => value.clone().into(),
            Self::To { address, attribute } => format!("(known after apply: {address}.{attribute})").into(),
        }
    }
}

/// A text with links in it, such as the value of an environment variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text(pub Vec<Link>);

impl Text {
    /// A text that is known.
    pub fn known(text: impl Into<String>) -> Self {
        Self(vec![Link::Known(text.into())])
    }

    /// The whole text, once all of it is known.
    pub fn resolved(&self) -> Option<String> {
        self.0.iter().map(Link::known).collect()
    }

    /// For comparing and showing.
    pub fn to_value(&self) -> serde_json::Value {
        match self.resolved() {
            Some(text) => text.into(),
            None => self
                .0
                .iter()
                .map(|link| match link {
                    Link::Known(text) => text.clone(),
                    Link::To { address, attribute } => format!("${{{address}.{attribute}}}"),
                })
                .collect::<String>()
                .into(),
        }
    }
}

//! The small typed values that people write as strings: each is checked when
//! it is read, and written back exactly as it was meant.

mod arn;
mod cidr;
mod cron;
mod duration;
mod moment;
mod percentage;
mod reference;

pub use arn::Arn;
pub use cidr::Cidr;
pub use cron::Cron;
pub use duration::Duration;
pub use moment::Moment;
pub use percentage::Percentage;
pub use reference::{Reference, Template, TemplatePart};

/// Why a string is not the value that is wanted there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ScalarError {
    /// What is wrong, as a sentence without its end.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

impl ScalarError {
    pub(crate) fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into() }
    }
}

/// Serde and JSON Schema by way of `FromStr` and `Display`. The schema's
/// `format` is the type's name, so that the reader of files can find the type
/// again and say what is wrong in its words; the `pattern` is for editors.
macro_rules! string_scalar {
    ($type:ident, $format:literal, $pattern:literal, $description:literal) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": "string",
                    "format": $format,
                    "pattern": $pattern,
                    "description": $description,
                })
            }
        }
    };
}
pub(crate) use string_scalar;

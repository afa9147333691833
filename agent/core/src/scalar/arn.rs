use std::{fmt, str::FromStr};

use super::{ScalarError, string_scalar};

/// An Amazon resource name: `arn:partition:service:region:account:resource`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arn(String);

string_scalar!(
    Arn,
    "arn",
    "^arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:([0-9]{12}|aws)?:[^\\s]+$",
    "An Amazon resource name: arn:aws:service:region:account:resource."
);

impl Arn {
    /// As written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The service's name in the ARN, such as `iam`.
    pub fn service(&self) -> &str {
        self.0.split(':').nth(2).unwrap_or_default()
    }

    /// The account in the ARN, if it names one.
    pub fn account(&self) -> Option<&str> {
        self.0.split(':').nth(4).filter(|account| !account.is_empty())
    }
}

impl FromStr for Arn {
    type Err = ScalarError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let lower =
            |part: &str| part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ok = match parts.as_slice() {
            ["arn", partition, service, region, account, resource] => {
                partition.starts_with("aws")
                    && partition[3..].bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
                    && !service.is_empty()
                    && lower(service)
                    && lower(region)
                    && (account.is_empty()
                        || *account == "aws"
                        || (account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit())))
                    && !resource.is_empty()
                    && !resource.chars().any(char::is_whitespace)
            }
            _ => false,
        };
        if ok {
            Ok(Self(text.to_owned()))
        } else {
            Err(ScalarError::new(
                format!("`{text}` is not an ARN"),
                "write it as `arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE`, with an account of 12 digits",
            ))
        }
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::scalar::ScalarError;

/// A person's name on GitHub, which does not tell capitals from small letters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String")]
pub struct Login(String);

impl Login {
    /// As GitHub spells it, or a person.
    pub fn new(login: &str) -> Self {
        Self(login.to_ascii_lowercase())
    }

    /// In small letters.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is an App, not a person: its approval counts for nobody's.
    pub fn is_bot(&self) -> bool {
        self.0.ends_with("[bot]")
    }
}

impl From<String> for Login {
    fn from(login: String) -> Self {
        Self::new(&login)
    }
}

impl fmt::Display for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A team of an organisation on GitHub.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Team {
    /// The organisation's login, in small letters.
    pub organisation: String,
    /// The team's slug, as in its address.
    pub slug: String,
}

impl fmt::Display for Team {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}/{}", self.organisation, self.slug)
    }
}

/// Who may give something: one person, or whoever is in a team.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Who {
    /// `alice`.
    Person(Login),
    /// `@acme/operations`.
    Team(Team),
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(login) => login.fmt(f),
            Self::Team(team) => team.fmt(f),
        }
    }
}

impl FromStr for Who {
    type Err = ScalarError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_name = |part: &str| {
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
            !part.is_empty() && part.len() <= 100 && part.chars().all(plain)
        };
        let wrong = || {
            ScalarError::new(
                format!("`{text}` is neither a login nor a team"),
                "write a login such as `alice`, or a team as `@ORGANISATION/TEAM` with the team's slug",
            )
        };
        match text.strip_prefix('@') {
            None if is_name(text) => Ok(Self::Person(Login::new(text))),
            None => Err(wrong()),
            Some(team) => {
                let (organisation, slug) = team.split_once('/').ok_or_else(wrong)?;
                if !is_name(organisation) || !is_name(slug) {
                    return Err(wrong());
                }
                let lower = str::to_ascii_lowercase;
                Ok(Self::Team(Team { organisation: lower(organisation), slug: lower(slug) }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Login, Who};

    #[test]
    fn people_and_teams_are_read_and_written() {
        for (text, shown) in [("alice", "alice"), ("Alice-B", "alice-b"), ("@Acme/ops", "@acme/ops")] {
            assert_eq!(text.parse::<Who>().unwrap().to_string(), shown);
        }
        for wrong in ["", "@alice", "acme/ops", "a b", "renovate[bot]", "@acme/", "@/ops", "@a/b/c", "ä"] {
            assert!(wrong.parse::<Who>().is_err(), "{wrong:?}");
        }
        assert_eq!(Login::new("ALICE"), Login::new("alice"));
        assert!(Login::new("renovate[bot]").is_bot() && !Login::new("robot").is_bot());
    }
}

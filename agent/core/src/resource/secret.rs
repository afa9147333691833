use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Field, Link, Rule, Spec, Tags};
use crate::{environment::EnvironmentName, hash::text_hash};

/// A Secrets Manager secret. Its value is in no spec, plan or state: what is
/// compared is from what it was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Secret {
    /// Unique in account and region.
    pub name: String,
    /// For people.
    pub description: String,
    /// From what its value is made.
    pub content: SecretContent,
    /// Days in which a deleted one can be taken back.
    pub recovery_days: u32,
    /// Its tags.
    pub tags: Tags,
}

/// From what a secret's value is made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretContent {
    /// Random letters and digits, made once. What people put in its place
    /// later is theirs.
    Generated {
        /// How many characters a new one has.
        length: u32,
    },
    /// The URL of a cache, its token included.
    CacheUrl(CacheUrl),
    /// What lives and was composed: only its mark is known.
    Composed {
        /// The mark of what it was composed of.
        mark: String,
    },
}

/// What a cache's URL is composed of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CacheUrl {
    /// The cache's address.
    pub host: Link,
    /// Its port.
    pub port: Link,
    /// Whether it speaks TLS.
    pub tls: bool,
    /// The token it asks for.
    pub token: Option<Token>,
}

/// A token that is kept in a secret: which secret, and which version of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Token {
    /// The secret's ARN.
    pub secret: Link,
    /// The version's id.
    pub version: Link,
}

impl Secret {
    /// A secret is named by its environment and address: `production/web/secret.key`.
    /// A policy can then allow all of an environment's with one line, and one call lists them.
    pub fn names_begin(environment: &EnvironmentName) -> String {
        format!("{environment}/")
    }
}

impl CacheUrl {
    /// The URL's scheme.
    pub fn scheme(&self) -> &'static str {
        if self.tls { "rediss" } else { "redis" }
    }

    /// A hash of everything that the URL is composed of, with the token's
    /// version in the token's place; none as long as something is not known.
    /// It stands beside the value as a tag, and says whether the value fits
    /// without anybody reading it.
    pub fn mark(&self) -> Option<String> {
        let Self { host, port, tls: _, token } = self;
        let version = match token {
            Some(Token { secret: _, version }) => version.known()?,
            None => "",
        };
        let parts = [self.scheme(), host.known()?, port.known()?, version].join("\n");
        Some(text_hash(&parts)[..16].to_owned())
    }

    fn links(&self) -> impl Iterator<Item = &Link> {
        let Self { host, port, tls: _, token } = self;
        [host, port].into_iter().chain(token.iter().flat_map(Token::links))
    }

    fn links_mut(&mut self) -> impl Iterator<Item = &mut Link> {
        let Self { host, port, tls: _, token } = self;
        [host, port].into_iter().chain(token.iter_mut().flat_map(Token::links_mut))
    }
}

impl Token {
    pub(super) fn links(&self) -> [&Link; 2] {
        let Self { secret, version } = self;
        [secret, version]
    }

    pub(super) fn links_mut(&mut self) -> [&mut Link; 2] {
        let Self { secret, version } = self;
        [secret, version]
    }
}

impl SecretContent {
    /// The mark of what is composed; nothing where nothing is.
    fn mark(&self) -> Option<Value> {
        match self {
            // A value that was made is kept, whatever length a new one would have.
            Self::Generated { length: _ } => None,
            Self::CacheUrl(url) => {
                Some(url.mark().map_or_else(|| Value::from("(known after apply)"), Value::from))
            }
            Self::Composed { mark } => Some(Value::from(mark.clone())),
        }
    }
}

impl Spec for Secret {
    fn fields(&self) -> Vec<Field> {
        // Only a deletion asks for the days.
        let Self { name, description, content, recovery_days: _, tags } = self;
        let mut fields = vec![
            Field::new(Rule::Impossible, "name", name.clone()),
            Field::in_place("description", description.clone()),
        ];
        fields.extend(content.mark().map(|mark| Field::in_place("composed_of", mark)));
        fields.extend(tags.fields());
        fields
    }

    fn links(&self) -> Vec<&Link> {
        match &self.content {
            SecretContent::CacheUrl(url) => url.links().collect(),
            SecretContent::Generated { .. } | SecretContent::Composed { .. } => Vec::new(),
        }
    }

    fn links_mut(&mut self) -> Vec<&mut Link> {
        match &mut self.content {
            SecretContent::CacheUrl(url) => url.links_mut().collect(),
            SecretContent::Generated { .. } | SecretContent::Composed { .. } => Vec::new(),
        }
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    fn unsettled_by(&self, field: &str) -> &'static [&'static str] {
        if field == "composed_of" { &["composed_of", "version"] } else { &[] }
    }
}

#[cfg(test)]
mod tests {
    use super::{CacheUrl, Link, Token};

    #[test]
    fn the_mark_changes_with_everything_that_the_url_is_composed_of() {
        let known = |text: &str| Link::Known(text.to_owned());
        let token = |version: &str| Some(Token { secret: known("arn"), version: known(version) });
        let url = CacheUrl { host: known("a"), port: known("6379"), tls: true, token: token("v1") };
        let others = [
            CacheUrl { host: known("b"), ..url.clone() },
            CacheUrl { port: known("6380"), ..url.clone() },
            CacheUrl { tls: false, ..url.clone() },
            CacheUrl { token: token("v2"), ..url.clone() },
            CacheUrl { token: None, ..url.clone() },
        ];
        assert!(others.iter().all(|other| other.mark().is_some() && other.mark() != url.mark()));
        let waiting = Link::to(&crate::Address::block("cache", "sessions"));
        assert_eq!(CacheUrl { host: waiting, ..url }.mark(), None);
    }
}

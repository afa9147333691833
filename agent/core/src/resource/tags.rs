use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Field, Owner};
use crate::{Address, environment::EnvironmentName};

/// The tag that names the environment an object belongs to.
pub const ENVIRONMENT_TAG: &str = "pointsman:environment";
/// The tag that names the object's address there.
pub const ADDRESS_TAG: &str = "pointsman:address";
/// The tag that identifies the act of making it, so that a repeated act finds it.
pub const TOKEN_TAG: &str = "pointsman:token";
/// The tag that tells what a composed secret was composed of.
pub const COMPOSED_TAG: &str = "pointsman:composed-of";
/// The tag that tells which version of its token's secret a cache asks for.
pub const AUTH_TAG: &str = "pointsman:auth-token-version";

/// Tags that are about an object, and none of its own.
const ABOUT: [&str; 3] = [TOKEN_TAG, COMPOSED_TAG, AUTH_TAG];

/// An object's tags. The token is no part of them: it is set once, when the
/// object is made, and never compared. Nor are the marks of secrets: they are
/// fields by themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tags(BTreeMap<String, String>);

impl Tags {
    /// What an object at this address is tagged with: the environment's tags
    /// and whose it is.
    pub fn of(environment: &EnvironmentName, address: &Address, tags: &BTreeMap<String, String>) -> Self {
        let mut all = tags.clone();
        all.insert(ENVIRONMENT_TAG.to_owned(), environment.to_string());
        all.insert(ADDRESS_TAG.to_owned(), address.to_string());
        Self(all)
    }

    /// Tags as AWS has them, without its own (`aws:…`), the token and the marks.
    pub fn observed(tags: impl IntoIterator<Item = (String, String)>) -> Self {
        let own = |key: &String| !key.starts_with("aws:") && !ABOUT.contains(&key.as_str());
        Self(tags.into_iter().filter(|(key, _)| own(key)).collect())
    }

    /// Key and value, sorted by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// A tag's value.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// Keeps only tags that we set or once set: what others add to an object
    /// (cost allocation, inventories) is theirs.
    pub fn keep_only(&mut self, known: impl Fn(&str) -> bool) {
        self.0.retain(|key, _| known(key));
    }

    /// Whose the object is.
    pub fn owner(&self) -> Owner {
        match (self.0.get(ENVIRONMENT_TAG), self.0.get(ADDRESS_TAG).and_then(|text| Address::parse(text))) {
            (Some(environment), Some(address)) => {
                Owner::Environment { environment: environment.clone(), address }
            }
            _ => Owner::Unknown,
        }
    }

    /// Each as a field that changes in place.
    pub(super) fn fields(&self) -> impl Iterator<Item = Field> {
        self.0.iter().map(|(key, value)| Field::in_place(format!("tags.{key}"), value.clone()))
    }
}

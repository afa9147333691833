//! Addresses: the stable, human names of everything in an environment.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The name of one thing in an environment, unique there: `service.web`,
/// `load_balancer.main.listener.http`, `service.web.target_group`.
///
/// The same spelling appears in interpolations, plans, state, policies and
/// comments. It always has at least two segments.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(transparent)]
pub struct Address(String);

impl Address {
    /// The address of a block: `[service.web]` is `service.web`.
    pub fn block(kind: &str, name: &str) -> Self {
        Self(format!("{kind}.{name}"))
    }

    /// An address below this one: `service.web` and `log_group` give
    /// `service.web.log_group`.
    pub fn part(&self, part: &str) -> Self {
        Self(format!("{}.{part}", self.0))
    }

    /// Reads an address that has been printed before (state, plan, command line).
    pub fn parse(text: &str) -> Option<Self> {
        let mut segments = text.split('.');
        let well_formed = segments.clone().count() >= 2
            && segments.all(|segment| {
                !segment.is_empty()
                    && segment.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
            });
        well_formed.then(|| Self(text.to_owned()))
    }

    /// The whole address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The block that this address belongs to: its first two segments.
    pub fn of_block(&self) -> Self {
        let end = self.0.match_indices('.').nth(1).map_or(self.0.len(), |(index, _)| index);
        Self(self.0[..end].to_owned())
    }

    /// Whether this is `other` or lies below it.
    pub fn is_within(&self, other: &Address) -> bool {
        self.0.strip_prefix(&other.0).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn a_part_knows_its_block() {
        let address = Address::block("load_balancer", "webui").part("listener").part("http");
        assert_eq!(address.as_str(), "load_balancer.webui.listener.http");
        assert_eq!(address.of_block().as_str(), "load_balancer.webui");
        assert!(address.is_within(&address.of_block()));
        assert!(!Address::block("service", "web2").is_within(&Address::block("service", "web")));
    }

    #[test]
    fn only_what_was_printed_parses() {
        assert!(Address::parse("service.web").is_some());
        for wrong in ["service", "service.", ".web", "service.we b", "service..web", ""] {
            assert!(Address::parse(wrong).is_none(), "{wrong:?}");
        }
    }
}

//! `[aws]`: what the agent may act as, whatever an environment says.

use std::{collections::BTreeSet, ops::Range};

use pointsman_core::environment::Identity;
use serde::Deserialize;
use toml::Spanned;

/// What the agent may act as in AWS, beside its own identity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aws {
    roles: Option<Vec<String>>,
    profiles: Option<BTreeSet<String>>,
}

impl Aws {
    /// Whether anything is listed: then all the rest is refused.
    pub fn is_listed(&self) -> bool {
        self.roles.is_some() || self.profiles.is_some()
    }

    /// Whether the agent may act as this; where nothing is listed, as anything.
    pub fn allows(&self, identity: &Identity) -> bool {
        if !self.is_listed() {
            return true;
        }
        match identity {
            Identity::Role(arn) => self.roles.iter().flatten().any(|pattern| fits(pattern, arn)),
            Identity::Profile(name) => self.profiles.iter().flatten().any(|profile| profile == name),
        }
    }
}

/// Whether a text is what a pattern says, in which `*` stands for any
/// characters, or none.
fn fits(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let pieces: Vec<&str> = pieces.collect();
    let Some((last, between)) = pieces.split_last() else { return rest.is_empty() };
    for piece in between {
        let Some((_, behind)) = rest.split_once(piece) else { return false };
        rest = behind;
    }
    rest.ends_with(last)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AwsSection {
    roles: Option<Vec<Spanned<String>>>,
    profiles: Option<Vec<Spanned<String>>>,
}

impl AwsSection {
    pub(super) fn checked(self, fail: &mut impl FnMut(Range<usize>, String, &'static str)) -> Aws {
        for role in self.roles.iter().flatten() {
            if !is_of_roles(role.get_ref()) {
                let message = format!("[aws] `{}` is not the ARN of a role", role.get_ref());
                let help = "write `arn:aws:iam::123456789012:role/NAME`; `*` may stand for any part of NAME";
                fail(role.span(), message, help);
            }
        }
        let text = |given: Vec<Spanned<String>>| given.into_iter().map(Spanned::into_inner).collect();
        let roles = self.roles.map(text);
        let profiles = self.profiles.map(|given| given.into_iter().map(Spanned::into_inner).collect());
        Aws { roles, profiles }
    }
}

/// `arn:PARTITION:iam::ACCOUNT:role/NAME`, with wildcards in the name alone.
fn is_of_roles(pattern: &str) -> bool {
    let parts: Vec<&str> = pattern.splitn(6, ':').collect();
    let ["arn", partition, "iam", "", account, name] = parts.as_slice() else { return false };
    let named = name.strip_prefix("role/").is_some_and(|name| !name.is_empty() && !name.contains(':'));
    let account = account.len() == 12 && account.chars().all(|digit| digit.is_ascii_digit());
    partition.starts_with("aws") && !partition.contains('*') && account && named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_stands_for_a_part_of_a_name() {
        let role = |name: &str| format!("arn:aws:iam::123456789012:role/{name}");
        assert!(fits(&role("pointsman-*"), &role("pointsman-plan")));
        assert!(fits(&role("*-plan"), &role("team/pointsman-plan")));
        assert!(fits(&role("a*b*c"), &role("a1b2c")));
        assert!(fits(&role("a*b*b"), &role("ab1b")));
        assert!(fits(&role("plan"), &role("plan")));
        assert!(!fits(&role("plan"), &role("plan-2")));
        assert!(!fits(&role("a*b"), &role("a")));
        assert!(!fits(&role("a*a"), &role("a")));
        assert!(!fits(&role("pointsman-*"), &role("admin")));
        assert!(!fits(&role("pointsman-*"), "arn:aws:iam::210987654321:role/pointsman-plan"));
    }

    #[test]
    fn an_account_is_written_out() {
        assert!(is_of_roles("arn:aws:iam::123456789012:role/team/*"));
        assert!(is_of_roles("arn:aws-us-gov:iam::123456789012:role/plan"));
        for wrong in [
            "*",
            "arn:aws:iam::*:role/plan",
            "arn:aws:iam::123456789012:user/robin",
            "arn:aws:iam::123456789012:role/",
        ] {
            assert!(!is_of_roles(wrong), "{wrong}");
        }
    }

    #[test]
    fn what_is_listed_excludes_the_rest() {
        let role = || Identity::Role("arn:aws:iam::123456789012:role/plan".to_owned());
        let profile = || Identity::Profile("shared".to_owned());
        assert!(Aws::default().allows(&role()) && Aws::default().allows(&profile()));
        let roles = Aws { roles: Some(vec!["arn:aws:iam::123456789012:role/*".to_owned()]), profiles: None };
        assert!(roles.allows(&role()) && !roles.allows(&profile()));
        let none = Aws { roles: Some(Vec::new()), profiles: None };
        assert!(!none.allows(&role()) && !none.allows(&profile()));
        let profiles = Aws { roles: None, profiles: Some(BTreeSet::from(["shared".to_owned()])) };
        assert!(!profiles.allows(&role()) && profiles.allows(&profile()));
    }
}

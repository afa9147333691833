//! What two environments may not share.

use std::collections::{BTreeMap, BTreeSet};

use crate::environment::{Diagnostic, Environment, EnvironmentName};

/// What an environment claims for itself alone.
struct Claim<'e> {
    /// The same for two that cannot both have it.
    key: Vec<&'e str>,
    path: String,
    what: String,
    help: &'static str,
}

/// What two environments claim, and all environments that are in such a quarrel.
pub(crate) fn check_together(environments: &[Environment]) -> (Vec<Diagnostic>, BTreeSet<EnvironmentName>) {
    let mut claimed: BTreeMap<Vec<&str>, Vec<(&Environment, Claim<'_>)>> = BTreeMap::new();
    for environment in environments {
        for claim in claims(environment) {
            claimed.entry(claim.key.clone()).or_default().push((environment, claim));
        }
    }
    let (mut found, mut quarrelling) = (Vec::new(), BTreeSet::new());
    for claimants in claimed.into_values().filter(|claimants| claimants.len() > 1) {
        for (index, (environment, claim)) in claimants.iter().enumerate() {
            quarrelling.insert(environment.name.clone());
            let others = claimants
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != index)
                .map(|(_, claimant)| claimant);
            let names: Vec<String> =
                others.clone().take(5).map(|(other, _)| format!("`{}`", other.name)).collect();
            let more = claimants.len() - 1 - names.len();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let message =
                format!("`{}` has the same {} as {}{more}", environment.name, claim.what, names.join(", "));
            let mut error = Diagnostic::error("shared", message)
                .at(environment.place_of(&claim.path).cloned())
                .label("claimed twice")
                .help(claim.help);
            for (other, claim) in others.take(5) {
                let place =
                    other.place_of(&claim.path).cloned().filter(|place| Some(place) != error.place.as_ref());
                error = error.related(place, format!("by `{}` too", other.name));
            }
            found.push(error);
        }
    }
    (found, quarrelling)
}

fn claims(environment: &Environment) -> Vec<Claim<'_>> {
    let file = &environment.file;
    let (account, region) = (file.aws.account.as_str(), file.aws.region.as_str());
    let mut claims = vec![Claim {
        key: vec!["state", &file.state.bucket, &file.state.key],
        path: "state.key".to_owned(),
        what: "state bucket and key".to_owned(),
        help: "give each environment a `key` of its own: one state, one lock, one environment",
    }];
    for (name, service) in &file.service {
        claims.push(Claim {
            key: vec!["service", account, region, &service.cluster, name],
            path: format!("service.{name}"),
            what: format!("service `{name}` in cluster `{}`", service.cluster),
            help: "give the services different names, or describe the service in one environment only",
        });
    }
    if let Some(dashboard) = &file.dashboard {
        claims.push(Claim {
            key: vec!["dashboard", account, &dashboard.name],
            path: "dashboard.name".to_owned(),
            what: format!("dashboard `{}`", dashboard.name),
            help: "give each dashboard of an account a name of its own",
        });
    }
    claims
}

//! What two environments may not share.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    desired::{Network, Surroundings, wanted},
    environment::{Diagnostic, Environment, EnvironmentName, block::VpcSelection},
    resource::{Kind, Resource},
};

/// What an environment claims for itself alone.
#[derive(Debug)]
pub(crate) struct Claim {
    /// The same for two that cannot both have it.
    key: Vec<String>,
    path: String,
    what: String,
    help: &'static str,
}

/// What two environments claim, and all environments that are in such a quarrel.
/// `claims` are those of each, in the same order.
pub(crate) fn check_together(
    environments: &[Environment],
    claims: Vec<Vec<Claim>>,
) -> (Vec<Diagnostic>, BTreeSet<EnvironmentName>) {
    let mut claimed: BTreeMap<Vec<String>, Vec<(&Environment, Claim)>> = BTreeMap::new();
    for (environment, claims) in environments.iter().zip(claims) {
        for claim in claims {
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

/// Everything that an environment claims for itself alone.
pub(crate) fn claims(environment: &Environment) -> Vec<Claim> {
    let file = &environment.file;
    let state = &file.state;
    // Terraform's ending does not make another state: ours stands beside both.
    let key = state.key.strip_suffix(".tfstate").unwrap_or(&state.key);
    let mut claims = vec![Claim {
        key: vec!["state".to_owned(), state.bucket.clone(), key.to_owned()],
        path: "state.key".to_owned(),
        what: "state bucket and key".to_owned(),
        help: "give each environment a `key` of its own: one state, one lock, one environment",
    }];
    if let Some(dashboard) = &file.dashboard {
        claims.push(Claim {
            key: vec!["dashboard".to_owned(), file.aws.account.clone(), dashboard.name.clone()],
            path: "dashboard.name".to_owned(),
            what: format!("dashboard `{}`", dashboard.name),
            help: "give each dashboard of an account a name of its own",
        });
    }
    claims.extend(names(environment));
    claims
}

/// The names that AWS gives once: an environment's objects are named after
/// the last part of its name and their blocks.
fn names(environment: &Environment) -> impl Iterator<Item = Claim> {
    let file = &environment.file;
    let vpc = match &file.network.vpc {
        VpcSelection::Id(id) => id.clone(),
        VpcSelection::Name(vpc) => format!("name {}", vpc.name),
    };
    let place = [file.aws.account.clone(), file.aws.region.clone()];
    let network = Network { vpc, subnets: BTreeMap::new() };
    let surroundings = Surroundings { network, externals: BTreeMap::new() };
    wanted(environment, &surroundings, None).objects.into_iter().filter_map(move |object| {
        let kind = object.resource.kind();
        let claim = object.resource.spec().claim()?;
        Some(Claim {
            what: match &object.resource {
                Resource::Service(service) => {
                    format!("service `{}` in cluster `{}`", service.name, service.cluster)
                }
                other => format!("{} `{}`", kind.title(), other.spec().name()),
            },
            key: [&[kind.as_str().to_owned()], &place[..], &[claim]].concat(),
            path: object.address.of_block().to_string(),
            help: match kind {
                Kind::Service => {
                    "give the services different names, or describe the service in one environment only"
                }
                _ => {
                    "rename the block in one of them, or end the files' names differently: AWS's objects are named after both"
                }
            },
        })
    })
}

//! What an environment stands in and refers to.

use super::{Finding, Problem, Subject};
use crate::{failure::CloudErrorKind, plan::Conflict};

/// `[network]` selects one VPC, and subnets in it.
pub(super) fn network(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    if let Err(error) = &subject.facts.network {
        let problem = match error.kind {
            CloudErrorKind::Unsuitable => Problem::NoNetwork { error: Box::new(error.clone()) },
            _ => Problem::Unanswered { error: Box::new(error.clone()) },
        };
        let about = if error.subject.starts_with("network") { error.subject.as_str() } else { "network" };
        found.push(subject.error(about, problem));
    }
}

/// Every `[external.NAME]` is there, those that only a roll-out needs as well.
pub(super) fn externals(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for (name, answer) in &subject.facts.externals {
        if let Err(error) = answer {
            let problem = match error.kind {
                CloudErrorKind::Unsuitable => Problem::NoExternal { error: Box::new(error.clone()) },
                _ => Problem::Unanswered { error: Box::new(error.clone()) },
            };
            found.push(subject.error(format!("external.{name}"), problem).if_it_stays());
        }
    }
}

/// What lives can become what is described.
pub(super) fn conflicts(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for conflict in &subject.facts.conflicts {
        let about = match conflict {
            Conflict::NotOurs { address, .. } | Conflict::Impossible { address, .. } => address.to_string(),
            Conflict::Cycle { addresses } => addresses.first().map(ToString::to_string).unwrap_or_default(),
        };
        found.push(subject.error(about, Problem::NoPlan { conflict: conflict.clone() }));
    }
}

//! What a well-formed environment means: a table of checks, each a function
//! that reports everything of its kind.

mod alarm;
mod aws;
mod bucket;
mod cache;
mod cycle;
mod drift;
mod external;
mod fargate;
mod listener;
mod name;
mod native;
mod needs;
mod network;
mod operation;
mod queue;
mod reference;
mod rollout;
mod scaling;
mod scheduled_task;
mod service;
mod tag;
mod task;
mod together;

use super::{Diagnostic, Environment, EnvironmentFile, Place, node::Node, text::Texts};
pub(crate) use fargate::fargate_sizes;
pub(crate) use needs::check_needs;
pub(crate) use together::{Claim, check_together, claims};

/// A check: looks at one thing, reports all that is wrong with it.
type Check = fn(&Subject<'_>, &mut Vec<Diagnostic>);

/// Every check of one environment.
const CHECKS: &[Check] = &[
    alarm::thresholds,
    alarm::targets,
    alarm::periods,
    alarm::metrics,
    alarm::scale_outs,
    aws::credentials,
    aws::services_of_arns,
    aws::accounts_of_arns,
    aws::regions_of_arns,
    bucket::expiries,
    bucket::versions,
    cache::encryption_of_auth,
    cache::urls,
    cache::versions,
    cache::windows,
    drift::ignored,
    external::connections,
    external::identities,
    fargate::sizes,
    listener::certificates,
    listener::ports,
    listener::hosts,
    listener::bounds,
    name::blocks,
    name::lengths,
    name::variables,
    network::subnets,
    network::selections,
    operation::freezes,
    operation::journals,
    queue::times,
    queue::sorts,
    operation::recoveries,
    reference::targets,
    cycle::references,
    native::releases,
    native::steps,
    native::times,
    native::sticky,
    rollout::shifts,
    rollout::deadlines,
    rollout::breaking_changes,
    rollout::abort_alarms,
    rollout::switches,
    rollout::cut_overs,
    rollout::migrations,
    scaling::bounds,
    scaling::schedules,
    service::deployments,
    scheduled_task::times,
    service::health,
    service::times,
    task::times,
    task::images,
    task::variables,
    task::mounts,
    service::priorities,
    service::protected,
    tag::keys,
];

/// Beyond so many in one environment nobody reads on.
const MAX_FINDINGS: usize = 200;

/// All that is wrong or doubtful in a well-formed environment.
pub(crate) fn check(texts: &Texts<'_>, environment: &Environment, root: &Node) -> Vec<Diagnostic> {
    let subject = Subject { file: &environment.file, root, texts };
    let mut found = Vec::new();
    name::counts(&subject, &mut found);
    for check in CHECKS {
        if found.len() > MAX_FINDINGS {
            break;
        }
        check(&subject, &mut found);
    }
    found.truncate(MAX_FINDINGS);
    found
}

/// What is checked: the values, and where they were written.
pub(super) struct Subject<'a> {
    pub(super) file: &'a EnvironmentFile,
    root: &'a Node,
    texts: &'a Texts<'a>,
}

impl Subject<'_> {
    /// Where a value was written or, where it was defaulted, the nearest around it.
    fn place<S: AsRef<str>>(&self, path: &[S]) -> Place {
        self.texts.place(self.root.nearest(path).span)
    }

    /// Where a key was written, or the nearest value around it.
    fn key<S: AsRef<str>>(&self, path: &[S]) -> Place {
        let node = self.root.nearest(path);
        self.texts.place(node.key.unwrap_or(node.span))
    }

    /// Whether anything was written there.
    fn written<S: AsRef<str>>(&self, path: &[S]) -> bool {
        self.root.get(path).is_some()
    }
}

/// A duration that AWS does not take.
fn out_of_range(
    subject: &Subject<'_>,
    path: &[&str],
    value: crate::scalar::Duration,
    range: &str,
) -> Diagnostic {
    Diagnostic::error("out-of-range", format!("`{}` cannot be {value}", path.join(".")))
        .at(subject.place(path))
        .label("out of bounds")
        .help(format!("write {range}"))
}

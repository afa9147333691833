//! The account, how to act in it, and the ARNs that lead into it.

use super::{Diagnostic, Subject};
use crate::scalar::Arn;

/// A profile or a role, not both; an external id needs a role.
pub(super) fn credentials(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let (aws, state) = (&subject.file.aws, &subject.file.state);
    let tables = [("aws", &aws.profile, &aws.role_arn), ("state", &state.profile, &state.role_arn)];
    for (table, profile, role) in tables {
        if profile.is_some() && role.is_some() {
            found.push(
                Diagnostic::error("exclusive", format!("`[{table}]` has both `profile` and `role_arn`"))
                    .at(subject.key(&[table, "role_arn"]))
                    .label("which of the two?")
                    .help("keep one: with `role_arn`, the agent's own credentials take the role")
                    .related(subject.key(&[table, "profile"]), "the other"),
            );
        }
    }
    if aws.external_id.is_some() && aws.role_arn.is_none() && aws.plan_role_arn.is_none() {
        found.push(
            Diagnostic::error("exclusive", "`external_id` is only used with a role")
                .at(subject.key(&["aws", "external_id"]))
                .label("no role asks for it")
                .help("add `role_arn`, or take `external_id` out"),
        );
    }
}

/// What an ARN must lead to.
struct Target {
    service: &'static str,
    /// How the resource's part begins, where only that is wanted.
    resource: &'static str,
    what: &'static str,
    form: &'static str,
}

const ROLE: Target =
    Target { service: "iam", resource: "role/", what: "a role", form: "arn:aws:iam::ACCOUNT:role/NAME" };
const CERTIFICATE: Target = Target {
    service: "acm",
    resource: "certificate/",
    what: "a certificate",
    form: "arn:aws:acm:REGION:ACCOUNT:certificate/ID",
};
const TOPIC: Target =
    Target { service: "sns", resource: "", what: "a topic", form: "arn:aws:sns:REGION:ACCOUNT:NAME" };

/// An ARN in the file.
struct ArnUse<'a> {
    path: Vec<String>,
    arn: &'a Arn,
    target: &'static Target,
}

impl<'a> ArnUse<'a> {
    fn new(path: &[&str], arn: &'a Arn, target: &'static Target) -> Self {
        Self { path: path.iter().map(|&key| key.to_owned()).collect(), arn, target }
    }
}

/// Every ARN in the file.
fn arns<'a>(subject: &Subject<'a>) -> Vec<ArnUse<'a>> {
    let file = subject.file;
    let mut arns = Vec::new();
    let mut role = |path: &[&str], arn: &'a Option<Arn>| {
        arns.extend(arn.iter().map(|arn| ArnUse::new(path, arn, &ROLE)));
    };
    role(&["aws", "role_arn"], &file.aws.role_arn);
    role(&["aws", "plan_role_arn"], &file.aws.plan_role_arn);
    role(&["state", "role_arn"], &file.state.role_arn);
    if let Some(rollout) = &file.rollout {
        role(&["rollout", "role"], &rollout.role);
    }
    for task in file.tasks() {
        let path = [task.kind, task.name, "task_role"];
        arns.extend(task.task_role.map(|arn| ArnUse::new(&path, arn, &ROLE)));
        arns.push(ArnUse::new(&[task.kind, task.name, "execution_role"], task.execution_role, &ROLE));
    }
    for (name, task) in &file.scheduled_task {
        arns.push(ArnUse::new(&["scheduled_task", name, "schedule_role"], &task.schedule_role, &ROLE));
    }
    for (name, balancer) in &file.load_balancer {
        for (listener, shape) in &balancer.listener {
            let path = ["load_balancer", name, "listener", listener, "certificate"];
            arns.extend(shape.certificate.iter().map(|arn| ArnUse::new(&path, arn, &CERTIFICATE)));
        }
    }
    for (index, arn) in file.alarms.iter().flat_map(|alarms| &alarms.notify).enumerate() {
        arns.push(ArnUse::new(&["alarms", "notify", &index.to_string()], arn, &TOPIC));
    }
    arns
}

/// A role is of IAM, a certificate of ACM, a topic of SNS.
pub(super) fn services_of_arns(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for ArnUse { path, arn, target } in arns(subject) {
        let resource = arn.as_str().splitn(6, ':').nth(5).unwrap_or_default();
        if arn.service() != target.service || !resource.starts_with(target.resource) {
            found.push(
                Diagnostic::error("wrong-arn", format!("`{}` is not {}", path.join("."), target.what))
                    .at(subject.place(&path))
                    .label(format!("this is `{resource}` of `{}`", arn.service()))
                    .help(format!("write the ARN of {}, `{}`", target.what, target.form)),
            );
        }
    }
}

/// They lead into the environment's own account.
pub(super) fn accounts_of_arns(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let own = subject.file.aws.account.as_str();
    for ArnUse { path, arn, target: _ } in arns(subject) {
        // The backend is often another account's.
        if path.first().is_some_and(|table| table == "state") {
            continue;
        }
        if let Some(account) = arn.account().filter(|account| *account != own) {
            found.push(
                Diagnostic::warning(
                    "other-account",
                    format!("`{}` leads into account {account}", path.join(".")),
                )
                .at(subject.place(&path))
                .label("another account")
                .help("check that this is meant: ARNs often stay behind when a file is copied")
                .related(subject.place(&["aws", "account"]), "this environment's account"),
            );
        }
    }
}

/// A load balancer takes certificates, and an alarm topics, of its own region only.
pub(super) fn regions_of_arns(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let own = subject.file.aws.region.as_str();
    for ArnUse { path, arn, target } in arns(subject) {
        let region = arn.as_str().split(':').nth(3).unwrap_or_default();
        if target.service != "iam" && arn.service() == target.service && region != own {
            found.push(
                Diagnostic::error("other-region", format!("`{}` is in region `{region}`", path.join(".")))
                    .at(subject.place(&path))
                    .label(format!("not in `{own}`"))
                    .help("use one of the environment's own region: AWS refuses others here")
                    .related(subject.place(&["aws", "region"]), "this environment's region"),
            );
        }
    }
}

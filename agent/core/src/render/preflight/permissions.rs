//! Sentences about what is allowed.

use super::Words;
use crate::{environment::EnvironmentName, preflight::Problem};

/// The words; none for what others have words for.
pub(super) fn words(environment: &EnvironmentName, problem: &Problem) -> Option<Words> {
    let words = match problem {
        Problem::NoRole { role } => Words::new(
            format!("there is no role {role}"),
            "tasks could not start with it",
            "correct its ARN, or make the role and let `ecs-tasks.amazonaws.com` assume it",
        ),
        Problem::RoleNotAllowed { role, action, resource, explicitly } => Words::new(
            format!("the role {role} may not `{action}`"),
            format!("{}: tasks could not start", refusal(resource, *explicitly)),
            format!("allow `{action}` on {resource} in a policy of that role"),
        ),
        Problem::NotAllowed { action, resource, explicitly } => Words::new(
            format!("the plan needs `{action}`, and IAM denies it to us"),
            refusal(resource, *explicitly),
            format!("attach what `pointsman init {environment} --iam` prints as `writing`"),
        ),
        Problem::NotSimulated { why } => {
            Words::new("IAM was not asked what is allowed", why, "allow `iam:SimulatePrincipalPolicy`")
        }
        _ => return None,
    };
    Some(words)
}

fn refusal(resource: &str, explicitly: bool) -> String {
    if explicitly {
        format!("a policy forbids it on {resource}")
    } else {
        format!("no policy allows it on {resource}")
    }
}

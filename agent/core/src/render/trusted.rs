//! What is said where a file has the agent act as what it may not be.

use crate::{
    environment::{EnvironmentName, Identity},
    failure::{CloudError, CloudErrorKind},
};

/// Why a proposed environment is not planned.
pub fn strange(environment: &EnvironmentName, identities: &[Identity]) -> String {
    let named: Vec<String> = identities.iter().map(ToString::to_string).collect();
    format!(
        "`{environment}` is not planned before its merge: it would be read as {}, which nothing that was merged is read as. \
         Next: review it with that in mind; after the merge it is planned and applied. To have such pull requests planned, list \
         what the agent may act as in `[aws]` of its own configuration.",
        named.join(" and ")
    )
}

/// The agent's own configuration lists what it may act as, and this is not in it.
pub fn not_listed(identity: &Identity) -> CloudError {
    let (operation, subject, key) = match identity {
        Identity::Role(arn) => ("sts:AssumeRole", arn, "roles"),
        Identity::Profile(name) => ("credentials", name, "profiles"),
    };
    CloudError {
        kind: CloudErrorKind::AccessDenied,
        operation: operation.to_owned(),
        subject: subject.clone(),
        code: None,
        message: "the agent's own configuration does not list it".to_owned(),
        request_id: None,
        help: Some(format!("correct the file, or add it to `{key}` under [aws] in pointsman.toml")),
    }
}

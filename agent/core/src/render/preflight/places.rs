//! Sentences about clusters, images, files and rules.

use super::Words;
use crate::preflight::Problem;

/// The words; none for what others have words for.
pub(super) fn words(problem: &Problem) -> Option<Words> {
    let words = match problem {
        Problem::NoCluster { cluster } => Words::new(
            format!("there is no cluster `{cluster}`"),
            "a service is made in a cluster that stands",
            format!("correct `cluster`, or make it: `aws ecs create-cluster --cluster-name {cluster}`"),
        ),
        Problem::NoRepository { image } => Words::new(
            format!("the registry has no repository for `{image}`"),
            "no task could start",
            "correct `image`, or push it there first",
        ),
        Problem::NoImage { image } => Words::new(
            format!("the registry does not have `{image}`"),
            "no task could start",
            "write the digest of an image that was pushed; `aws ecr describe-images` lists them",
        ),
        Problem::ImageNotAsked { image, why } => Words::new(format!("`{image}` was not looked up"), why, ""),
        Problem::NotEncrypted { file_system } => Words::new(
            format!("the file system {file_system} is not encrypted"),
            "what tasks write would lie there readable, and a living file system cannot be encrypted",
            "copy the files to an encrypted one and name that",
        ),
        Problem::NoMountTarget { external, zones } => Words::new(
            format!("`external.{external}` cannot be mounted in {}", zones.join(", ")),
            "tasks run there, and the file system has no mount target that is available in the zone: they could not start",
            "make a mount target in a subnet of each zone, or place the service in other subnets",
        ),
        Problem::PriorityTaken { priority, by } => Words::new(
            format!("another rule of the listener has the priority {priority}"),
            format!("it is {by}, and not ours"),
            "write another `priority` in `expose`, or delete that rule",
        ),
        _ => return None,
    };
    Some(words)
}

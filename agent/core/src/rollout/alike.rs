//! Reasons that ECS gives for what is the same: each names another task, request
//! or address.

/// So long is what names one of many; ports, exit codes and sizes are shorter.
const NAME: usize = 8;

/// Whether two reasons are the same but for what they name.
pub(super) fn is_alike(one: &str, other: &str) -> bool {
    words(one).eq(words(other))
}

/// The words of a reason, without those that name one of many: they are long and
/// have digits, as ids, addresses and times do.
fn words(reason: &str) -> impl Iterator<Item = &str> {
    let is_between = |it: char| !it.is_alphanumeric() && !"-_.:/@".contains(it);
    let is_name = |word: &str| word.len() >= NAME && word.contains(|it: char| it.is_ascii_digit());
    reason.split(is_between).filter(move |word| !word.is_empty() && !is_name(word))
}

#[cfg(test)]
mod tests {
    use super::is_alike;

    #[test]
    fn reasons_that_differ_in_names_alone_are_alike() {
        let pull = |request: &str| {
            format!(
                "CannotPullContainerError: pull image manifest has been retried 5 time(s): denied, status code: 403, request id: {request}"
            )
        };
        assert!(is_alike(
            &pull("f1b2c3d4-aaaa-4bbb-8ccc-0123456789ab"),
            &pull("0a9b8c7d-1111-4222-8333-ba9876543210")
        ));
        let unhealthy = |task: &str, port: u16| {
            format!("Task failed ELB health checks in (target-group arn:aws:x:1:{task}), port {port}")
        };
        assert!(is_alike(&unhealthy("tg/a/0123456789abcdef", 80), &unhealthy("tg/a/fedcba9876543210", 80)));
        assert!(!is_alike(
            &unhealthy("tg/a/0123456789abcdef", 80),
            &unhealthy("tg/a/0123456789abcdef", 8080)
        ));
        assert!(!is_alike(
            "Essential container in task exited, exit code 1",
            "Essential container in task exited, exit code 137"
        ));
        assert!(!is_alike("OutOfMemoryError", "Essential container in task exited"));
        assert!(is_alike("", ""));
    }
}

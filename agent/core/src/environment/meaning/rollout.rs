//! A rollout can be carried out as it is described.

use super::{Diagnostic, Subject};
use crate::environment::{
    block::{Rollout, SchemaChange, Strategy},
    diagnostic::nearest,
};

/// A day, in seconds.
const LONGEST_DEADLINE: u64 = 86_400;

fn rollout<'a>(subject: &Subject<'a>) -> Option<&'a Rollout> {
    subject.file.rollout.as_ref()
}

/// Steps rise, and end with everything.
pub(super) fn shifts(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let Some(rollout) = rollout(subject) else {
        return;
    };
    let at = |index: usize| subject.place(&["rollout", "shift", &index.to_string()]);
    for (index, step) in rollout.shift.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| rollout.shift.get(before));
        if before.map_or(step.value() == 0, |before| before >= step) {
            found.push(
                Diagnostic::error("shift", format!("the step to {step} moves no traffic"))
                    .at(at(index))
                    .label("not more than before")
                    .help("let the steps rise: `shift = [\"5%\", \"25%\", \"50%\", \"100%\"]`"),
            );
        }
    }
    if let Some(last) = rollout.shift.last().filter(|last| last.value() != 100) {
        found.push(
            Diagnostic::error(
                "shift",
                format!("the last step leaves {}% of the traffic behind", 100 - last.value()),
            )
            .at(at(rollout.shift.len() - 1))
            .label("not everything")
            .help("end with \"100%\""),
        );
    }
    if !rollout.shift.is_empty() && rollout.strategy == Strategy::Rolling {
        found.push(
            Diagnostic::error("shift", "a rolling release has no steps of traffic")
                .at(subject.key(&["rollout", "shift"]))
                .label("would not be followed")
                .help("write `strategy = \"blue_green\"`, or take `shift` out"),
        );
    }
}

/// Green has some time, and not for ever.
pub(super) fn deadlines(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let deadline = rollout(subject).and_then(|rollout| rollout.progress_deadline);
    if let Some(deadline) = deadline.filter(|it| !(1..=LONGEST_DEADLINE).contains(&it.seconds())) {
        let path = ["rollout", "progress_deadline"];
        found.push(super::out_of_range(subject, &path, deadline, "`1s` to `1d`"));
    }
}

/// Two versions never meet on a database that only one of them can read.
pub(super) fn breaking_changes(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let Some(rollout) = rollout(subject) else {
        return;
    };
    let gradual = rollout.shift.iter().any(|step| !matches!(step.value(), 0 | 100));
    if rollout.schema_change == SchemaChange::Breaking && gradual {
        let written = subject.written(&["rollout", "schema_change"]);
        let label = if written {
            "breaks the old version"
        } else {
            "`schema_change` is `breaking` when nothing is written"
        };
        let path: &[&str] = if written { &["rollout", "schema_change"] } else { &["rollout"] };
        found.push(
            Diagnostic::error("breaking-shift", "a breaking schema change cannot be rolled out gradually")
                .at(subject.place(path))
                .label(label)
                .help("both versions would work on one database: write `schema_change = \"none\"` or `\"additive\"` if that is true of this release, or `shift = [\"100%\"]`")
                .related(subject.place(&["rollout", "shift"]), "both versions serve people during these steps"),
        );
    }
}

/// The alarms that turn a rollout back are described.
pub(super) fn abort_alarms(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let Some(rollout) = rollout(subject) else {
        return;
    };
    let alarms = || subject.file.alarms.iter().flat_map(|alarms| alarms.alarm.keys()).map(String::as_str);
    for (index, name) in rollout.abort_on.iter().enumerate() {
        if alarms().any(|alarm| alarm == name) {
            continue;
        }
        let help = match nearest(name, alarms()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!(
                "describe it as `[alarms.{name}]`; there are: {}",
                alarms().collect::<Vec<_>>().join(", ")
            ),
        };
        found.push(
            Diagnostic::error("unknown-reference", format!("there is no alarm `{name}`"))
                .at(subject.place(&["rollout", "abort_on", &index.to_string()]))
                .label("not described here")
                .help(help),
        );
    }
}

/// The host that is switched is one that a listener lets through.
pub(super) fn switches(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let Some(switch) = rollout(subject).and_then(|rollout| rollout.switch.as_ref()) else {
        return;
    };
    let listeners: Vec<_> =
        subject.file.load_balancer.values().flat_map(|balancer| balancer.listener.values()).collect();
    let let_through = listeners.iter().any(|listener| {
        listener.hosts.is_empty() || listener.hosts.iter().any(|host| matches(host, &switch.host))
    });
    if let_through {
        return;
    }
    let hosts: Vec<&str> =
        listeners.iter().flat_map(|listener| &listener.hosts).map(String::as_str).collect();
    let help = match nearest(&switch.host, hosts.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "add it to the listener's `hosts`: what no rule matches is answered 404".to_owned(),
    };
    found.push(
        Diagnostic::error("switch-host", format!("no listener lets `{}` through", switch.host))
            .at(subject.place(&["rollout", "switch", "host"]))
            .label("would be answered 404")
            .help(help),
    );
}

/// A host pattern with `*` and `?`, against a name.
fn matches(pattern: &str, host: &str) -> bool {
    let (pattern, host) = (pattern.to_ascii_lowercase(), host.to_ascii_lowercase());
    let mut reachable = vec![false; host.len() + 1];
    reachable[0] = true;
    for wanted in pattern.bytes() {
        let mut next = vec![false; host.len() + 1];
        for (at, byte) in host.bytes().enumerate() {
            next[at + 1] = match wanted {
                b'*' => next[at] || reachable[at] || reachable[at + 1],
                b'?' => reachable[at],
                wanted => reachable[at] && wanted == byte,
            };
        }
        next[0] = reachable[0] && wanted == b'*';
        if wanted == b'*' {
            let mut any = false;
            for (next, reached) in next.iter_mut().zip(&reachable) {
                any |= *reached;
                *next = any;
            }
        }
        reachable = next;
    }
    reachable.last().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn host_patterns_match_as_the_load_balancer_does() {
        for (pattern, host, expected) in [
            ("chat.example.com", "Chat.Example.com", true),
            ("*.example.com", "chat.example.com", true),
            ("*.example.com", "example.com", false),
            ("c?at.example.com", "chat.example.com", true),
            ("*", "anything", true),
            ("", "anything", false),
            ("*x*", "axb", true),
        ] {
            assert_eq!(matches(pattern, host), expected, "{pattern} {host}");
        }
    }
}

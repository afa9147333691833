//! What an application load balancer asks of its listeners.

use super::{Diagnostic, Subject};
use crate::environment::block::{Listener, ListenerProtocol};

/// A rule's conditions hold so many values.
const MAX_HOSTS: usize = 5;

fn listeners<'a>(subject: &Subject<'a>) -> impl Iterator<Item = ([&'a str; 4], &'a Listener)> {
    subject.file.load_balancer.iter().flat_map(|(name, balancer)| {
        balancer.listener.iter().map(move |(listener, shape)| {
            (["load_balancer", name.as_str(), "listener", listener.as_str()], shape)
        })
    })
}

fn below<'a>(path: [&'a str; 4], key: &'a str) -> Vec<&'a str> {
    path.into_iter().chain([key]).collect()
}

/// HTTPS needs a certificate; HTTP has neither certificate nor policy.
pub(super) fn certificates(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (path, listener) in listeners(subject) {
        let shown = path.join(".");
        let protocol = below(path, "protocol");
        match listener.protocol {
            ListenerProtocol::Https if listener.certificate.is_none() => found.push(
                Diagnostic::error("certificate", format!("`{shown}` speaks HTTPS without a certificate"))
                    .at(subject.place(&protocol))
                    .label("needs a certificate")
                    .help("add `certificate = \"arn:aws:acm:…\"`"),
            ),
            ListenerProtocol::Https => {}
            ListenerProtocol::Http => {
                for (key, written) in [
                    ("certificate", listener.certificate.is_some()),
                    ("ssl_policy", listener.ssl_policy.is_some()),
                ] {
                    if written {
                        found.push(
                            Diagnostic::error(
                                "certificate",
                                format!("`{shown}` speaks plain HTTP and has `{key}`"),
                            )
                            .at(subject.key(&below(path, key)))
                            .label("only for HTTPS")
                            .help(format!("write `protocol = \"HTTPS\"`, or take `{key}` out"))
                            .related(subject.place(&protocol), "the protocol"),
                        );
                    }
                }
            }
        }
    }
}

/// A port is listened on once; there is at least one listener.
pub(super) fn ports(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (name, balancer) in &subject.file.load_balancer {
        if balancer.listener.is_empty() {
            found.push(
                Diagnostic::error("missing-key", format!("`load_balancer.{name}` listens on nothing"))
                    .at(subject.place(&["load_balancer", name]))
                    .label("no listener")
                    .help(format!("add `[load_balancer.{name}.listener.http]` with `port` and `protocol`")),
            );
        }
        let mut seen: Vec<(u16, &str)> = Vec::new();
        for (listener, shape) in &balancer.listener {
            let place = |listener| subject.place(&["load_balancer", name, "listener", listener, "port"]);
            match seen.iter().find(|(port, _)| *port == shape.port) {
                Some((port, first)) => found.push(
                    Diagnostic::error(
                        "duplicate",
                        format!("two listeners of `load_balancer.{name}` have port {port}"),
                    )
                    .at(place(listener))
                    .label("taken")
                    .help("give each listener a port of its own; several hosts fit into one listener")
                    .related(place(first), "by this one"),
                ),
                None => seen.push((shape.port, listener)),
            }
        }
    }
}

/// Hosts are names as they stand in a Host header.
pub(super) fn hosts(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (path, listener) in listeners(subject) {
        let at =
            |index: usize| subject.place(&[path[0], path[1], path[2], path[3], "hosts", &index.to_string()]);
        for (index, host) in listener.hosts.iter().enumerate().take(MAX_HOSTS) {
            if !is_host(host) {
                found.push(
                    Diagnostic::error("not-valid", format!("`{host}` is not a host name"))
                        .at(at(index))
                        .label("never matches a Host header")
                        .help("write the name alone, without `https://`, port or path: `chat.example.com`; `*` and `?` match any characters"),
                );
            }
            if let Some(first) =
                listener.hosts[..index].iter().position(|other| other.eq_ignore_ascii_case(host))
            {
                found.push(
                    Diagnostic::error("duplicate", format!("host `{host}` is listed twice"))
                        .at(at(index))
                        .label("again")
                        .help("take one of them out")
                        .related(at(first), "first here"),
                );
            }
        }
        if listener.hosts.len() > MAX_HOSTS {
            let message =
                format!("`{}` has {} hosts; a rule holds {MAX_HOSTS}", path.join("."), listener.hosts.len());
            found.push(
                Diagnostic::error("too-many", message)
                    .at(at(MAX_HOSTS))
                    .label("one too many")
                    .help("match several with `*`, such as `*.example.com`"),
            );
        }
    }
}

/// Idle connections are kept from 1 s to 4,000 s.
pub(super) fn bounds(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (name, balancer) in &subject.file.load_balancer {
        let timeout = balancer.idle_timeout;
        if !(1..=4_000).contains(&timeout.seconds()) {
            found.push(super::out_of_range(
                subject,
                &["load_balancer", name, "idle_timeout"],
                timeout,
                "`1s` to `4000s`",
            ));
        }
        if balancer.allow_from.is_empty() {
            found.push(
                Diagnostic::warning("unreachable", format!("`load_balancer.{name}` lets nobody in"))
                    .at(subject.place(&["load_balancer", name, "allow_from"]))
                    .label("no network")
                    .help("list the networks that may connect, such as `10.0.0.0/8`"),
            );
        }
    }
}

fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || "-_*?".contains(c))
    };
    (1..=128).contains(&host.len()) && host.split('.').all(label)
}

//! Which hosts a listener lets through.

use super::Listener;

impl Listener {
    /// Whether requests for this host are forwarded.
    pub fn lets_through(&self, host: &str) -> bool {
        self.hosts.is_empty() || self.hosts.iter().any(|pattern| matches(pattern, host))
    }
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

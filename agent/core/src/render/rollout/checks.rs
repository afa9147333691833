use crate::rollout::Unproven;

/// Why a check of green did not pass, in a sentence without its end. What it
/// quotes is escaped where the sentence is shown.
pub fn unproven(why: &Unproven) -> String {
    match why {
        Unproven::NoRule => "the test rule does not stand".to_owned(),
        Unproven::Elsewhere { to } => {
            let slot = match to {
                crate::rollout::Slot::A => 'a',
                crate::rollout::Slot::B => 'b',
            };
            format!(
                "the test rule does not lead to slot {slot} alone, so that whoever answers need not be green"
            )
        }
        Unproven::Unreachable { address, why } => format!("{address} cannot be reached from here: {why}"),
        Unproven::Untrusted { host, why } => format!(
            "no TLS connection for {host}: {why}; a certificate of a private authority is trusted through \
             SSL_CERT_FILE, or not asked for with `certificate = \"any\"` in [rollout.test]"
        ),
        Unproven::Unanswered { what, host, why } => format!("{what} on {host} was not answered: {why}"),
        Unproven::TooSlow { what, seconds } => format!("{what} took longer than {seconds} s"),
        Unproven::Answered { what, host, status, wanted } => {
            format!("{what} on {host} was answered {status}, and {wanted} is wanted")
        }
        Unproven::NoWebSocket { what, host } => {
            format!("{what} on {host} was answered 101 without the key that opens a WebSocket")
        }
        Unproven::Lacks { what, host, text } => {
            format!("what {what} on {host} answered does not hold `{text}`")
        }
    }
}

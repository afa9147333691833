use super::Slot;

/// Why a check of green through the test rule did not pass. `what` is the
/// request as people write it: `GET /health`, `WebSocket /socket`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unproven {
    /// The test rule does not stand.
    NoRule,
    /// The test rule leads elsewhere: whoever answers is not green.
    Elsewhere {
        /// Where it should lead.
        to: Slot,
    },
    /// Nothing takes connections there.
    Unreachable {
        /// Host and port.
        address: String,
        /// In the operating system's words.
        why: String,
    },
    /// The TLS handshake failed, or the certificate is not good for the host.
    Untrusted {
        /// The name that was asked for.
        host: String,
        /// In the TLS library's words.
        why: String,
    },
    /// The connection broke.
    Unanswered {
        /// The request.
        what: String,
        /// The Host header.
        host: String,
        /// In the library's words.
        why: String,
    },
    /// There was no answer in time.
    TooSlow {
        /// The request, or the address that does not take connections.
        what: String,
        /// How long was waited, seconds.
        seconds: u64,
    },
    /// Another answer was wanted.
    Answered {
        /// The request.
        what: String,
        /// The Host header.
        host: String,
        /// The status.
        status: u16,
        /// Which are good.
        wanted: String,
    },
    /// It was answered 101, and not as a WebSocket is.
    NoWebSocket {
        /// The request.
        what: String,
        /// The Host header.
        host: String,
    },
    /// The answer does not hold a text that it should.
    Lacks {
        /// The request.
        what: String,
        /// The Host header.
        host: String,
        /// The text.
        text: String,
    },
}

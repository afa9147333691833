use async_trait::async_trait;
use pointsman_core::rollout::Unproven;

/// A request that is sent as people's are, through the load balancer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The load balancer's DNS name.
    pub name: String,
    /// The listener's port.
    pub port: u16,
    /// How its listener speaks.
    pub speaks: Speaks,
    /// The Host header, and the name that a certificate must be good for.
    pub host: String,
    /// The path, with its query.
    pub path: String,
    /// One header more: which side is meant.
    pub header: (String, String),
    /// What is a good answer.
    pub expects: Expects,
}

/// How a listener speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaks {
    /// HTTP without encryption.
    Plain,
    /// TLS, with a certificate that is good for the host.
    Tls,
    /// TLS, whatever its certificate says.
    AnyTls,
}

/// What is a good answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expects {
    /// One of these status codes (`200`, `200-299`, `200,302`), and a text in its
    /// first 256 KiB where one is wanted.
    Answer {
        /// The status codes.
        codes: String,
        /// The text.
        contains: Option<String>,
    },
    /// An opened WebSocket.
    WebSocket,
}

/// Who can reach the load balancer as people do.
#[async_trait]
pub trait Prober: Send + Sync {
    /// Asks, some times over; an error says what was answered, or why nothing was.
    async fn ask(&self, probe: &Probe) -> Result<(), Unproven>;
}

use async_trait::async_trait;

/// A request that is sent as people's are, through the load balancer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The load balancer's DNS name.
    pub name: String,
    /// The listener's port.
    pub port: u16,
    /// Whether the listener speaks TLS.
    pub tls: bool,
    /// The Host header.
    pub host: String,
    /// The path.
    pub path: String,
    /// One header more: which side is meant.
    pub header: (String, String),
    /// The status codes that are good: `200`, `200-299`, `200,302`.
    pub codes: String,
}

/// Who can reach the load balancer as people do.
#[async_trait]
pub trait Prober: Send + Sync {
    /// Asks, some times over; an error says what was answered, or why nothing was.
    async fn ask(&self, probe: &Probe) -> Result<(), String>;
}

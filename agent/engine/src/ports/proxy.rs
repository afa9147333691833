use std::time::Duration;

use async_trait::async_trait;
use pointsman_core::rollout::Obstacle;

use crate::lease::{LeaseLost, LeaseProof};

/// The application proxy that people enter by: an application in Microsoft
/// Entra, which is led elsewhere through Microsoft Graph.
#[async_trait]
pub trait Proxy: Send + Sync {
    /// The internal URL of the application with this Object ID, as it was answered.
    /// Asks again by itself where that may help, within a bound.
    async fn internal_url(&self, application: &str) -> Result<String, Obstacle>;

    /// Sets it, once: it is asked before each try where it leads. Nothing leaves
    /// without a fresh lease; whether it stands is to be read back: an answer may
    /// be lost.
    async fn set_internal_url(&self, proof: &LeaseProof, application: &str, url: &str) -> Result<(), NotLed>;
}

/// Why the application was not led elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotLed {
    /// It cannot be.
    Obstacle(Obstacle),
    /// It may be done, or be done by another try, once it was asked where it leads.
    Again {
        /// What came instead.
        why: Obstacle,
        /// So much silence was asked for.
        after: Option<Duration>,
    },
    /// The lease was not fresh: nothing was sent.
    LeaseLost(LeaseLost),
}

//! Where people enter: an application proxy in front of everything, as one sees
//! it from behind. It leads them to one address, and can be led elsewhere.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Whom an application proxy leads people to.
#[derive(Debug, Clone)]
pub struct Door(Arc<Mutex<SocketAddr>>);

impl Door {
    /// One that leads there.
    #[must_use]
    pub fn to(address: SocketAddr) -> Self {
        Self(Arc::new(Mutex::new(address)))
    }

    /// Leads people elsewhere: requests from now on. A WebSocket stays where it is.
    pub fn lead(&self, address: SocketAddr) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = address;
    }

    /// Where it leads now.
    #[must_use]
    pub fn now(&self) -> SocketAddr {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

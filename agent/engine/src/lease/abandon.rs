use std::time::Duration;

use pointsman_core::lease::{Claim, Timing, Transaction, after_taking};

use crate::ports::Ports;

/// Looks after a taking that was given up while nobody knew whether it had
/// landed: when it lands late, its lock is deleted. It ends when the taking can
/// no longer land, or when no attempt of it can still be on its way. Where the
/// process ends first, the lock stands until someone watched it.
pub(super) fn abandon(ports: &Ports, owner: String, taking: Transaction, timing: Timing) {
    let ports = ports.clone();
    tokio::spawn(async move {
        let pause = (timing.attempt_ms / 10).max(100);
        for _ in 0..20 {
            tokio::time::sleep(Duration::from_millis(pause)).await;
            let Ok(fence) = ports.runs.fence().await else { continue };
            let Ok(lock) = ports.locks.read().await else { continue };
            match after_taking(&owner, &taking, lock.as_ref(), fence.as_ref()) {
                Claim::Held => {
                    if ports.locks.delete(&owner).await.is_ok() {
                        return;
                    }
                }
                Claim::Beaten => return,
                Claim::Open => {}
            }
        }
    });
}

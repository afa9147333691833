use pointsman_core::requirement::{Approved, Shown};

use crate::{Failure, ports::Ports};

/// What is kept of what people approved, and of what they were shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Approvals {
    /// What people said of plans, the oldest first.
    pub approved: Vec<Approved>,
    /// Which plans they were shown, the oldest first.
    pub shown: Vec<Shown>,
}

/// Keeps a person's word for one plan. No lease is needed: whoever applies it
/// reads it before.
pub async fn approve(ports: &Ports, approved: &Approved) -> Result<(), Failure> {
    let token = uuid::Uuid::new_v4().to_string();
    Ok(ports.runs.approve(approved, &token).await?)
}

/// Keeps which plan people were shown.
pub async fn show(ports: &Ports, shown: &Shown) -> Result<(), Failure> {
    let token = uuid::Uuid::new_v4().to_string();
    Ok(ports.runs.show(shown, &token).await?)
}

/// Everything that was kept.
pub async fn approvals(ports: &Ports) -> Result<Approvals, Failure> {
    let (approved, shown) = futures::join!(ports.runs.approved(), ports.runs.shown());
    Ok(Approvals { approved: approved?, shown: shown? })
}

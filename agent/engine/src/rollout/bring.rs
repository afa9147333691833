//! What a phase wants of AWS, as a plan like every other.

use pointsman_core::{
    Address,
    desired::wanted,
    report::{ChangeOutcome, ChangeResult, Event},
    rollout::{Rollout, Slot, begins},
};

use super::{Drive, Driven};
use crate::{
    Failure,
    apply::{Patience, apply},
    look::plan_of,
    ports::CloudErrorKind,
};

/// What came of bringing about what a phase wants.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Brought {
    /// It stands already, as far as it can be written.
    Nothing,
    /// It was written.
    Something,
    /// Some of it was refused.
    Refused,
}

impl Drive<'_> {
    /// Plans what the layouts of now want, and applies it. Only what is of the
    /// service counts: whatever else of the environment cannot be done is told, and
    /// holds up nobody. `alone`: nothing else is tried.
    pub(super) async fn bring_about(
        &self,
        service: &str,
        alone: bool,
        driven: &mut Driven,
    ) -> Result<Brought, Failure> {
        let state = self.keeper.state().await;
        let wanted = wanted(&self.run.environment, self.surroundings, Some(&state));
        let mut known = self.known.lock().await;
        let observed = known.anew(self.run, service, &wanted, &state).await?;
        let mut plan = plan_of(self.run, wanted, Some(&state), &observed)?;
        // What the file asks of a live side beyond that is the next release, and never done in place.
        for next in begins(&self.run.environment, Some(&state), &plan, &observed) {
            plan.changes.retain(|change| !is_of(&change.address, &next.service));
        }
        plan.changes.retain(|change| !known.left.contains(&change.address));
        if alone {
            plan.changes.retain(|change| is_of(&change.address, service));
        }
        if plan.is_empty() {
            return Ok(Brought::Nothing);
        }
        let patience = Patience::Machine;
        let changes =
            apply(self.run, self.proof, self.keeper, self.journal, &plan, observed, patience).await?;
        known.changed.extend(changes.iter().map(|change| change.address.clone()));
        let done = |change: &ChangeOutcome| change.result == ChangeResult::Done;
        let refused = changes.iter().any(|change| is_of(&change.address, service) && !done(change));
        let something = changes.iter().any(done);
        // What is tried again counts by how that came out.
        let again = |before: &ChangeOutcome| changes.iter().any(|change| change.address == before.address);
        driven.changes.retain(|before| before.result == ChangeResult::Done || !again(before));
        driven.changes.extend(changes);
        Ok(match (refused, something) {
            (true, _) => Brought::Refused,
            (false, true) => Brought::Something,
            (false, false) => Brought::Nothing,
        })
    }

    /// Whether everything stands that is not the environment's own. What AWS
    /// refuses of it is told, and tried again.
    pub(super) async fn brings_about_beside(
        &self,
        service: &str,
        rollout: &Rollout,
    ) -> Result<bool, Failure> {
        let done = match self.bring_about_beside(service, rollout).await {
            Ok(()) => self.follow_old(service, rollout).await,
            refused => refused,
        };
        match done {
            Ok(()) => Ok(true),
            Err(Failure::Cloud(error)) if error.kind != CloudErrorKind::LeaseLost => {
                self.run.listener.tell(&Event::Progress {
                    address: Address::block("service", service),
                    says: error.to_string(),
                });
                Ok(false)
            }
            Err(other) => Err(other),
        }
    }
}

/// Whether an object belongs to a side of a service.
pub(crate) fn is_of(address: &Address, service: &str) -> bool {
    [Slot::A, Slot::B]
        .iter()
        .any(|slot| address.is_within(&Address::block("service", &slot.block_name(service))))
}

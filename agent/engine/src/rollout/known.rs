use std::collections::{BTreeMap, BTreeSet};

use pointsman_core::{Address, desired::Wanted, plan::Plan, resource::Observed, state::State};

use super::is_of;
use crate::{
    Failure, Run,
    look::{Seen, observe_some},
};

/// What is known of what lives between the phases of a rollout. A phase changes
/// the service's own objects: only these are asked for again before it, for
/// whatever else is asked takes time while people wait for the rule to change.
pub(crate) struct Known {
    observed: BTreeMap<Address, Observed>,
    /// What was looked for, there or not.
    sought: BTreeSet<Address>,
    /// What was changed since it was looked at.
    pub(super) changed: BTreeSet<Address>,
    /// What is the next deploy's.
    pub(super) left: BTreeSet<Address>,
}

impl Known {
    /// From the look that this plan was made of.
    pub(crate) fn of(seen: &Seen, plan: &Plan) -> Self {
        let wanted = seen.wanted.objects.iter().map(|desired| desired.address.clone());
        Self {
            observed: seen.observed.clone(),
            sought: seen.observed.keys().cloned().chain(wanted).collect(),
            left: seen.left.clone(),
            changed: plan.changes.iter().map(|change| change.address.clone()).collect(),
        }
    }

    /// What lives, with everything of the service looked at again.
    pub(super) async fn anew(
        &mut self,
        run: &Run,
        service: &str,
        wanted: &Wanted,
        state: &State,
    ) -> Result<BTreeMap<Address, Observed>, Failure> {
        let Self { observed, sought, changed, left: _ } = self;
        let is_stale = |address: &Address| {
            is_of(address, service) || changed.contains(address) || !sought.contains(address)
        };
        let found = observe_some(run, wanted, Some(state), is_stale).await?;
        observed.retain(|address, _| !is_stale(address));
        observed.extend(found);
        sought.extend(wanted.objects.iter().map(|desired| desired.address.clone()));
        sought.extend(state.objects.keys().cloned());
        changed.clear();
        Ok(observed.clone())
    }
}

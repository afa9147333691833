use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    render::rollout::share,
    rollout::{Facts, Phase, Rollout, Settings, Slot},
};

/// Where a rollout is, side beside side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sides {
    /// Its phase.
    pub phase: Phase,
    /// How it goes.
    pub settings: Settings,
    /// The side that was live when it began.
    pub blue: Side,
    /// The side that is released to.
    pub green: Side,
    /// Who let traffic move, in the order in which they did.
    pub approved_by: Vec<String>,
}

/// One side of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Side {
    /// The name under which it stands: `web`, `web--b`.
    pub block: String,
    /// Its share of the traffic in percent; none where the rule does not name it.
    pub share: Option<u64>,
    /// How many tasks it should have.
    pub desired: u32,
    /// How many targets are healthy.
    pub healthy: u32,
}

impl Sides {
    /// Of a service's rollout, as it was looked at.
    pub fn of(service: &str, rollout: &Rollout, facts: &Facts) -> Self {
        let side = |slot: Slot| {
            let seen = facts.sides.get(slot);
            Side {
                block: slot.block_name(service),
                share: share(facts, slot),
                desired: seen.desired,
                healthy: seen.healthy,
            }
        };
        Self {
            phase: rollout.phase,
            settings: rollout.settings.clone(),
            blue: side(rollout.blue()),
            green: side(rollout.to),
            approved_by: rollout.approvals.iter().map(|said| said.who.clone()).collect(),
        }
    }
}

use super::Wanted;
use crate::{
    Address,
    environment::{
        Environment,
        block::{EnvironmentFile, Strategy},
    },
    plan::{Held, HeldReason},
};

/// Blocks that are read and checked, and whose kinds come later: each is said
/// to be held, none is dropped in silence.
pub(super) fn hold(environment: &Environment, wanted: &mut Wanted) {
    let EnvironmentFile {
        schema: _,
        extends: _,
        removed: _,
        owner: _,
        aws: _,
        state: _,
        tags: _,
        network: _,
        external,
        secret,
        cache: _,
        load_balancer: _,
        service: _,
        alarms: _,
        dashboard: _,
        rollout,
        freeze,
        drift: _,
        outputs: _,
    } = &environment.file;
    let mut hold = |address: Address, reason| wanted.held.push(Held::new(address, reason));
    for name in external.keys() {
        hold(Address::block("external", name), HeldReason::Protected);
    }
    for name in secret.keys() {
        hold(Address::block("secret", name), HeldReason::NotYetManaged);
    }
    if rollout.as_ref().is_some_and(|rollout| rollout.strategy != Strategy::Rolling) {
        hold(Address::block("rollout", "strategy"), HeldReason::NotYetManaged);
    }
    if rollout.as_ref().is_some_and(|rollout| rollout.switch.is_some()) {
        hold(Address::block("rollout", "switch"), HeldReason::NotYetManaged);
    }
    if freeze.is_some() {
        hold(Address::block("freeze", "windows"), HeldReason::NotYetManaged);
    }
}

use super::Wanted;
use crate::{
    Address,
    environment::{
        Environment,
        block::{Correct, EnvironmentFile},
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
        needs: _,
        owner: _,
        aws: _,
        state: _,
        tags: _,
        network: _,
        external,
        secret: _,
        cache: _,
        load_balancer: _,
        service: _,
        scheduled_task: _,
        queue: _,
        bucket: _,
        alarms: _,
        dashboard: _,
        rollout: _,
        freeze,
        drift,
        outputs: _,
    } = &environment.file;
    let mut hold = |address: Address, reason| wanted.held.push(Held::new(address, reason));
    for name in external.keys() {
        hold(Address::block("external", name), HeldReason::Protected);
    }
    if drift.correct != Correct::Never {
        hold(Address::block("drift", "correct"), HeldReason::NotYetManaged);
    }
    if freeze.is_some() {
        hold(Address::block("freeze", "windows"), HeldReason::NotYetManaged);
    }
}

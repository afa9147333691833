//! The pure rules, for whatever times and whatever is read.

use pointsman_core::lease::{
    AgentMark, BeatOutcome, Claim, Contend, Fence, Freshness, LockCondition, LockItem, StateMark, Tick,
    Timing, Transaction, Watch, after_heartbeat, after_taking, next_heartbeat,
};
use proptest::prelude::*;

use crate::agent::item;

fn mark(owner: u8, record_version: u64) -> AgentMark {
    AgentMark { owner: owner.to_string(), fence: 1, record_version, lease_ms: 0 }
}

/// Nothing, a lock that is not an agent's, or one of few marks: the same come again.
fn read() -> impl Strategy<Value = Option<LockItem>> {
    prop_oneof![
        1 => Just(None),
        1 => Just(Some(item(None))),
        8 => (0..2_u8, 0..2_u64).prop_map(|(owner, version)| Some(item(Some(mark(owner, version))))),
    ]
}

/// Times that the agent accepts, up to the very edge.
fn timing() -> impl Strategy<Value = Timing> {
    let times = (1..30_u64, 0..30_u64, 1..50_u64, 0..50_u64, 0..50_u64);
    times.prop_map(|(heartbeat_ms, fresh, attempt_ms, watch, quiesce)| {
        let fresh_ms = 2 * heartbeat_ms + fresh;
        let (watch_ms, quiesce_ms) = (2 * fresh_ms + watch, fresh_ms + attempt_ms + quiesce);
        Timing { heartbeat_ms, fresh_ms, attempt_ms, watch_ms, quiesce_ms, ..Timing::default() }
    })
}

fn fence() -> impl Strategy<Value = Fence> {
    (0..3_u64, proptest::option::of(0..3_u64), proptest::option::of(0..3_u64)).prop_map(
        |(fence, open_run, serial)| {
            let state =
                serial.map(|serial| StateMark { lineage: String::new(), serial, digest: String::new() });
            Fence { fence, open_run, state, last_entry: String::new() }
        },
    )
}

proptest! {
    #[test]
    fn only_what_stood_still_for_the_whole_watch_is_stolen(
        reads in proptest::collection::vec((read(), 0..200_u64), 1..40),
        known in 0..5_u64,
        timing in timing(),
    ) {
        prop_assert_eq!(timing.fault(), None);
        let mut watch = Watch::default();
        let mut now = 0;
        let mut standing: Option<(Option<LockItem>, u64)> = None;
        for (read, pause) in reads {
            now += pause;
            if standing.as_ref().is_none_or(|(seen, _)| *seen != read) {
                standing = Some((read.clone(), now));
            }
            let still = now - standing.as_ref().map_or(now, |(_, since)| *since);
            match watch.next(read.as_ref(), known, Tick(now), &timing) {
                Contend::Take { fence } => {
                    prop_assert!(read.is_none());
                    prop_assert!(fence > known);
                }
                Contend::Steal { from, fence } => {
                    prop_assert!(still >= timing.watch_ms);
                    prop_assert!(fence > known && fence > from.fence);
                    prop_assert_eq!(read.and_then(|item| item.mark), Some(from));
                }
                Contend::Watch { remaining_ms } => {
                    prop_assert!(still < timing.watch_ms);
                    prop_assert_eq!(still + remaining_ms, timing.watch_ms);
                }
                Contend::Alive => prop_assert_eq!(still, 0),
                Contend::Foreign => prop_assert!(read.is_some_and(|item| item.mark.is_none())),
            }
        }
    }

    #[test]
    fn who_may_be_stolen_from_is_not_fresh(renewed in 0..1_000_u64, seen in 0..1_000_u64, timing in timing()) {
        // Seen after the renewal's attempt began: what lands cannot be seen before it left.
        let seen = renewed + seen;
        let stolen = Tick(seen + timing.watch_ms);
        let lease = Freshness { renewed_at: Tick(renewed) };
        prop_assert!(!lease.is_fresh(stolen, &timing));
    }

    #[test]
    fn who_waited_meets_no_write_of_the_one_before(
        renewed in 0..1_000_u64, left in 0..60_u64, removed in 0..1_000_u64, timing in timing(),
    ) {
        // Removed after its last renewal arrived, and so after that began.
        let (left, removed) = (renewed + left, renewed + removed);
        let lease = Freshness { renewed_at: Tick(renewed) };
        prop_assume!(lease.is_fresh(Tick(left), &timing));
        prop_assert!(left + timing.attempt_ms < removed + timing.quiesce());
    }

    #[test]
    fn only_the_attempt_itself_renews(standing in 0..5_u64, attempts in 1..5_usize, arrived in 0..5_usize) {
        let first = mark(0, standing);
        let mut tried = standing;
        let sent: Vec<AgentMark> = (0..attempts)
            .map(|_| {
                let next = next_heartbeat(&first, tried);
                tried = next.record_version;
                next
            })
            .collect();
        let stands = sent.get(arrived).unwrap_or(&first);
        let last = sent.last().unwrap();
        let renewed = after_heartbeat(last, Some(&item(Some(stands.clone())))) == BeatOutcome::Renewed;
        prop_assert_eq!(renewed, arrived + 1 == attempts);
    }

    #[test]
    fn a_taking_lands_once_and_above_what_was_read(before in fence(), lock in read()) {
        let when = match lock.as_ref().and_then(|item| item.mark.clone()) {
            Some(mark) => LockCondition::Exactly(mark),
            None => LockCondition::Absent,
        };
        let next = before.fence + 1;
        let ours = item(Some(AgentMark { fence: next, ..mark(9, 1) }));
        let take = Transaction::take(ours.clone(), when, Some(&before), next);
        let is_foreign = lock.as_ref().is_some_and(|item| item.mark.is_none());
        prop_assert_eq!(take.holds(lock.as_ref(), Some(&before)), !is_foreign);
        let after = take.fence.becomes.clone();
        prop_assert_eq!(after.as_ref().map(|fence| fence.fence), Some(next));
        prop_assert_eq!(after.as_ref().map(|fence| fence.open_run), Some(before.open_run));
        prop_assert!(!take.holds(Some(&ours), after.as_ref()));
        prop_assert!(!take.holds(None, after.as_ref()), "nor when the lock is gone again");
        prop_assert_eq!(after_taking("9", &take, Some(&ours), after.as_ref()), Claim::Held);
        prop_assert_eq!(after_taking("9", &take, None, after.as_ref()), Claim::Beaten);
    }
}

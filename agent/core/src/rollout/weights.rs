use super::Slot;

/// What a rule forwards to: each slot's target group with its weight, 0 to 999,
/// sorted by slot. A weight of 0 is not the same as not being named: a group
/// that is named keeps those who hold its cookie. Empty when the rule is gone,
/// or forwards to anything that is no slot of the service.
pub type Weights = Vec<(Slot, u32)>;

/// One slot alone.
pub(crate) fn alone(slot: Slot) -> Weights {
    vec![(slot, 100)]
}

/// `share` percent to one slot and the rest to the other; both are named.
pub(crate) fn shared(to: Slot, share: u32) -> Weights {
    let mut weights = vec![(to.other(), 100_u32.saturating_sub(share)), (to, share)];
    weights.sort();
    weights
}

/// Whether two rules send the same share to the same slots: 1 to 3 is 25 to 75.
pub fn same_weights(left: &[(Slot, u32)], right: &[(Slot, u32)]) -> bool {
    let sorted = |weights: &[(Slot, u32)]| {
        let mut sorted = weights.to_vec();
        sorted.sort();
        sorted
    };
    let total = |weights: &[(Slot, u32)]| weights.iter().map(|(_, weight)| u64::from(*weight)).sum::<u64>();
    let (left, right) = (sorted(left), sorted(right));
    let (left_total, right_total) = (total(&left), total(&right));
    left.len() == right.len()
        && (left_total == 0) == (right_total == 0)
        && left.iter().zip(&right).all(|((one, weight), (other, theirs))| {
            one == other && u64::from(*weight) * right_total == u64::from(*theirs) * left_total
        })
}

#[cfg(test)]
mod tests {
    use super::{alone, same_weights, shared};
    use crate::rollout::Slot::{A, B};

    #[test]
    fn shares_are_compared_not_numbers() {
        assert!(same_weights(&shared(B, 25), &[(B, 1), (A, 3)]));
        assert!(same_weights(&alone(A), &[(A, 1)]));
        assert!(!same_weights(&alone(B), &shared(B, 100)), "a group at 0 keeps its cookies");
        assert!(!same_weights(&shared(B, 5), &shared(A, 5)));
        assert!(!same_weights(&alone(A), &[(A, 0)]), "a rule of weight 0 forwards to nothing");
        assert!(!same_weights(&[], &alone(A)));
        assert_eq!(shared(A, 5), [(A, 5), (B, 95)]);
    }
}

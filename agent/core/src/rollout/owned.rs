use super::{Slot, Track};
use crate::{Address, state::State};

/// What a rollout moves while it is under way: how many tasks a side has, whether
/// they may be taken away, and where the rules lead.
const OWNED: [&str; 3] = ["count", "suspended", "forward"];

/// Whether a rollout that is under way decides a field of an object, whatever
/// the file says is to be ignored of it.
pub fn is_owned(state: Option<&State>, address: &Address, field: &str) -> bool {
    let is_owned = OWNED.iter().any(|owned| field.split('.').next() == Some(owned));
    let open =
        state.into_iter().flat_map(|state| &state.tracks).filter(|(_, Track { open, .. })| open.is_some());
    let mut sides = open.flat_map(|(service, _)| {
        [Slot::A, Slot::B].map(|slot| Address::block("service", &slot.block_name(service)))
    });
    is_owned && sides.any(|side| address.is_within(&side))
}

use std::collections::BTreeMap;

use crate::{Address, resource::Desired};

/// The objects so that each comes after everything it needs; an error names
/// the addresses that need each other. What is needed and not among them is
/// taken to stand.
pub(super) fn in_order(desired: &[Desired]) -> Result<Vec<&Desired>, Vec<Address>> {
    let mut waiting: BTreeMap<&Address, (&Desired, Vec<Address>)> =
        desired.iter().map(|one| (&one.address, (one, one.dependencies()))).collect();
    let mut order = Vec::with_capacity(desired.len());
    while !waiting.is_empty() {
        let ready: Vec<&Address> = waiting
            .iter()
            .filter(|(_, (_, needs))| !needs.iter().any(|need| waiting.contains_key(need)))
            .map(|(address, _)| *address)
            .collect();
        if ready.is_empty() {
            return Err(waiting.into_keys().cloned().collect());
        }
        order.extend(ready.into_iter().filter_map(|address| waiting.remove(address)).map(|(one, _)| one));
    }
    Ok(order)
}

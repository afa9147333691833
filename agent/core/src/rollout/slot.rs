use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What follows a service's name in the name of its second slot. Names in
/// files have no two hyphens in a row, so no service is called like that.
const SECOND: &str = "--b";

/// One of the two places in which a service can stand.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Slot {
    /// Under the service's own name: where every service stands at first.
    #[default]
    A,
    /// Under `NAME--b`.
    B,
}

impl Slot {
    /// The slot that this is not.
    pub fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    /// The name under which the slot of a service stands: `web`, `web--b`.
    pub fn block_name(self, service: &str) -> String {
        match self {
            Self::A => service.to_owned(),
            Self::B => format!("{service}{SECOND}"),
        }
    }

    /// The service and its slot of a name that [`Self::block_name`] made.
    pub fn of_block_name(name: &str) -> (&str, Self) {
        match name.strip_suffix(SECOND) {
            Some(service) if !service.is_empty() => (service, Self::B),
            Some(_) | None => (name, Self::A),
        }
    }
}

/// Something for each slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Pair<T> {
    /// Of slot A.
    pub a: T,
    /// Of slot B.
    pub b: T,
}

impl<T> Pair<T> {
    /// What it is of a slot.
    pub fn get(&self, slot: Slot) -> &T {
        match slot {
            Slot::A => &self.a,
            Slot::B => &self.b,
        }
    }

    /// What it is of a slot, to change it.
    pub fn get_mut(&mut self, slot: Slot) -> &mut T {
        match slot {
            Slot::A => &mut self.a,
            Slot::B => &mut self.b,
        }
    }

    /// One for `slot` and one for the other.
    pub fn of(slot: Slot, its: T, others: T) -> Self {
        match slot {
            Slot::A => Self { a: its, b: others },
            Slot::B => Self { a: others, b: its },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Slot;

    #[test]
    fn names_lead_to_slots_and_back() {
        for (name, service, slot) in [
            ("web", "web", Slot::A),
            ("web--b", "web", Slot::B),
            ("web-b", "web-b", Slot::A),
            ("--b", "--b", Slot::A),
        ] {
            assert_eq!(Slot::of_block_name(name), (service, slot));
            assert_eq!(slot.block_name(service), name);
            assert_eq!(slot.other().other(), slot);
        }
    }
}

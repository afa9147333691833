use std::collections::{BTreeSet, VecDeque};

/// So many deliveries are remembered; GitHub can send one again for three days.
const MOST: usize = 10_000;

/// The deliveries that were acted on.
#[derive(Debug, Default)]
pub(super) struct Processed {
    known: BTreeSet<String>,
    order: VecDeque<String>,
}

impl Processed {
    /// Whether it was acted on.
    pub(super) fn contains(&self, id: &str) -> bool {
        self.known.contains(id)
    }

    /// Remembers it, and forgets the oldest beyond the bound.
    pub(super) fn insert(&mut self, id: String) {
        if self.known.insert(id.clone()) {
            self.order.push_back(id);
        }
        while self.order.len() > MOST {
            if let Some(oldest) = self.order.pop_front() {
                self.known.remove(&oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST, Processed};

    #[test]
    fn the_newest_are_remembered() {
        let mut processed = Processed::default();
        for n in 0..MOST + 10 {
            processed.insert(n.to_string());
            processed.insert(n.to_string());
        }
        assert_eq!((processed.known.len(), processed.order.len()), (MOST, MOST));
        assert!(!processed.contains("9") && processed.contains("10"));
    }
}

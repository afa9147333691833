//! Calls by their numbers, so that a test can stop each of them.

use std::collections::BTreeSet;

use super::{
    call::{Asked, Mark},
    operation::Operation,
};

/// The so many-th of its sort, from 1, since the calls were cleared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Number {
    /// Of those that may change something.
    Mutation(usize),
    /// Of those that only read.
    Read(usize),
}

/// How many there were.
#[derive(Debug, Default)]
pub(crate) struct Count {
    pub(crate) mutations: usize,
    pub(crate) reads: usize,
    /// What was read since something was changed last.
    read: BTreeSet<Mark>,
}

impl Count {
    /// The number of the next call. Heartbeats have none, nor what was read before and nothing was changed
    /// since: who waits asks the same again and again.
    pub(crate) fn next(&mut self, operation: &Operation, asked: &Asked) -> Option<Number> {
        if operation.is_heartbeat() {
            return None;
        }
        if operation.is_mutating() {
            self.mutations += 1;
            self.read.clear();
            return Some(Number::Mutation(self.mutations));
        }
        self.read.insert(Mark::of(operation, asked)).then(|| {
            self.reads += 1;
            Number::Read(self.reads)
        })
    }
}

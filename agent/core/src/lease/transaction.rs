use super::{AgentMark, Fence, LockItem, StateMark};

/// When a lock item may be put.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LockCondition {
    /// There is none.
    Absent,
    /// The one that stands has this owner and this record version.
    Exactly(AgentMark),
}

impl LockCondition {
    /// Whether it holds for the item that stands.
    pub fn holds(&self, standing: Option<&LockItem>) -> bool {
        match self {
            Self::Absent => standing.is_none(),
            Self::Exactly(AgentMark { owner, fence: _, record_version, lease_ms: _ }) => standing
                .and_then(|item| item.mark.as_ref())
                .is_some_and(|mark| mark.owner == *owner && mark.record_version == *record_version),
        }
    }
}

/// What is written to lock and fence, and under which conditions: all of it
/// or nothing. The same data is sent to DynamoDB and checked in the model.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Transaction {
    /// The same on every repetition: what was done once is not done again.
    pub token: String,
    /// On the lock.
    pub lock: LockPart,
    /// On the fence.
    pub fence: FencePart,
}

/// What a transaction asks of the lock item, and does to it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LockPart {
    /// Nothing.
    Untouched,
    /// It must be this owner's.
    Ours {
        /// Whose.
        owner: String,
    },
    /// It is put.
    Put {
        /// What is put.
        item: LockItem,
        /// When.
        when: LockCondition,
    },
}

/// What a transaction asks of the fence, and does to it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FencePart {
    /// It must stand like this (same fence, same open run, same serial of the
    /// state), or not at all.
    pub stands: Option<Fence>,
    /// What takes its place; none when it is only looked at.
    pub becomes: Option<Fence>,
}

impl FencePart {
    fn holds(&self, standing: Option<&Fence>) -> bool {
        self.stands.as_ref().map(Fence::version) == standing.map(Fence::version)
    }
}

impl Transaction {
    /// Takes the lock in the name of its owner, above every fence that is known.
    pub fn take(item: LockItem, when: LockCondition, fence: Option<&Fence>, next: u64) -> Self {
        let becomes = Fence { fence: next, ..fence.cloned().unwrap_or_default() };
        let token = item.mark.as_ref().map(|mark| mark.owner.clone()).unwrap_or_default();
        Self {
            token,
            lock: LockPart::Put { item, when },
            fence: FencePart { stands: fence.cloned(), becomes: Some(becomes) },
        }
    }

    /// Begins a run: from here on somebody must look after it.
    pub fn begin(token: String, owner: &str, fence: &Fence) -> Self {
        Self {
            token,
            lock: LockPart::Ours { owner: owner.to_owned() },
            fence: FencePart {
                stands: Some(fence.clone()),
                becomes: Some(Fence { open_run: Some(fence.fence), ..fence.clone() }),
            },
        }
    }

    /// Announces writes: neither a stale holder nor one whose lock was removed
    /// or replaced can.
    pub fn intend(token: String, owner: &str, fence: &Fence) -> Self {
        Self {
            token,
            lock: LockPart::Ours { owner: owner.to_owned() },
            fence: FencePart { stands: Some(fence.clone()), becomes: None },
        }
    }

    /// Notes what came of writes, and which state knows of it. Needs the fence
    /// only: what was done is told even when the lock was removed meanwhile.
    pub fn note(token: String, fence: &Fence, state: StateMark) -> Self {
        Self {
            token,
            lock: LockPart::Untouched,
            fence: FencePart {
                stands: Some(fence.clone()),
                becomes: Some(Fence { state: Some(state), ..fence.clone() }),
            },
        }
    }

    /// Closes the open run: its own end, or the seal that its successor sets.
    pub fn close(token: String, fence: &Fence, state: Option<StateMark>, last_entry: String) -> Self {
        Self {
            token,
            lock: LockPart::Untouched,
            fence: FencePart {
                stands: Some(fence.clone()),
                becomes: Some(Fence {
                    fence: fence.fence,
                    open_run: None,
                    state: state.or_else(|| fence.state.clone()),
                    last_entry,
                }),
            },
        }
    }

    /// Whether its conditions hold for what stands.
    pub fn holds(&self, lock: Option<&LockItem>, fence: Option<&Fence>) -> bool {
        let lock_holds = match &self.lock {
            LockPart::Untouched => true,
            LockPart::Ours { owner } => {
                lock.and_then(|item| item.mark.as_ref()).is_some_and(|mark| mark.owner == *owner)
            }
            LockPart::Put { item: _, when } => when.holds(lock),
        };
        lock_holds && self.fence.holds(fence)
    }
}

/// What came of trying to take the lock, as a consistent read of the lock says
/// after an answer that does not, or never came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is ours.
    Held,
    /// The same transaction may still land, or be sent again.
    Open,
    /// It can never land any more.
    Beaten,
}

/// Whether the lock is ours. `taking` is the transaction that was sent; `fence`
/// was read before `lock`, both consistently: a fence that moved by our own
/// transaction then always comes with our lock.
pub fn after_taking(
    owner: &str,
    taking: &Transaction,
    lock: Option<&LockItem>,
    fence: Option<&Fence>,
) -> Claim {
    if lock.and_then(|item| item.mark.as_ref()).is_some_and(|mark| mark.owner == owner) {
        Claim::Held
    } else if taking.fence.holds(fence) {
        Claim::Open
    } else {
        // Fences only grow: what its condition asks for does not stand again,
        // unless its holder begins and ends a run without saving a state. What
        // lands after that is a dead holder's lock: it is watched and stolen.
        Claim::Beaten
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(owner: &str, record_version: u64) -> LockItem {
        LockItem {
            lock_id: "b/k".to_owned(),
            info: "{}".to_owned(),
            mark: Some(AgentMark { owner: owner.to_owned(), fence: 1, record_version, lease_ms: 1 }),
        }
    }

    #[test]
    fn a_lock_is_taken_only_above_the_fence_that_was_read() {
        let read = Fence { fence: 4, ..Fence::default() };
        let take = Transaction::take(item("a", 1), LockCondition::Absent, Some(&read), 5);
        assert!(take.holds(None, Some(&read)));
        assert!(!take.holds(Some(&item("b", 1)), Some(&read)), "another has it");
        assert!(!take.holds(None, Some(&Fence { fence: 5, ..read.clone() })), "another had it meanwhile");
        assert!(!take.holds(None, Some(&Fence { open_run: Some(4), ..read })), "its holder began meanwhile");
        assert!(!take.holds(None, None));
    }

    #[test]
    fn nobody_announces_without_fence_and_lock() {
        let fence = Fence { fence: 4, open_run: Some(4), ..Fence::default() };
        let intend = Transaction::intend("t".to_owned(), "a", &fence);
        assert!(intend.holds(Some(&item("a", 9)), Some(&fence)));
        assert!(!intend.holds(None, Some(&fence)), "force-unlocked");
        assert!(!intend.holds(Some(&LockItem { mark: None, ..item("a", 1) }), Some(&fence)), "Terraform's");
        assert!(!intend.holds(Some(&item("a", 9)), Some(&Fence { fence: 5, ..fence })));
    }

    #[test]
    fn what_stands_decides_whether_a_lock_is_ours() {
        let take = Transaction::take(item("a", 1), LockCondition::Absent, None, 1);
        let after = Fence { fence: 1, ..Fence::default() };
        assert_eq!(after_taking("a", &take, Some(&item("a", 1)), Some(&after)), Claim::Held);
        assert_eq!(after_taking("a", &take, None, None), Claim::Open);
        assert_eq!(after_taking("a", &take, Some(&item("b", 1)), Some(&after)), Claim::Beaten);
        assert_eq!(after_taking("a", &take, None, Some(&after)), Claim::Beaten, "taken and released");
    }
}

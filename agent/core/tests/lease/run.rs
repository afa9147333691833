//! A run of one agent that holds the lock: it waits, recovers, announces,
//! writes, saves, notes, and gives the lock back.

use pointsman_core::lease::{Fence, Transaction};

use crate::agent::{Held, Stage, owner_of};
use crate::model::{Mutant, Scope};
use crate::world::{Flying, World};

/// One step of a run; whether the fence was still ours where that was asked.
/// A transaction on the journal that lands late is an agent that acts late: its
/// conditions are looked at where it lands. So they are one step here.
pub fn work(world: &mut World, held: &mut Held, who: usize, life: u8, scope: &Scope) -> bool {
    let token = String::new();
    let owner = owner_of(who, life);
    let refuses = |world: &World, fence: &Fence| {
        fence.state.as_ref().is_some_and(|known| known.refuses(Some(&world.state.mark())).is_some())
    };
    match held.stage.clone() {
        Stage::Quiet { .. } => {
            world.broken.back |= refuses(world, &held.fence) && world.fence.as_deref() == Some(&held.fence);
            let objects = world.journal.open() & world.standing();
            held.stage = Stage::Recovered { read: world.state.clone(), objects };
        }
        Stage::Recovered { read, objects } => {
            held.stage = if world.save(&read, objects, held.fence.fence) {
                Stage::Seal
            } else if world.state.fence > held.fence.fence {
                return false;
            } else {
                Stage::Quiet { until: world.clock() }
            };
        }
        Stage::Seal => {
            let seal = Transaction::close(token, &held.fence, Some(world.state.mark()), owner);
            return move_on(world, held, &seal, Stage::Begin, scope);
        }
        Stage::Begin if world.state.objects == scope.wanted() => held.stage = Stage::Release,
        Stage::Begin => {
            let begin = Transaction::begin(token, &owner, &held.fence);
            return move_on(world, held, &begin, Stage::Announce, scope);
        }
        Stage::Announce => {
            let missing = scope.wanted() & !world.state.objects;
            if missing == 0 {
                held.stage = Stage::End;
                return true;
            }
            let object = u8::from(missing & 1 == 0);
            if world.standing() & (1 << object) != 0 {
                held.stage = Stage::Made { object };
                return true;
            }
            let intend = Transaction::intend(token, &owner, &held.fence);
            if !move_on(world, held, &intend, Stage::Write { object }, scope) {
                return false;
            }
            world.journal.intents |= 1 << object;
            world.journal.settled &= !(1 << object);
        }
        // Nothing stands between the look at the clock and the socket: a
        // process that is stopped just there is the exception that `strict`
        // alone bounds.
        Stage::Write { object } => {
            world.broken.stale |= !held.fresh.is_fresh(world.clock(), &scope.timing);
            let run = held.fence.fence;
            world.flying.push(Flying::Write { object, run, owner, sent: world.clock() });
            held.stage = Stage::Sent { object };
        }
        Stage::Doubt { object } => {
            let stands = world.standing() & (1 << object) != 0 && scope.mutant != Some(Mutant::NoReadBack);
            held.stage = if stands { Stage::Made { object } } else { Stage::Note { object } };
        }
        Stage::Made { object } => held.stage = Stage::Save { read: world.state.clone(), object },
        Stage::Save { read, object } => {
            if !world.save(&read, 1 << object, held.fence.fence) {
                return false;
            }
            held.stage = Stage::Note { object };
        }
        Stage::Note { object } => {
            let note = Transaction::note(token, &held.fence, world.state.mark());
            if !move_on(world, held, &note, Stage::Announce, scope) {
                return false;
            }
            world.journal.settled |= 1 << object;
        }
        Stage::End => {
            let end = Transaction::close(token, &held.fence, None, owner);
            return move_on(world, held, &end, Stage::Release, scope);
        }
        Stage::Sent { .. } => {}
        Stage::Release => {
            let standing = world.lock.as_ref().and_then(|item| item.mark.as_ref());
            if standing.is_some_and(|mark| mark.owner == owner)
                || scope.mutant == Some(Mutant::ReleaseUnasked)
            {
                world.put_lock(None);
            }
            return false;
        }
    }
    true
}

fn move_on(
    world: &mut World,
    held: &mut Held,
    transaction: &Transaction,
    next: Stage,
    scope: &Scope,
) -> bool {
    if !world.transact(transaction, scope) {
        return false;
    }
    if let Some(becomes) = &transaction.fence.becomes {
        held.fence = becomes.clone();
    }
    held.stage = next;
    true
}

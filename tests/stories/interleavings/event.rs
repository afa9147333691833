//! What can happen to a pull request, and how often it does.

use fastrand::Rng;

/// Who does something; everybody but the author is new with every pull request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// May write.
    Ann,
    /// May write.
    Ben,
    /// May read.
    Mallory,
    /// Opened the pull request.
    Author,
}

/// Which plan somebody approves by command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// The one that was shown last.
    Shown,
    /// One that was shown before it.
    Earlier,
    /// One of another pull request.
    Foreign,
}

/// Something that people do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Approve(Who),
    Object(Who),
    Dismiss(Who),
    Command(Who, Named),
    /// A commit with another plan.
    Push,
    /// A commit with the same plan.
    PushRemark,
    /// By hand, in the account.
    Touch,
    Revoke(Who),
    GiveBack(Who),
    Close,
    Reopen,
    /// `/pointsman apply`.
    Apply,
    /// A command that approves what waited on the pull request before.
    CommandBefore,
    Merge,
}

/// Somebody, those who may most often.
fn somebody(chance: &mut Rng) -> Who {
    match chance.u32(..10) {
        0..4 => Who::Ann,
        4..8 => Who::Ben,
        8 => Who::Mallory,
        _ => Who::Author,
    }
}

fn reviewer(chance: &mut Rng) -> Who {
    if chance.bool() { Who::Ann } else { Who::Ben }
}

fn named(chance: &mut Rng) -> Named {
    match chance.u32(..10) {
        0..7 => Named::Shown,
        7 => Named::Foreign,
        _ => Named::Earlier,
    }
}

/// What happens to an open pull request until somebody looks again: mostly one thing, sometimes
/// several so close to one another that nobody sees what is between them.
pub(super) fn before_merge(chance: &mut Rng, merges: bool) -> Vec<Event> {
    let many = [1, 1, 1, 2, 3][chance.usize(..5)];
    let mut events = Vec::new();
    while events.len() < many {
        let event = match chance.u32(..100) {
            0..36 => Event::Approve(somebody(chance)),
            36..42 => Event::Object(somebody(chance)),
            42..48 => Event::Dismiss(reviewer(chance)),
            48..66 => Event::Command(somebody(chance), named(chance)),
            66..76 => Event::Push,
            76..82 => Event::PushRemark,
            82..86 => Event::Revoke(reviewer(chance)),
            86..89 => Event::GiveBack(reviewer(chance)),
            89..92 => Event::Apply,
            92..94 => Event::Close,
            _ => Event::Touch,
        };
        // What these come to is seen only when nothing else happens.
        if matches!(event, Event::Close | Event::Touch) {
            events = vec![event];
            break;
        }
        if event != Event::Object(Who::Author) {
            events.push(event);
        }
    }
    if merges && events != [Event::Close] {
        events.push(Event::Merge);
    }
    events
}

/// What happens to a pull request that was closed.
pub(super) fn while_closed(chance: &mut Rng) -> Vec<Event> {
    match chance.u32(..4) {
        0 => vec![Event::Approve(reviewer(chance))],
        1 => Vec::new(),
        _ => vec![Event::Reopen],
    }
}

/// What happens to one that is merged: one thing at a time.
pub(super) fn after_merge(chance: &mut Rng) -> Vec<Event> {
    let event = match chance.u32(..100) {
        0..30 => Event::Command(somebody(chance), named(chance)),
        30..48 => Event::Approve(somebody(chance)),
        48..54 => Event::Object(reviewer(chance)),
        54..64 => Event::Dismiss(reviewer(chance)),
        64..70 => Event::Touch,
        70..75 => Event::Revoke(reviewer(chance)),
        75..80 => Event::GiveBack(reviewer(chance)),
        80..88 => Event::Apply,
        88..94 => Event::CommandBefore,
        _ => return Vec::new(),
    };
    vec![event]
}

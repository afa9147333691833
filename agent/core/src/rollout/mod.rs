//! Rollouts from one slot of a service to the other, behind one rule with
//! weights: what is recorded, what is looked at, and what follows. Pure
//! functions of record, facts and `now`; what looks, asks and applies calls
//! them from outside.
//!
//! All times are milliseconds of Unix time: they are recorded, and read by
//! other replicas. A clock that jumps makes a rollout wait longer or shorter;
//! it never moves traffic to a side that is not proven.

mod alarm;
mod alike;
mod analysis;
mod answer;
mod begins;
mod check;
mod cut_over;
mod ecs_release;
mod facts;
mod found;
mod layout;
mod lead;
mod migration;
mod old;
mod outside;
mod owned;
mod phase;
mod record;
mod settings;
mod slot;
mod snapshot;
mod step;
mod track;
mod way_back;
mod weights;

pub use alarm::on_green;
pub use analysis::{Sample, Verdict, compare};
pub use answer::{Ending, Patience, Reason, Step, Why};
pub use begins::{Begins, begins, goes_back};
pub use check::Unproven;
pub use cut_over::{CutOver, cuts_over, due, goes_to_old};
pub use ecs_release::{EcsRelease, of as released_service, released_by_ecs};
pub use facts::{Facts, Polls, Side, is_short};
pub use found::{Unclear, found, unknown};
pub use layout::{Layout, Tasks, layout};
pub use lead::{Entry, Led, Move, Obstacle, entry, moves};
pub use migration::{Migrated, Migration, MigrationTask};
pub use old::{Exceptions, Old, Way};
pub use outside::{Behind, Leads, LetsIn, OldCount, Outside, outside};
pub use owned::is_owned;
pub use phase::Phase;
pub use record::{Opening, Refusal};
pub use settings::{Overlap, Settings};
pub use slot::{Pair, Slot};
pub use snapshot::{Bounds, Snapshot};
pub use step::{is_quiet, step};
pub use track::{Ended, Idle, Purpose, Rollout, Said, Track, Turned, Unsure, Word};
pub use weights::{Weights, same_weights};

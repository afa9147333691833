//! The rollout machine: every phase with every fact that matters, as a table;
//! what holds for all of them; and a model that walks every order of looking,
//! recording and applying with crashes, lost health, alarms and people between.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "tests")]

#[path = "rollout/found.rs"]
mod found;
#[path = "rollout/given.rs"]
mod given;
#[path = "rollout/laws.rs"]
mod laws;
#[path = "rollout/lead.rs"]
mod lead;
#[path = "rollout/model.rs"]
mod model;
#[path = "rollout/mutants.rs"]
mod mutants;
#[path = "rollout/promises.rs"]
mod promises;
#[path = "rollout/record.rs"]
mod record;
#[path = "rollout/table.rs"]
mod table;
#[path = "rollout/words.rs"]
mod words;
#[path = "rollout/world.rs"]
mod world;
#[path = "rollout/writes.rs"]
mod writes;

//! What policies may cost.

use std::{num::NonZeroU32, time::Duration};

use regorus::utils::limits::ExecutionTimerConfig;

/// Files in a set, tests and data included.
pub(super) const FILES: usize = 500;

/// Bytes of one file.
pub(super) const FILE_BYTES: usize = 512 * 1024;

/// Bytes of all files together.
pub(super) const TOTAL_BYTES: usize = 8 * 1024 * 1024;

/// Definitions of rules in all files together.
pub(super) const RULES: usize = 1_000;

/// Tables and lists within each other in a TOML file.
pub(super) const TOML_NESTING: usize = 32;

/// Steps that parsing all files together may take: the parser reads the first
/// element of every literal twice, first as a comprehension, so that the work
/// doubles with each literal that begins with another. A step is about 1 µs
/// without optimisation.
pub(super) const PARSER_STEPS: u64 = 4_000_000;

/// Operators in one Rego file. All of them may be one expression, as deep as it
/// is long, and the interpreter calls itself for each level.
pub(super) const OPERATORS: usize = 2_000;

/// The stack that loading and evaluating have. Rules that depend on each other
/// in a chain need about 20 KiB each without optimisation.
const STACK_BYTES: usize = 128 * 1024 * 1024;

/// Messages of one rule; more are counted, not kept.
pub(super) const MESSAGES: usize = 200;

/// Characters of one message.
pub(super) const MESSAGE_CHARACTERS: usize = 2_000;

/// How long one rule may take.
const RULE_TIME: Duration = Duration::from_millis(1_000);

/// How often the clock is looked at, in steps of the interpreter.
const CHECK_EVERY: NonZeroU32 = NonZeroU32::MIN.saturating_add(31);

/// Runs work of the interpreter on a stack that is large enough for every chain
/// of rules that a set may have; nothing when it panicked, or when the
/// machine has no such stack to give.
pub fn on_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("policies".to_owned()).stack_size(STACK_BYTES);
        thread.spawn_scoped(scope, work).ok()?.join().ok()
    })
}

/// The interpreter's limit for one rule.
pub(super) fn timer() -> ExecutionTimerConfig {
    ExecutionTimerConfig { limit: RULE_TIME, check_interval: CHECK_EVERY }
}

use std::time::Duration;

/// Why the process that evaluates policies gave no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GaveUp {
    /// It could not be started.
    NotStarted(String),
    /// It used up its processor time.
    ProcessorTime(Duration),
    /// It did not answer for so long, and was ended.
    Silent(Duration),
    /// It needed more memory than it may, in bytes.
    Memory(u64),
    /// Its stack was not deep enough.
    Stack,
    /// It was ended by a signal, by whomever.
    Signal(i32),
    /// It ended by itself; its last words.
    Ended(String),
    /// It answered something that is no answer.
    Unintelligible,
    /// Its answer is longer than so many bytes.
    TooLong(usize),
}

/// What the process was doing, for the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Reading the files.
    Loading,
    /// Judging an input.
    Judging,
    /// Running the tests.
    Testing,
}

use std::time::Duration;

/// What the process that evaluates policies may use. It takes memory and
/// processor time from itself at its start; whoever started it watches the
/// clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of memory beyond what it has when it starts.
    pub memory: u64,
    /// Processor time to read all files.
    pub load: Duration,
    /// Processor time to judge one document.
    pub judge: Duration,
    /// Processor time for all tests together.
    pub test: Duration,
    /// Bytes of one answer.
    pub answer: usize,
    /// How many times as long as the processor time the clock may show: the
    /// machine does other things too.
    pub patience: u32,
}

/// As shipped.
pub const BOUNDS: Bounds = Bounds {
    memory: 256 * 1024 * 1024,
    load: Duration::from_secs(8),
    judge: Duration::from_secs(3),
    test: Duration::from_secs(60),
    answer: 16 * 1024 * 1024,
    patience: 5,
};

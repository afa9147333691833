use std::io::{Result, Write};

/// Where the log is written: standard error, while nothing moves there.
#[derive(Clone, Copy, Debug)]
pub struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        super::above(|| std::io::stderr().write(bytes))
    }

    fn flush(&mut self) -> Result<()> {
        std::io::stderr().flush()
    }
}

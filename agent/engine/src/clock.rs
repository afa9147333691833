//! The clock that leases are counted on.

use pointsman_core::lease::Tick;

/// Now, on a clock that no one can set and that goes on while the machine is
/// suspended: a holder that slept must know that it slept.
pub fn now() -> Tick {
    #[cfg(target_os = "linux")]
    let clock = rustix::time::ClockId::Boottime;
    #[cfg(not(target_os = "linux"))]
    let clock = rustix::time::ClockId::Monotonic;
    let time = rustix::time::clock_gettime(clock);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    let nanoseconds = u64::try_from(time.tv_nsec).unwrap_or_default();
    Tick(seconds * 1_000 + nanoseconds / 1_000_000)
}

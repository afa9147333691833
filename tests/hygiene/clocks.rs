//! T7, by reading: a wall clock that jumps cannot decide about a lease, because nothing that
//! decides reads one. No clock is moved here; that would need a library put under the program.

use crate::{none, repository::sources};

/// Whatever tells the time of day, and std's clock that stops while the machine is suspended.
const CLOCKS: &[&str] = &[
    "Instant",
    "SystemTime",
    "Timestamp",
    "UNIX_EPOCH",
    "Utc",
    "Zoned",
    "jiff",
    "chrono",
    "ClockId::Realtime",
    "elapsed()",
];

/// Where leases are decided, and the clock that they are counted on.
const PLACES: &[&str] = &[
    "agent/core/src/lease/",
    "agent/engine/src/lease/",
    "agent/engine/src/clock.rs",
    "agent/aws/src/backend/lock_table.rs",
];

/// The one line that may: Terraform's `Created`, a text that people read and nothing compares.
const CREATED: (&str, &str) =
    ("agent/engine/src/lease/acquire.rs", "created: jiff::Timestamp::now().to_string()");

#[test]
fn t07_no_lease_is_decided_by_a_wall_clock() {
    let sources = sources(PLACES);
    assert!(sources.len() >= 10, "found {} files: has a folder moved?", sources.len());
    let mut findings = Vec::new();
    let (mut files, mut created) = (0, 0);
    for source in sources.iter().filter(|source| !source.is_test) {
        files += 1;
        for line in source.lines_with(CLOCKS) {
            if source.path == CREATED.0 && line.contains(CREATED.1) {
                created += 1;
            } else {
                findings.push(line);
            }
        }
    }
    none(&findings, "Leases are counted on `pointsman_engine::clock::now` alone, which nobody can set:");
    assert_eq!(created, 1, "the text `Created` is written once, in {}", CREATED.0);
    println!(
        "T7 (by reading): {files} files decide about leases, 0 read a wall clock; 1 writes it down for people"
    );
}

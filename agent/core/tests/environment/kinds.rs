//! What the blocks beyond the first user's estate refuse.

use super::cases::reports;

/// Blocks that are written before the service.
macro_rules! with {
    ($blocks:literal) => {
        &[("[service.web]\n", concat!($blocks, "\n[service.web]\n"))]
    };
}

#[test]
fn queues_that_cannot_be() {
    insta::assert_snapshot!(reports(&[
        (
            "times",
            with!(
                "[queue.jobs]\nvisibility_timeout = \"13h\"\nretention = \"30s\"\ndelay = \"1h\"\nreceive_wait = \"1m\""
            ),
        ),
        ("deduplication without order", with!("[queue.jobs]\ncontent_deduplication = true")),
        (
            "dead letters of another sort",
            with!(
                "[queue.jobs]\nfifo = true\ndead_letter = { queue = \"${queue.dead}\", after = 5 }\n[queue.dead]"
            ),
        ),
        (
            "dead letters in no queue",
            with!("[queue.jobs]\ndead_letter = { queue = \"${cache.sessions}\", after = 5 }"),
        ),
        (
            "dead letters in themselves",
            with!("[queue.jobs]\ndead_letter = { queue = \"${queue.jobs}\", after = 5 }"),
        ),
        (
            "dead letters in a circle",
            with!(
                "[queue.a]\ndead_letter = { queue = \"${queue.b}\", after = 5 }\n[queue.b]\ndead_letter = { queue = \"${queue.a}\", after = 5 }"
            ),
        ),
        ("no key", with!("[queue.jobs]\nencryption = \"mine\"")),
        (
            "no attribute",
            &[
                ("[service.web]\n", "[queue.jobs]\n[service.web]\n"),
                ("[outputs]\n", "[outputs]\njobs = \"${queue.jobs.uri}\"\n"),
            ],
        ),
    ]));
}

#[test]
fn buckets_that_cannot_be() {
    insta::assert_snapshot!(reports(&[
        ("days", with!("[bucket.files]\nexpire_after = \"36h\"\nnoncurrent_expire_after = \"0s\""),),
        ("no versions", with!("[bucket.files]\nversioned = false\nnoncurrent_expire_after = \"30d\""),),
        ("no key", with!("[bucket.files]\nencryption = \"mine\"")),
    ]));
}

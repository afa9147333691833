//! What the blocks beyond the first user's estate refuse.

use super::cases::reports;

/// Blocks that are written before the service.
macro_rules! with {
    ($blocks:literal) => {
        &[("[service.web]\n", concat!($blocks, "\n[service.web]\n"))]
    };
}

/// A scheduled task with what is said, beside the service.
macro_rules! scheduled {
    ($lines:literal) => {
        &[(
            "[service.web]\n",
            concat!(
                "[scheduled_task.report]\ncluster = \"main\"\nimage = \"registry.example.com/report:1\"\ncpu = 256\nmemory = 512\n\
                 schedule_role = \"arn:aws:iam::111122223333:role/schedule\"\n\
                 execution_role = \"arn:aws:iam::111122223333:role/execution\"\n",
                $lines,
                "\n[service.web]\n"
            ),
        )]
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

#[test]
fn scheduled_tasks_that_cannot_be() {
    insta::assert_snapshot!(reports(&[
        ("never", scheduled!("")),
        ("by two clocks", scheduled!("cron = \"0 6 * * ? *\"\nrate = \"1h\"\n")),
        ("either of two days", scheduled!("cron = \"0 6 1 * MON\"\n")),
        ("every few seconds", scheduled!("rate = \"90s\"\n")),
        ("no time zone", scheduled!("rate = \"1h\"\ntimezone = \"London, UK\"\n")),
        (
            "everything that a service cannot be",
            scheduled!(
                "rate = \"1h\"\nsubnets = \"public\"\nlog_retention = \"31d\"\nstop_timeout = \"5m\"\n[scheduled_task.report.environment]\n1X = \"${queue.jobs.url}\"\n"
            ),
        ),
    ]));
}

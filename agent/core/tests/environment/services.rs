//! Services that ECS, Fargate or a target group would refuse.

use super::cases::reports;

#[test]
fn what_cannot_run() {
    let report = reports(&[
        ("Fargate: memory", &[("memory         = 2048", "memory         = 10240")]),
        ("Fargate: CPU", &[("cpu            = 1024", "cpu            = 1000")]),
        ("count outside scaling", &[("count          = 2", "count          = 9")]),
        ("least over most", &[("min        = 2", "min        = 5")]),
        ("nothing to scale by", &[("cpu_target = 70\n", "")]),
        (
            "a schedule",
            &[(
                "cpu_target = 70",
                "schedule = [{ name = \"n\", cron = \"0 20 * * ? *\", min = 3, max = 2 }, { name = \"n\", cron = \"0 8 * * ? *\", min = 1, max = 2 }]",
            )],
        ),
        ("health timeout", &[("timeout  = \"5s\"", "timeout  = \"30s\"")]),
        ("health interval", &[("interval = \"30s\"", "interval = \"10m\"")]),
        ("drain", &[("drain    = \"5m\"", "drain    = \"2h\"")]),
        (
            "stickiness",
            &[("drain    = \"5m\"", "stickiness = { kind = \"load_balancer_cookie\", duration = \"8d\" }")],
        ),
        ("stop timeout", &[("count          = 2", "count          = 2\nstop_timeout = \"5m\"")]),
        ("journal", &[("lock_table = \"locks\"", "lock_table = \"locks\"\njournal_retention = \"1d\"")]),
        ("log retention", &[("log_retention  = \"30d\"", "log_retention  = \"31d\"")]),
        ("digest", &[("web:1", "web@sha256:abc")]),
        ("a variable twice", &[("MODE = \"plain\"", "KEY = \"plain\"")]),
        (
            "a mount twice",
            &[(
                "[service.web.health]",
                "[service.web.volumes.more]\nfiles = \"${external.files}\"\nmount = \"/data/\"\n[service.web.health]",
            )],
        ),
        (
            "two rules with one priority",
            &[
                ("drain    = \"5m\"", "priority = 10"),
                (
                    "[dashboard]",
                    "[service.two]\ncluster = \"main\"\nimage = \"x\"\ncpu = 256\nmemory = 512\ncount = 1\nport = 80\nexecution_role = \"arn:aws:iam::111122223333:role/execution\"\nexpose = { listener = \"${load_balancer.main.listener.http}\", priority = 10 }\n[dashboard]",
                ),
            ],
        ),
        (
            "the old service under our own name",
            &[(
                "[external.key]",
                "[external.old]\nkind = \"ecs_service\"\ncluster = \"main\"\nservice = \"web\"\n[external.key]",
            )],
        ),
    ]);
    insta::assert_snapshot!(report);
}

//! Everything else that AWS would refuse, or nobody can have meant.

use super::cases::reports;

#[test]
fn what_cannot_be_meant() {
    let report = reports(&[
        ("HTTPS without certificate", &[("protocol = \"HTTP\"", "protocol = \"HTTPS\"")]),
        (
            "HTTP with certificate",
            &[(
                "protocol = \"HTTP\"",
                "protocol = \"HTTP\"\ncertificate = \"arn:aws:acm:us-east-1:111122223333:certificate/x\"",
            )],
        ),
        (
            "a port twice",
            &[(
                "[service.web]",
                "[load_balancer.main.listener.more]\nport = 80\nprotocol = \"HTTP\"\n[service.web]",
            )],
        ),
        (
            "a host that is a URL",
            &[(
                "hosts    = [\"web.example.com\"]",
                "hosts    = [\"web.example.com\", \"https://web.example.com/\"]",
            )],
        ),
        ("idle timeout", &[("idle_timeout = \"60s\"", "idle_timeout = \"2h\"")]),
        (
            "token without TLS",
            &[("auth           = true", "auth           = true\nencryption = { in_transit = false }")],
        ),
        ("no such version", &[("engine_version = \"7.1\"", "engine_version = \"7.2\"")]),
        ("maintenance window", &[("auth           = true", "maintenance_window = \"sun:05:00-sun:05:30\"")]),
        ("file system by neither", &[("kind = \"efs\"\nname = \"web\"", "kind = \"efs\"")]),
        ("file system by both", &[("kind = \"efs\"", "kind = \"efs\"\nid = \"fs-0123456789abcdef0\"")]),
        (
            "profile and role",
            &[("account =", "profile = \"p\"\nrole_arn = \"arn:aws:iam::111122223333:role/r\"\naccount =")],
        ),
        (
            "not a role",
            &[("arn:aws:iam::111122223333:role/execution", "arn:aws:sns:us-east-1:111122223333:ops2")],
        ),
        (
            "not a topic",
            &[("arn:aws:sns:us-east-1:111122223333:ops", "arn:aws:sqs:us-east-1:111122223333:ops")],
        ),
        (
            "another account",
            &[("arn:aws:iam::111122223333:role/execution", "arn:aws:iam::444455556666:role/execution")],
        ),
        ("another region", &[("arn:aws:sns:us-east-1", "arn:aws:sns:eu-west-1")]),
        (
            "reserved tags",
            &[("Application = \"web\"", "\"aws:name\" = \"x\"\n\"pointsman:address\" = \"y\"")],
        ),
        (
            "names",
            &[
                ("[dashboard]", "[secret.a_b]\ngenerate = 32\n[secret.1]\ngenerate = 32\n[dashboard]"),
                ("MODE = ", "MO-DE = "),
            ],
        ),
        (
            "two thresholds, and none",
            &[("cpu_above = 85", "cpu_above = 85\nmemory_above = 90\n[alarms.silent]\non = \"service.web\"")],
        ),
        (
            "alarm on any metric",
            &[(
                "cpu_above = 85",
                "metric = \"MemoryUtilization\"\n[alarms.both]\non = \"service.web\"\nmetric = \"CPUUtilization\"\nabove = 1\nbelow = 2\n[alarms.nothing]\non = \"service.web\"\ncpu_above = 5\nbelow = 2\n[alarms.hosts]\non = \"load_balancer.main\"\nmetric = \"HealthyHostCount\"\nbelow = 2\ndatapoints = 9",
            )],
        ),
        (
            "alarm that cannot add tasks",
            &[
                ("[service.web.scaling]\nmin        = 2\nmax        = 4\ncpu_target = 70\n", ""),
                (
                    "cpu_above = 85",
                    "cpu_above = 85\nscale_out = 1\n[alarms.slow]\non = \"load_balancer.main\"\nresponse_time_above = \"2s\"\nscale_out = 1",
                ),
            ],
        ),
        ("alarm period", &[("cpu_above = 85", "cpu_above = 85\nperiod = \"90s\"")]),
        ("breaking change", &[("schema_change = \"none\"", "schema_change = \"breaking\"")]),
        ("breaking change by default", &[("schema_change = \"none\"\n", "")]),
        ("steps", &[("[\"50%\", \"100%\"]", "[\"50%\", \"50%\", \"75%\"]")]),
        ("steps of a rolling release", &[("strategy      = \"blue_green\"", "strategy      = \"rolling\"")]),
        ("switch host", &[("host = \"web.example.com\"", "host = \"wep.example.com\"")]),
        (
            "a secret that cannot come back",
            &[("[dashboard]", "[secret.key]\ngenerate = 32\nrecovery = \"36h\"\n[dashboard]")],
        ),
        (
            "a deployment without room",
            &[("[dashboard]", "[service.web.deployment]\nmaximum_percent = 100\n[dashboard]")],
        ),
        (
            "a shell without a role",
            &[("port           = 8080", "port           = 8080\nexecute_command = true")],
        ),
        ("a freeze without end", &[("duration = \"60h\"", "duration = \"900d\"")]),
    ]);
    insta::assert_snapshot!(report);
}

#[test]
fn what_a_cut_over_and_a_migration_take() {
    const HOST: &str = "host = \"web.example.com\"";
    const LEGACY: (&str, &str) = (
        "[external.key]",
        "[external.old]\nkind = \"ecs_service\"\ncluster = \"main\"\nservice = \"old-web\"\n[external.key]",
    );
    let report = reports(&[
        (
            "an old service that is not there",
            &[LEGACY, (HOST, "host = \"web.example.com\", old = \"external.odl\"")],
        ),
        (
            "an old service of another kind",
            &[LEGACY, (HOST, "host = \"web.example.com\", old = \"external.database\"")],
        ),
        (
            "where people enter, of another kind",
            &[LEGACY, (HOST, "host = \"web.example.com\", old = \"external.old\", from = \"external.old\"")],
        ),
        ("through Microsoft Graph, of nothing", &[(HOST, "host = \"web.example.com\", mode = \"graph\"")]),
        (
            "through Microsoft Graph, by a name",
            &[
                LEGACY,
                (
                    HOST,
                    "host = \"web.example.com\", mode = \"graph\", application = \"web-app\", old = \"external.old\"",
                ),
            ],
        ),
        (
            "an application that nobody switches",
            &[(HOST, "host = \"web.example.com\", application = \"03ef14b0-ca33-4840-8f4f-d6e91916010e\"")],
        ),
        (
            "a rolling release",
            &[
                LEGACY,
                (HOST, "host = \"web.example.com\", old = \"external.old\""),
                ("strategy      = \"blue_green\"", "strategy      = \"rolling\""),
                ("shift         = [\"50%\", \"100%\"]\n", ""),
            ],
        ),
        (
            "a migration of nothing",
            &[(
                "schema_change = \"none\"",
                "schema_change = \"none\"\nmigration = { command = [\"migrate\"] }",
            )],
        ),
        (
            "a migration without a command, in no time",
            &[(
                "schema_change = \"none\"",
                "schema_change = \"additive\"\nmigration = { command = [], within = \"0s\" }",
            )],
        ),
    ]);
    insta::assert_snapshot!(report);
}

#[test]
fn what_a_database_and_a_cache_take() {
    let report = reports(&[
        (
            "connections of both fleets",
            &[(
                "secret = \"web/database-url\"",
                "secret = \"web/database-url\"\nmax_connections = 100\nconnections_per_task = 40",
            )],
        ),
        (
            "half a budget",
            &[("secret = \"web/database-url\"", "secret = \"web/database-url\"\nmax_connections = 100")],
        ),
        ("a URL without TLS", &[("MODE = \"plain\"", "MODE = \"redis://${cache.sessions.endpoint}\"")]),
        ("a URL without a token", &[("MODE = \"plain\"", "MODE = \"rediss://${cache.sessions.endpoint}\"")]),
    ]);
    insta::assert_snapshot!(report);
}

#[test]
fn what_a_native_release_takes() {
    const ECS: &str =
        "strategy      = \"native\"\nrole          = \"arn:aws:iam::111122223333:role/traffic\"";
    const STRATEGY: &str = "strategy      = \"blue_green\"";
    const SHIFT: &str = "shift         = [\"50%\", \"100%\"]";
    const EXPOSE: &str = "[service.web.expose]";
    let report = reports(&[
        ("no role", &[(STRATEGY, "strategy      = \"native\"")]),
        (
            "a role that nobody takes",
            &[(
                STRATEGY,
                "strategy      = \"blue_green\"\nrole = \"arn:aws:iam::111122223333:role/traffic\"",
            )],
        ),
        (
            "no role at all",
            &[(STRATEGY, "strategy      = \"native\"\nrole = \"arn:aws:sns:us-east-1:111122223333:ops2\"")],
        ),
        ("steps of its own", &[(STRATEGY, ECS), (SHIFT, "shift = [\"5%\", \"25%\", \"50%\", \"100%\"]")]),
        ("steps too small", &[(STRATEGY, ECS), (SHIFT, "shift = [\"2%\", \"4%\", \"100%\"]")]),
        (
            "seconds",
            &[(STRATEGY, ECS), (SHIFT, "shift = [\"50%\", \"100%\"]\nhold = \"90s\"\nbake = \"25h\"")],
        ),
        (
            "a breaking change",
            &[(STRATEGY, ECS), ("schema_change = \"none\"", "schema_change = \"breaking\"")],
        ),
        ("no word of the schema", &[(STRATEGY, ECS), ("schema_change = \"none\"\n", "")]),
        (
            "a migration",
            &[
                (STRATEGY, ECS),
                (
                    "schema_change = \"none\"",
                    "schema_change = \"additive\"\nmigration = { command = [\"migrate\"] }",
                ),
            ],
        ),
        (
            "what only the agent does",
            &[
                (STRATEGY, ECS),
                (
                    SHIFT,
                    "approve_traffic = true\nprogress_deadline = \"10m\"\ntest = { websocket = \"/socket\" }",
                ),
            ],
        ),
        (
            "sticky sessions",
            &[
                (STRATEGY, ECS),
                (
                    EXPOSE,
                    "[service.web.expose]\nstickiness = { kind = \"load_balancer_cookie\", duration = \"30m\" }",
                ),
            ],
        ),
    ]);
    insta::assert_snapshot!(report);
}

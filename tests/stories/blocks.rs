//! A change in every block of the example's estate, one apply each: the plan says exactly that
//! change, boto3 sees it, and the plan after it is empty. Then back again.

use std::fmt::Write as _;
use std::time::Instant;

use pointsman_tests::story::{PRODUCTION, PRODUCTION_FILE};

use crate::{describing, estate, in_place, settled};

/// A block, and what it says now and then.
type Change = (&'static str, &'static [(&'static str, &'static str)]);

const CHANGES: &[Change] = &[
    ("tags", &[("[external.database]", "[tags]\nCostCentre = \"42\"\n\n[external.database]")]),
    (
        "cache",
        &[
            ("\"cache.t3.micro\"", "\"cache.t3.small\""),
            ("\"sun:05:00-sun:06:00\"", "\"mon:03:00-mon:04:00\""),
            (
                "[load_balancer.webui]",
                "[cache.sessions.parameters]\nmaxmemory-policy = \"allkeys-lru\"\n\n[load_balancer.webui]",
            ),
        ],
    ),
    (
        "load balancer",
        &[
            ("allow_from   = [\"10.0.0.0/8\"]", "allow_from   = [\"10.0.0.0/8\", \"192.168.0.0/16\"]"),
            ("idle_timeout = \"300s\"", "idle_timeout = \"120s\""),
        ],
    ),
    (
        "listener",
        &[
            ("port     = 80\n", "port     = 8081\n"),
            ("[\"ai-glondon.msappproxy.net\"]", "[\"ai-glondon.msappproxy.net\", \"chat.example.com\"]"),
        ],
    ),
    (
        "service",
        &[
            ("memory         = 8192", "memory         = 4096"),
            ("log_retention  = \"30d\"", "log_retention  = \"60d\""),
            ("port           = 8080", "port           = 9090"),
        ],
    ),
    (
        "service: environment, secrets, volumes",
        &[
            ("THREAD_POOL_SIZE         = \"20\"", "THREAD_POOL_SIZE         = \"30\""),
            ("DATABASE_URL        =", "DATABASE            ="),
            ("/app/backend/data", "/app/data"),
        ],
    ),
    ("service: health", &[("interval  = \"30s\"", "interval  = \"20s\"")]),
    (
        "service: expose",
        &[("drain      = \"300s\"", "drain      = \"60s\""), ("duration = \"30m\"", "duration = \"40m\"")],
    ),
    ("service: scaling", &[("max                = 10", "max                = 6")]),
    ("alarm", &[("cpu_above = 75", "cpu_above = 80")]),
    (
        "dashboard",
        &[(
            "name = \"gravity-ai-chat\"\n\n# ---- Releases",
            "name = \"gravity-ai-chat-2\"\n\n# ---- Releases",
        )],
    ),
];

/// The changes of a plan, a line each.
fn changes(plan: &str) -> String {
    let plan: serde_json::Value = serde_json::from_str(plan).unwrap();
    let mut lines = String::new();
    for change in plan["judged"]["plan"]["changes"].as_array().unwrap() {
        let fields: Vec<&str> =
            change["fields"].as_array().unwrap().iter().filter_map(|field| field["field"].as_str()).collect();
        let (action, address) = (change["action"].as_str().unwrap(), change["address"].as_str().unwrap());
        let _ = writeln!(lines, "    {action} {address}: {}", fields.join(", "));
    }
    lines
}

/// The lines that only one of two texts has.
fn difference(before: &str, after: &str) -> String {
    let mut lines = String::new();
    for (text, other, mark) in [(before, after, '-'), (after, before, '+')] {
        for line in text.lines().filter(|line| !other.lines().any(|of| of == *line)) {
            let _ = writeln!(lines, "      {mark} {}", line.trim());
        }
    }
    lines
}

#[test]
fn a_change_in_every_block_is_applied_and_seen() {
    let world = describing(&in_place());
    let clone = world.clone_of("main");
    let untouched = estate::externals(&world);
    clone.run(&["apply", PRODUCTION, "--yes"]).expect_code(0);
    clone.run(&["plan", PRODUCTION, "--detailed-exitcode"]).expect_code(0);
    let first = settled(&estate::inventory(&world));

    let original = in_place();
    let (mut text, mut before, mut story) = (original.clone(), first.clone(), String::new());
    for (block, edits) in CHANGES {
        for (from, to) in *edits {
            assert_eq!(text.matches(from).count(), 1, "the example says `{from}` once");
            text = text.replace(from, to);
        }
        clone.write(PRODUCTION_FILE, &text);
        let began = Instant::now();
        let applied = clone.run(&["apply", PRODUCTION, "--yes", "--json"]).expect_code(0);
        println!("{block}: applied in {:.1} s", began.elapsed().as_secs_f64());
        let _ = write!(story, "{block}\n{}", changes(&applied.out));
        let after = std::thread::scope(|scope| {
            let look = scope.spawn(|| settled(&estate::inventory(&world)));
            clone.run(&["plan", PRODUCTION, "--detailed-exitcode"]).expect_code(0);
            look.join().unwrap()
        });
        story.push_str(&difference(&before, &after));
        before = after;
    }
    insta::assert_snapshot!("blocks", settled(&story));

    clone.write(PRODUCTION_FILE, &original);
    clone.run(&["apply", PRODUCTION, "--yes"]).expect_code(0);
    clone.run(&["plan", PRODUCTION, "--detailed-exitcode"]).expect_code(0);
    assert_eq!(settled(&estate::inventory(&world)), first, "back again is nothing");
    let destroyed = clone.run(&["destroy", PRODUCTION, "--yes"]).expect_code(0);
    assert_eq!(estate::inventory(&world), "");
    assert_eq!(estate::externals(&world), untouched, "what is not ours");
    for external in ["database", "discovery", "files", "legacy", "webui-key"] {
        assert!(destroyed.out.contains(&format!("external.{external}")), "{external}: {}", destroyed.out);
    }
}

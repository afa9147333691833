//! Files with unknown, missing, wrong keys and values.

use super::cases::{Case, reports};

/// Files whose structure is wrong: unknown, missing, of the wrong type or form.
pub(crate) const STRUCTURE: &[Case] = &[
    ("unknown key", &[("memory         = 2048", "memroy         = 2048")]),
    ("unknown key, known further below", &[("count          = 2", "count          = 2\ninterval = \"5s\"")]),
    ("unknown key without a neighbour", &[("[dashboard]", "[dashboard]\nzzz = 1")]),
    ("unknown kind", &[("[cache.sessions]", "[caches.sessions]")]),
    ("text for a number", &[("port           = 8080", "port           = \"8080\"")]),
    ("number for text", &[("account = \"111122223333\"", "account = 111122223333")]),
    ("text for a list", &[("allow_from   = [\"10.0.0.0/8\"]", "allow_from   = \"10.0.0.0/8\"")]),
    ("value for a table", &[("[dashboard]\nname = \"web\"", "dashboard = \"web\"")]),
    ("date for text", &[("path     = \"/health\"", "path     = 2026-01-01")]),
    ("neither of two types", &[("vpc             = { name = \"main\" }", "vpc             = 7")]),
    ("missing key", &[("image          = \"registry.example.com/web:1\"\n", "")]),
    (
        "missing tables",
        &[(
            "[network]\nvpc             = { name = \"main\" }\nprivate_subnets = { tags = { Tier = \"private\" } }\n",
            "",
        )],
    ),
    ("out of range", &[("port           = 8080", "port           = 70000")]),
    ("another version of the format", &[("schema = 1", "schema = 2")]),
    ("unknown word", &[("strategy      = \"blue_green\"", "strategy      = \"bluegreen\"")]),
    ("wrong form", &[("region  = \"us-east-1\"", "region  = \"us-east1\"")]),
    ("duration", &[("drain    = \"5m\"", "drain    = \"5 minutes\"")]),
    ("network with host bits", &[("[\"10.0.0.0/8\"]", "[\"10.1.2.3/8\"]")]),
    ("arn", &[("arn:aws:iam::111122223333:role/execution", "iam::role/execution")]),
    ("cron", &[("0 17 * * FRI", "0 17 * *")]),
    ("percentage", &[("\"50%\"", "\"50\"")]),
    ("reference", &[("${external.files}", "external.files")]),
    ("template", &[("${load_balancer.main.dns_name}/", "${load_balancer.main.dns_name/")]),
    (
        "a reference where none is replaced",
        &[("cluster        = \"main\"", "cluster        = \"${service.web.name}\"")],
    ),
    ("unknown kind of external", &[("kind   = \"aurora\"", "kind   = \"arora\"")]),
    ("external without kind", &[("kind = \"secret\"\n", "")]),
    ("misspelt field among alarms", &[("notify = [", "notfy = [")]),
    (
        "one report of everything",
        &[
            ("memory         = 2048", "memroy         = 2048"),
            ("port           = 8080", "port           = \"8080\""),
            ("drain    = \"5m\"", "drain    = \"5 minutes\""),
            ("[dashboard]", "[dashbord]"),
        ],
    ),
];

#[test]
fn what_does_not_fit() {
    let report = reports(STRUCTURE);
    insta::assert_snapshot!(report);
}

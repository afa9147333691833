//! Files that are not TOML.

use super::cases::reports;

#[test]
fn what_is_no_toml() {
    let report = reports(&[
        ("text without quotes", &[("region  = \"us-east-1\"", "region  = us-east-1")]),
        ("a string that is not closed", &[("bucket     = \"states\"", "bucket     = \"states")]),
        (
            "several at once, and an unknown key beside them",
            &[
                ("region  = \"us-east-1\"", "region  = "),
                ("count          = 2", "count          2"),
                ("memory         = 2048", "memroy         = 2048"),
            ],
        ),
        ("a key twice", &[("count          = 2", "count          = 2\ncount = 3")]),
        ("a table twice", &[("[dashboard]", "[service.web]\n[dashboard]")]),
        ("a header that is not closed", &[("[service.web.health]", "[service.web.health")]),
        ("a number beyond all bounds", &[("count          = 2", "count          = 99999999999999999999")]),
        ("no number", &[("cpu_above = 85", "cpu_above = nan")]),
    ]);
    insta::assert_snapshot!(report);
}

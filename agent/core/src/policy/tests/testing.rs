//! Tests of policies.

use super::{files, load};
use crate::policy::{PolicySet, test};

#[test]
fn tests_pass_fail_and_cannot_be_evaluated() {
    let set = load(&[
        (
            "policies/size.rego",
            "package size\n\ndeny contains \"too large\" if {\n\tinput.cpu > 10\n}\n\ndeny contains \"never tested\" if {\n\tinput.memory > 10\n\tinput.cpu > 5\n}\n",
        ),
        (
            "policies/size_test.rego",
            r#"package size

test_large_is_denied if count(deny) == 1 with input as {"cpu": 11}

test_wrong if {
	print("cpu is", 9)
	count(deny) == 1 with input as {"cpu": 9}
}

test_false := false

test_error if to_number("x") == 1

todo_test_later if false

helper_test if true
"#,
        ),
    ]);
    insta::assert_json_snapshot!(test::run(&set).unwrap());
    assert!(!test::run(&set).unwrap().has_passed());
}

#[test]
fn a_test_of_something_that_does_not_exist_is_an_error_or_fails() {
    let set = PolicySet::load(&files(&[
        ("policies/a.rego", "package a\ndeny contains \"x\" if true\n"),
        ("policies/a_test.rego", "package a\ntest_x if count(denied) == 1\n"),
    ]));
    assert!(set.and_then(|set| test::run(&set)).map_or(true, |report| !report.has_passed()));
}

#[test]
fn tests_do_not_judge() {
    let set = load(&[("policies/a_test.rego", "package a\ndeny contains \"x\" if true\n")]);
    assert!(set.evaluate(&serde_json::json!({})).rules.is_empty());
}

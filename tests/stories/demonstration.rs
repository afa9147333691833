//! `cargo demo -- --exit` tells its story to the end.

use pointsman_tests::{agent::Program, demo};

#[test]
fn the_demonstration_succeeds() {
    let mut told = Vec::new();
    let result = demo::tell(Program::at(env!("CARGO_BIN_EXE_pointsman")), &mut told, false);
    let told = String::from_utf8(told).unwrap();
    assert!(result.is_ok(), "{:#}\n{told}", result.unwrap_err());
    for part in ["Plan:", "Merged as", "Deployed", "alb_dns_name", "Nothing to do"] {
        assert!(told.contains(part), "it does not say `{part}`:\n{told}");
    }
}

//! The command line's contract where no account is needed.

use pointsman_tests::{
    agent::{Program, ended},
    story::{PRODUCTION, PRODUCTION_FILE, World},
};

fn pointsman(arguments: &[&str]) -> pointsman_tests::agent::Ended {
    let mut command = Program::at(env!("CARGO_BIN_EXE_pointsman")).command();
    command.args(arguments).current_dir(pointsman_tests::repository());
    ended(&mut command)
}

#[test]
fn a_wrong_command_line_ends_with_64_never_with_2() {
    for wrong in [&["plan"][..], &["nothing"], &["apply", PRODUCTION, "--nothing"], &[], &["drift"]] {
        let ended = pointsman(wrong);
        assert_eq!(ended.code, 64, "{wrong:?}: {}{}", ended.out, ended.err);
    }
    pointsman(&["--help"]).expect_code(0);
    pointsman(&["--version"]).expect_code(0);
}

#[test]
fn the_examples_check_clean_and_without_credentials() {
    let checked = pointsman(&["check"]).expect_code(0);
    insta::assert_snapshot!("check", checked.out);
    let schema = pointsman(&["schema"]).expect_code(0);
    let schema: serde_json::Value = serde_json::from_str(&schema.out).unwrap();
    assert_eq!(schema["title"], "Pointsman environment");
    let json = pointsman(&["check", "--json"]).expect_code(0);
    let _: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    let sarif = pointsman(&["check", "--sarif"]).expect_code(0);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&sarif.out).unwrap()["version"], "2.1.0");
}

#[test]
fn the_policies_tests_pass_and_reach_every_line() {
    let tested = pointsman(&["policy", "test"]).expect_code(0);
    insta::assert_snapshot!("policy_test", tested.out);
}

#[test]
fn all_errors_of_all_files_come_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let environments = folder.path().join("environments");
    std::fs::create_dir_all(&environments).unwrap();
    std::fs::write(environments.join("broken.toml"), "schema = 1\n[aws\nregion = 1\n").unwrap();
    let file = World::example_environment()
        .replace("extends = \"_base.toml\"\n", "")
        .replace("engine_version", "engine_versoin")
        .replace("${load_balancer.webui.listener.http}", "${load_balancer.webui.listener.https}");
    std::fs::write(environments.join("wrong.toml"), file).unwrap();
    let checked = pointsman(&["check", "--repo", folder.path().to_str().unwrap()]).expect_code(1);
    insta::assert_snapshot!("all_errors", checked.out);
    let one = pointsman(&["plan", "wrong", "--repo", folder.path().to_str().unwrap()]).expect_code(1);
    assert!(one.err.contains("engine_versoin"), "{}", one.err);
    let none = pointsman(&["plan", "missing", "--repo", folder.path().to_str().unwrap()]).expect_code(1);
    assert!(none.err.contains("there is no environment `missing`"), "{}", none.err);
    assert!(PRODUCTION_FILE.contains(PRODUCTION));
}

//! The command line's contract where no account is needed.

use pointsman_tests::{
    agent::{Program, ended},
    document::document,
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
    assert_eq!(document(&json.out, "check")["warnings"], 5);
    let sarif = pointsman(&["check", "--sarif"]).expect_code(0);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&sarif.out).unwrap()["version"], "2.1.0");
}

#[test]
fn the_policies_tests_pass_and_reach_every_line() {
    let tested = pointsman(&["policy", "test"]).expect_code(0);
    insta::assert_snapshot!("policy_test", tested.out);
    let json = pointsman(&["policy", "test", "--json"]).expect_code(0);
    assert_eq!(document(&json.out, "policy_test")["passed"], true);
}

/// Every command line that asks for help.
const HELPED: &[&[&str]] = &[
    &[],
    &["check"],
    &["init"],
    &["cost"],
    &["plan"],
    &["apply"],
    &["destroy"],
    &["drift"],
    &["status"],
    &["history"],
    &["lock"],
    &["lock", "show"],
    &["lock", "release"],
    &["adopt"],
    &["outputs"],
    &["graph"],
    &["watch"],
    &["policy"],
    &["policy", "test"],
    &["policy", "input"],
    &["policy", "explain"],
    &["policy", "schema"],
    &["schema"],
    &["completions"],
    &["man"],
    &["run"],
];

#[test]
fn help_fits_in_80_columns_and_says_how_it_ends() {
    for words in HELPED {
        let helped = pointsman(&[words, &["--help"][..]].concat()).expect_code(0).out;
        for line in helped.lines() {
            assert!(line.chars().count() <= 80, "{words:?}: {line}");
        }
        assert!(helped.contains("Examples:") && helped.contains("\n   64  "), "{words:?}:\n{helped}");
    }
    insta::assert_snapshot!("help", pointsman(&["--help"]).out);
    insta::assert_snapshot!("help_apply", pointsman(&["apply", "--help"]).out);
}

#[test]
fn the_graph_of_the_example() {
    for format in ["dot", "mermaid"] {
        let drawn = pointsman(&["graph", PRODUCTION, "--format", format]).expect_code(0);
        insta::assert_snapshot!(format!("graph_{format}"), drawn.out);
    }
    let json = pointsman(&["graph", PRODUCTION, "--json"]).expect_code(0);
    let json = document(&json.out, "graph");
    let nodes = json["nodes"].as_array().unwrap();
    let externals = nodes.iter().filter(|node| node["role"] == "external").count();
    assert_eq!(externals, 5, "every external is drawn");
}

#[test]
fn a_problem_is_json_where_json_is_asked_for() {
    let missing = pointsman(&["outputs", "missing", "--json"]).expect_code(1);
    assert_eq!(missing.err, "");
    let missing = document(&missing.out, "error");
    assert_eq!((&missing["fault"], &missing["exit"]), (&"input".into(), &1.into()), "{missing}");
    assert!(missing["next"].as_str().unwrap().contains("--repo"), "{missing}");
    let wrong = pointsman(&["plan", "--json"]).expect_code(64);
    let wrong = document(&wrong.out, "error");
    assert_eq!((&wrong["fault"], &wrong["exit"]), (&"command_line".into(), &64.into()), "{wrong}");
}

#[test]
fn colour_is_for_terminals_unless_asked_for() {
    let coloured = |arguments: &[&str]| pointsman(arguments).out.contains('\u{1b}');
    assert!(!coloured(&["check"]));
    assert!(coloured(&["check", "--color", "always"]), "asked for, it beats NO_COLOR");
    assert!(!coloured(&["check", "--color", "never"]));
}

#[test]
fn shells_complete_commands_and_environments() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = pointsman(&["completions", shell]).expect_code(0).out;
        assert!(script.contains("lock-timeout"), "{shell}");
        std::fs::write(folder.path().join(shell), script).unwrap();
    }
    // What bash offers for a name that is begun, asked as bash itself asks.
    let program = env!("CARGO_BIN_EXE_pointsman");
    let asked = format!(
        "pointsman() {{ '{program}' \"$@\"; }}; source {}/bash; \
         COMP_WORDS=(pointsman plan prod); COMP_CWORD=2; \
         _pointsman_with_environments pointsman prod plan; echo \"${{COMPREPLY[@]}}\"",
        folder.path().display()
    );
    let mut bash = std::process::Command::new("bash");
    let offered = ended(bash.args(["-c", &asked]).current_dir(pointsman_tests::repository()));
    assert!(offered.out.contains(PRODUCTION), "{}{}", offered.out, offered.err);
    let script = std::fs::read_to_string(folder.path().join("zsh")).unwrap();
    assert!(script.starts_with("#compdef pointsman\n"), "{script}");
    assert!(script.contains(":_pointsman_environments"), "{script}");
}

#[test]
fn every_command_has_a_manual_page() {
    let folder = tempfile::tempdir().unwrap();
    pointsman(&["man", "--dir", folder.path().to_str().unwrap()]).expect_code(0);
    for words in HELPED {
        let name = [&["pointsman"][..], words].concat().join("-");
        let page = std::fs::read_to_string(folder.path().join(format!("{name}.1"))).unwrap();
        for section in [".SH NAME", ".SH SYNOPSIS", ".SH EXAMPLES", ".SH \"EXIT STATUS\"", ".SH FILES"] {
            assert!(page.contains(section), "{name} has no {section}:\n{page}");
        }
    }
    insta::assert_snapshot!(
        "man_plan",
        std::fs::read_to_string(folder.path().join("pointsman-plan.1")).unwrap()
    );
    assert!(pointsman(&["man"]).expect_code(0).out.contains(".TH pointsman 1"));
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

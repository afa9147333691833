//! How requirements are written, and what is said of what is wrong.

use pointsman_core::{
    environment::{Diagnostic, Source, Sources},
    requirement::{FILE, File, Freeze, Requirements, read, stages_without_environment},
};

use super::asking;

fn file(text: &str) -> (File, Sources) {
    let mut sources = Sources::new();
    sources.insert_file(FILE, text);
    (read(&sources), sources)
}

fn said<'d>(diagnostics: impl IntoIterator<Item = &'d Diagnostic>) -> String {
    let line = |one: &Diagnostic| {
        let place = one.place.as_ref().map(|place| format!("{}:{}:{}", place.file, place.line, place.column));
        format!(
            "{}: {}\n  {}\n",
            place.unwrap_or_default(),
            one.message,
            one.help.clone().unwrap_or_default()
        )
    };
    diagnostics.into_iter().map(line).collect()
}

#[test]
fn everything_that_can_be_said_is_understood() {
    let (file, sources) = file(
        r#"
        [requirements.production]
        approvals = 2
        approvers = ["Alice", "@acme/ops"]
        mergeable = true
        up_to_date = true
        apply = "after_merge"
        freeze = [
            { from = "0 17 * * FRI", for = "63h", reason = "the weekend" },
            { from = 2031-12-20T00:00:00Z, to = 2032-01-02T06:00:00+01:00, reason = "the end of the year" },
        ]
        break_glass = ["alice"]

        [requirements.staging]
        approvers = ["bob"]

        [requirements.test]
        "#,
    );
    assert_eq!(said(file.faults()), "");
    let stages = file.stages.clone().unwrap();
    let production = &stages["production"];
    assert_eq!((production.approvals, production.mergeable, production.up_to_date), (2, true, true));
    let names: Vec<String> = production.approvers.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["alice", "@acme/ops"]);
    assert!(matches!(&production.freeze[0], Freeze::Recurring { lasts, reason, .. }
        if lasts.seconds() == 63 * 3_600 && reason == "the weekend"));
    let once = Freeze::Once {
        from_ms: 1_955_491_200_000,
        to_ms: 1_956_632_400_000,
        reason: "the end of the year".to_owned(),
    };
    assert_eq!(production.freeze[1], once);
    assert_eq!(stages["staging"], asking(1, &["bob"]), "who names approvers asks for one");
    assert_eq!(stages["test"], Requirements::default());
    assert!(stages["test"].is_empty() && !production.is_empty());
    let unknown = stages_without_environment(&file, &sources, ["production/web", "staging/web"]);
    assert_eq!(
        said(&unknown),
        "pointsman.toml:17:10: no environment belongs to the stage `test`\n  a stage is the first segment of environments' \
         names, such as `production`\n"
    );
}

#[test]
fn no_file_requires_nothing() {
    let file = read(&Sources::new());
    assert_eq!((file.stages, file.foreign), (Ok(Default::default()), Vec::new()));
}

#[test]
fn everything_that_is_wrong_is_said_with_its_place() {
    let (file, _) = file(
        r#"[requirements]
approvals = 1

[requirements.Production]

[requirements.one]
approvals = 7
approver = ["alice"]

[requirements.two]
approvals = 0
approvers = ["@alice", "bob"]
apply = "before_merge"
break_glass = ["renovate[bot]"]

[requirements.three]
approvals = 2
approvers = ["alice", "Alice"]
apply = "always"
freeze = [
    { from = "0 17 * * FRI", to = 2031-12-20T00:00:00Z, reason = "both" },
    { from = "whenever", for = "1h", reason = "no schedule" },
    { from = "0 20 * * ? 2031", for = "1h", reason = "one year" },
    { from = "0 17 * * FRI", for = "0s", reason = "never" },
    { from = 2031-12-20, to = 2032-01-02T00:00:00Z, reason = "no time" },
    { from = 2032-01-02T00:00:00Z, to = 2032-01-02T00:00:00Z, reason = "no while" },
    { from = "0 17 * * FRI", for = "1h", reason = " " },
]

[requirements.four]
approvals = -1

[requirements.five]
approvals = "two"

[requirements.six]
freeze = [{ from = "0 17 * * FRI", for = "1h" }]

[requirements.seven]
freeze = [{ form = "0 17 * * FRI", for = "1h", reason = "x" }]

[repo]
url = "https://example.com"
"#,
    );
    assert!(file.stages.is_err());
    insta::assert_snapshot!(said(file.faults()));
}

#[test]
fn what_cannot_be_read_requires_what_nobody_can_know() {
    let (broken, _) = file("[requirements.production\napprovals = 1\n");
    assert!(broken.stages.is_err() && broken.foreign.is_empty());
    let (foreign, _) = file("[repo]\nurl = \"x\"\n[requirements.production]\napprovals = 1\n");
    assert_eq!(foreign.stages, Ok([("production".to_owned(), asking(1, &[]))].into()));
    assert_eq!(foreign.foreign.len(), 1);
    for source in [
        Source::Symlink,
        Source::Submodule,
        Source::TooLarge(2_000_000),
        Source::File(vec![b'#'; 64 * 1024 + 1]),
        Source::File(vec![0xff, 0xfe]),
        Source::File(format!("a = {}", "[".repeat(10_000)).into_bytes()),
    ] {
        let mut sources = Sources::new();
        sources.insert(FILE, source.clone());
        let file = read(&sources);
        assert!(file.stages.is_err(), "{source:?}");
        assert!(file.faults().all(Diagnostic::is_error));
    }
}

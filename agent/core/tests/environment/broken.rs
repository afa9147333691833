//! Mistakes that people make: a file each under `broken`, and beside it what
//! they then read.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::cases::{WEB, shown, sources};

/// The files of a folder of these tests, by their names without ending.
pub(crate) fn files(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/environment").join(folder);
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
    paths.sort();
    let name = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
    paths.iter().map(|path| (name(path), std::fs::read_to_string(path).unwrap())).collect()
}

#[test]
fn each_mistake_is_explained() {
    let files = files("broken");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("broken");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let mut codes = BTreeSet::new();
    for (name, text) in &files {
        let report = shown(&sources(&[(WEB, text)]));
        assert!(report.contains("error["), "nothing is wrong with {name}.toml");
        codes.extend(
            report.split("error[").skip(1).filter_map(|rest| Some(rest.split_once(']')?.0.to_owned())),
        );
        settings.bind(|| insta::assert_snapshot!(name.as_str(), report));
    }
    println!("{} broken files, {} classes of diagnostics", files.len(), codes.len());
    assert!(files.len() >= 60, "{}", files.len());
}

/// What follows from another mistake is not reported besides: but for the file
/// of many, each has one mistake, and one diagnostic or two.
#[test]
fn one_mistake_makes_one_diagnostic() {
    for (name, text) in files("broken") {
        let report = shown(&sources(&[(WEB, &text)]));
        let found = report.matches("error[").count() + report.matches("warning[").count();
        let most = match name.as_str() {
            "many-at-once" => 4,
            _ => 1,
        };
        assert_eq!(found, most, "{name}.toml:\n{report}");
    }
}

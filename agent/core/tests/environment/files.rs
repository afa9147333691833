//! Files that extend each other, that are refused, that quarrel.

use std::fmt::Write;

use pointsman_core::environment::{Reading, Source, read, read_one};
use pointsman_core::render::diagnostic::{Colour, text};

use super::cases::{SOUND, WEB, edited, shown, sources};

#[test]
fn bases() {
    let heir = |extends: &str, rest: &str| format!("extends = \"{extends}\"\n{rest}");
    let mut all = String::new();
    let mut case = |title: &str, files: &[(&str, &str)]| {
        let report = shown(&sources(files));
        assert!(!report.is_empty(), "nothing was found in: {title}");
        writeln!(all, "==== {title}\n{report}").unwrap();
    };
    case("no such base", &[(WEB, &heir("../_bse.toml", SOUND)), ("environments/_base.toml", "")]);
    case(
        "a circle",
        &[
            (WEB, &heir("_a.toml", SOUND)),
            ("environments/test/_a.toml", "extends = \"_b.toml\""),
            ("environments/test/_b.toml", "extends = \"_a.toml\""),
        ],
    );
    case("out of the folder", &[(WEB, &heir("../../secrets.toml", SOUND)), ("secrets.toml", "schema = 1")]);
    case("out of the repository", &[(WEB, &heir("../../../../etc/passwd", SOUND))]);
    case("not text", &[(WEB, &format!("extends = 7\n{SOUND}"))]);
    let chain: Vec<(String, String)> = (0..9)
        .map(|n| (format!("environments/test/_{n}.toml"), format!("extends = \"_{}.toml\"", n + 1)))
        .collect();
    let mut files: Vec<(&str, &str)> =
        chain.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let first = heir("_0.toml", SOUND);
    files.push((WEB, &first));
    case("too long a chain", &files);
    case(
        "a base's errors once, an heir's own beside them",
        &[
            ("environments/test/_base.toml", "schema = 1\n[aws]\nregoin = \"us-east-1\"\n"),
            ("environments/test/one.toml", "extends = \"_base.toml\"\n[service.web]\nimagge = \"x\"\n"),
            ("environments/test/two.toml", "extends = \"_base.toml\"\n"),
        ],
    );
    case(
        "a base that is not TOML",
        &[
            ("environments/test/_base.toml", "schema = \n"),
            ("environments/test/one.toml", "extends = \"_base.toml\"\n[service.web]\nimagge = \"x\"\n"),
            ("environments/test/two.toml", "extends = \"_base.toml\"\n"),
        ],
    );
    case(
        "what only a base began is missing in its heir",
        &[
            (
                "environments/test/_base.toml",
                &SOUND.replace("image          = \"registry.example.com/web:1\"\n", ""),
            ),
            ("environments/test/one.toml", "extends = \"_base.toml\"\n"),
        ],
    );
    insta::assert_snapshot!(all);
}

#[test]
fn files_that_are_refused() {
    let mut sources =
        sources(&[("environments/README.md", "not TOML, not read"), ("environments/te st/x.toml", SOUND)]);
    sources.insert("environments/test/link.toml", Source::Symlink);
    sources.insert("environments/linked", Source::Symlink);
    sources.insert("environments/vendor", Source::Submodule);
    sources.insert("environments/test/large.toml", Source::TooLarge(5_000_000));
    sources.insert("environments/test/larger.toml", Source::File(vec![b'#'; 1024 * 1024 + 1]));
    sources.insert("environments/test/latin.toml", Source::File(b"a = \"gr\xfc\xdf\"".to_vec()));
    sources.insert("elsewhere/link", Source::Symlink);
    let report = shown(&sources);
    insta::assert_snapshot!(report);
}

#[test]
fn environments_that_quarrel() {
    let sources = sources(&[
        ("environments/test/one.toml", SOUND),
        ("environments/test/two.toml", SOUND),
        (
            "environments/test/three.toml",
            &edited(&[
                ("web/terraform.tfstate", "three/terraform.tfstate"),
                ("cluster        = \"main\"", "cluster        = \"other\""),
                ("[dashboard]\nname = \"web\"", "[dashboard]\nname = \"three\""),
            ]),
        ),
    ]);
    let reading = read(&sources);
    let report = text(&reading.diagnostics, &sources, Colour::Never);
    insta::assert_snapshot!(report);
    let names = |reading: &Reading| -> Vec<String> {
        reading.environments.iter().map(|e| e.name.to_string()).collect()
    };
    assert_eq!(names(&reading), ["test/three"]);
    let broken: Vec<&str> = reading.broken.iter().map(|broken| broken.name.as_str()).collect();
    assert_eq!(broken, ["test/one", "test/two"]);
    assert_eq!(read_one(&sources, "test/three").diagnostics, []);
}

#[test]
fn one_environment_is_asked_for() {
    let sources = sources(&[
        ("environments/test/web.toml", SOUND),
        ("environments/test/_base.toml", "zzz = 1"),
        ("environments/test/wrong.toml", "schema = 1"),
    ]);
    assert_eq!(read_one(&sources, "test/web").diagnostics, []);
    assert!(!read_one(&sources, "test/wrong").diagnostics.is_empty());
    insta::assert_snapshot!(text(&read_one(&sources, "test/wep").diagnostics, &sources, Colour::Never), @r"
    error[unknown-environment]: there is no environment `test/wep`: `environments/test/wep.toml` does not exist
      = help: did you mean `test/web`?

    1 error
    ");
}

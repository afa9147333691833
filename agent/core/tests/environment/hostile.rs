//! Files that nobody means well with: no panic, no overflow of the stack, no
//! minutes of work, and nothing that a terminal would obey.

use std::time::{Duration, Instant};

use super::cases::SOUND;
use pointsman_core::document;
use pointsman_core::environment::{Reading, Sources, read};
use pointsman_core::render::diagnostic::{Colour, annotations, sarif, text};
use proptest::prelude::*;

fn one(bytes: impl Into<Vec<u8>>) -> Sources {
    [("environments/test/web.toml".to_owned(), bytes.into())].into_iter().collect()
}

/// Reads, renders every form, and checks what holds for any report.
fn examined(sources: &Sources) -> Reading {
    let reading = read(sources);
    let shown = text(&reading.diagnostics, sources, Colour::Never);
    assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{shown:?}");
    for diagnostic in &reading.diagnostics {
        let place = diagnostic.place.as_ref().expect("every finding in a file has a place");
        let Some(text) = sources.text(&place.file) else {
            continue;
        };
        assert!(place.start <= place.end && place.end <= text.len(), "{place:?}");
        let before = text.get(..place.start).expect("a place begins at a character");
        assert_eq!(before.matches('\n').count() + 1, place.line);
        assert_eq!(before.chars().rev().take_while(|c| *c != '\n').count() + 1, place.column);
        assert!(diagnostic.message.chars().count() <= 401);
    }
    assert_eq!(reading.environments.len() + reading.broken.len(), sources.under_root().count());
    assert_eq!(reading.broken.is_empty(), !reading.has_errors());
    serde_json::to_value(document::check(&reading, None)).unwrap();
    sarif(&reading.diagnostics, sources);
    annotations(&reading.diagnostics, sources);
    reading
}

#[test]
fn bombs_are_refused_before_they_are_parsed() {
    let bombs: Vec<(&str, String, &str)> = vec![
        ("nested lists", format!("a = {}", "[".repeat(100_000)), "too-deep"),
        ("nested and closed", format!("a = {}{}", "[".repeat(100_000), "]".repeat(100_000)), "too-deep"),
        ("nested tables", format!("a = {}", "{a=".repeat(100_000)), "too-deep"),
        ("lists and tables with wrong ends", format!("a = {}", "[{]".repeat(100_000)), "too-deep"),
        ("behind an open quote", format!("a = \"\nb = {}", "[".repeat(100_000)), "too-deep"),
        ("a long dotted key", format!("{}a = 1", "a.".repeat(100_000)), "too-deep"),
        ("a long header", format!("[{}a]", "a.".repeat(100_000)), "too-deep"),
        ("dotted keys in nested tables", format!("a = {}", "{b.b.b.b.b.b.b.b.b.b = ".repeat(50)), "too-deep"),
        ("many values", format!("a = [{}]", "1,".repeat(100_000)), "too-many"),
        ("many keys", (0..20_000).map(|n| format!("a{n} = 1\n")).collect(), "too-many"),
        ("many tables", (0..20_000).map(|n| format!("[service.a{n}]\n")).collect(), "too-many"),
    ];
    for (title, bomb, code) in bombs {
        let began = Instant::now();
        let reading = examined(&one(bomb));
        assert_eq!(reading.diagnostics.iter().map(|found| found.code).collect::<Vec<_>>(), [code], "{title}");
        assert!(began.elapsed() < Duration::from_secs(5), "{title} took {:?}", began.elapsed());
    }
}

#[test]
fn brackets_in_text_and_comments_are_no_brackets() {
    let brackets = "[{".repeat(1_000);
    let text = SOUND.replace("\"plain\"", &format!("\"{brackets}\" # {brackets}"))
        + &format!("more = '{brackets}'\nlines = \"\"\"\n{brackets}\n\"\"\"\n");
    assert_eq!(examined(&one(text)).diagnostics, []);
}

#[test]
fn work_is_bounded() {
    let keys = |count: usize, line: &dyn Fn(usize) -> String| -> String { (0..count).map(line).collect() };
    let references = "${cache.nothing.url_secret}".repeat(30_000);
    let cases = [
        ("unknown keys", keys(4_900, &|n| format!("a{n} = 1\n")) + SOUND),
        (
            "one long line",
            SOUND.replace("[\"web.example.com\"]", &format!("[{}]", "\"ж.example.com\", ".repeat(4_000))),
        ),
        ("a very long text", SOUND.replace("\"us-east-1\"", &format!("\"{}\"", "é".repeat(400_000)))),
        ("a very long key", SOUND.replace("MODE =", &format!("{} =", "K".repeat(900_000)))),
        ("many references", SOUND.replace("\"plain\"", &format!("\"{references}\""))),
        ("unknown alarms", SOUND.replace("[\"high-cpu\"]", &format!("[{}]", "\"hihg-cpu\", ".repeat(4_000)))),
        ("many blocks", SOUND.to_owned() + &keys(2_000, &|n| format!("[secret.s{n}]\ngenerate = 32\n"))),
    ];
    for (title, text) in cases {
        let began = Instant::now();
        let reading = examined(&one(text));
        assert!(reading.has_errors(), "{title}");
        assert!(reading.diagnostics.len() <= 401, "{title}: {}", reading.diagnostics.len());
        assert!(began.elapsed() < Duration::from_secs(10), "{title} took {:?}", began.elapsed());
    }
}

#[test]
fn a_thousand_environments_are_read_in_one_go() {
    let base = SOUND.replace(
        "bucket     = \"states\"\nkey        = \"web/terraform.tfstate\"\n",
        "bucket = \"states\"\n",
    );
    let base = base.replace("[dashboard]\nname = \"web\"\n", "");
    let mut sources = Sources::new();
    sources.insert_file("environments/_base.toml", base);
    for n in 0..1_000 {
        let heir =
            format!("extends = \"../_base.toml\"\nstate.key = \"web-{n}\"\nservice.web.cluster = \"c{n}\"\n");
        sources.insert_file(format!("environments/e/web{n}.toml"), heir);
    }
    let began = Instant::now();
    let reading = read(&sources);
    // A second when optimised; the bound here is for slow machines without.
    println!("1,000 environments in {:?}", began.elapsed());
    assert!(began.elapsed() < Duration::from_secs(60));
    assert_eq!((reading.environments.len(), reading.diagnostics.len()), (1_000, 0));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        examined(&one(bytes));
    }

    #[test]
    fn any_toml_like_text_is_read(text in "([a-c\"'=\\[\\]{}.,# \n0-9$-]|\"\"\"|'''|service|\\$\\{|true|é|\u{1b}){0,300}") {
        examined(&one(text));
    }

    /// The sound file with parts of it cut out, doubled, or put elsewhere.
    #[test]
    fn any_damage_is_reported(edits in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0_usize..40, 0_u8..3), 1..4)) {
        let mut text: Vec<char> = SOUND.chars().collect();
        for (from, to, length, what) in edits {
            let from = from.index(text.len());
            let part: Vec<char> = text[from..(from + length).min(text.len())].to_vec();
            if what != 1 {
                text.drain(from..from + part.len());
            }
            if what != 0 {
                let to = to.index(text.len() + 1);
                text.splice(to..to, part);
            }
        }
        examined(&one(text.into_iter().collect::<String>()));
    }
}

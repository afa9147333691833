//! What machines and terminals get.

use pointsman_core::document;
use pointsman_core::environment::read;
use pointsman_core::render::diagnostic::{Colour, annotations, sarif, text};

use super::cases::{SOUND, WEB, edited, shown, sources};

#[test]
fn the_sound_file_is_sound() {
    assert_eq!(shown(&sources(&[(WEB, SOUND)])), "");
}

#[test]
fn what_machines_read() {
    let sources = sources(&[(
        WEB,
        &edited(&[
            ("count          = 2", "count          = 9"),
            ("arn:aws:sns:us-east-1:111122223333:ops", "arn:aws:sns:us-east-1:444455556666:ops"),
        ]),
    )]);
    let reading = read(&sources);
    insta::assert_json_snapshot!("json", document::check(&reading, None));
    insta::assert_json_snapshot!("sarif", sarif(&reading.diagnostics, &sources));
    insta::assert_json_snapshot!("annotations", annotations(&reading.diagnostics, &sources));
}

#[test]
fn colours_and_control_characters() {
    let sources =
        sources(&[(WEB, &edited(&[("path     = \"/health\"", "pa\u{202e}th = \"\u{7f}/größe\"")]))]);
    let reading = read(&sources);
    insta::assert_snapshot!("escaped", text(&reading.diagnostics, &sources, Colour::Never));
    let coloured = text(&reading.diagnostics, &sources, Colour::Always);
    insta::assert_snapshot!("coloured", coloured.replace('\u{1b}', "␛"));
}

use std::io::Write;

use pointsman_core::{document, render::paint};

use super::{Common, exit::Problem, screen};

/// Prints to standard output; without colour when it is no terminal, or when
/// NO_COLOR says so. A reader that went away is no error.
pub fn out(text: &str) {
    screen::rest();
    screen::above(|| {
        let mut stdout = anstream::stdout();
        let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    });
}

/// Prints a line to standard error, likewise.
pub fn note(line: &str) {
    screen::above(|| {
        let _ = writeln!(anstream::stderr(), "{line}");
    });
}

/// How many milliseconds ago a time (RFC 3339) was, from now.
pub fn age() -> impl Fn(&str) -> Option<u64> {
    let now = jiff::Timestamp::now();
    move |time| {
        let then: jiff::Timestamp = time.parse().ok()?;
        u64::try_from(now.as_millisecond() - then.as_millisecond()).ok()
    }
}

/// Prints data as JSON to standard output.
pub fn json(value: &impl serde::Serialize) -> Result<(), Problem> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Problem::defect(&error))?;
    out(&format!("{text}\n"));
    Ok(())
}

/// Prints data as JSON to standard output, in one line.
pub fn json_line(value: &impl serde::Serialize) -> Result<(), Problem> {
    let text = serde_json::to_string(value).map_err(|error| Problem::defect(&error))?;
    out(&format!("{text}\n"));
    Ok(())
}

/// Prints why a command did not do what it was asked to: to standard error for
/// people; for machines where the result would have been.
pub fn problem(common: &Common, problem: &Problem) {
    screen::rest();
    if common.json {
        let _ = json(&document::error(problem.data()));
    } else {
        note(&format!("{} {}", paint::red("error:"), problem.text.trim_end()));
    }
}

use std::io::Write;

use pointsman_core::render::paint;

use super::exit::Problem;

/// Prints to standard output; without colour when it is no terminal, or when
/// NO_COLOR says so. A reader that went away is no error.
pub fn out(text: &str) {
    let mut stdout = anstream::stdout();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}

/// Prints a line to standard error, likewise.
pub fn note(line: &str) {
    let _ = writeln!(anstream::stderr(), "{line}");
}

/// Prints data as JSON to standard output.
pub fn json(value: &impl serde::Serialize) -> Result<(), Problem> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Problem::error(error.to_string()))?;
    out(&format!("{text}\n"));
    Ok(())
}

/// Prints why a command did not do what it was asked to.
pub fn problem(problem: &Problem) {
    note(&format!("{} {}", paint::red("error:"), problem.text));
}

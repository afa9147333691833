use std::path::PathBuf;

use clap::Command;
use clap_mangen::{
    Man,
    roff::{Roff, bold, roman},
};

use super::{Arguments, Exit, exit::Problem, help, print};

/// Print the manual page, or write every command's into a folder.
#[derive(Debug, clap::Args)]
pub struct ManCommand {
    /// Write pointsman.1, pointsman-plan.1 and so on there
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl ManCommand {
    pub fn run(&self) -> Result<Exit, Problem> {
        let unwritten = |error: std::io::Error| {
            let wanted = self.dir.clone().unwrap_or_default();
            Problem::error(format!(
                "the manual pages cannot be written to {}: {error}. Next: name a folder that can be written with --dir.",
                wanted.display()
            ))
        };
        let mut command = Arguments::command();
        command.build();
        let Some(dir) = &self.dir else {
            print::out(&page(&command).map_err(unwritten)?);
            return Ok(Exit::Done);
        };
        std::fs::create_dir_all(dir).map_err(unwritten)?;
        let mut commands = vec![command];
        while let Some(command) = commands.pop() {
            let name = name(&command);
            std::fs::write(dir.join(format!("{name}.1")), page(&command).map_err(unwritten)?)
                .map_err(unwritten)?;
            let shown = |one: &&Command| !one.is_hide_set() && one.get_name() != "help";
            commands.extend(command.get_subcommands().filter(shown).cloned());
        }
        Ok(Exit::Done)
    }
}

/// `pointsman-policy-test`.
fn name(command: &Command) -> String {
    command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned()
}

fn page(command: &Command) -> std::io::Result<String> {
    let mut text = Vec::new();
    // What is added to help texts stands in sections of its own here.
    let plain = command.clone().after_help("").after_long_help("");
    let man = Man::new(plain).manual("Pointsman").source(concat!("pointsman ", env!("CARGO_PKG_VERSION")));
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut text)?;
    }
    let name = name(command);
    let path: Vec<&str> = name.split('-').skip(1).collect();
    let mut roff = Roff::new();
    if let Some(help) = help::of(&path) {
        roff.control("SH", ["EXAMPLES"]);
        for (line, what) in help.examples {
            roff.control("TP", []).text([bold(*line)]).text([roman(*what)]);
        }
        roff.control("SH", ["EXIT STATUS"]);
        for (code, what) in help.exits() {
            roff.control("TP", []).text([bold(code.to_string())]).text([roman(what)]);
        }
    }
    roff.control("SH", ["FILES"]);
    for (file, what) in help::FILES {
        roff.control("TP", []).text([bold(*file)]).text([roman(*what)]);
    }
    roff.control("SH", ["ENVIRONMENT"]);
    for (variable, what) in help::VARIABLES {
        roff.control("TP", []).text([bold(*variable)]).text([roman(*what)]);
    }
    roff.to_writer(&mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

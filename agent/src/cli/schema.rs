use super::{Exit, exit::Problem, print};

/// Print the JSON Schema of environment files.
#[derive(Debug, clap::Args)]
pub struct Schema {}

impl Schema {
    pub fn run(&self) -> Result<Exit, Problem> {
        print::json(&pointsman_core::environment::json_schema())?;
        Ok(Exit::Done)
    }
}

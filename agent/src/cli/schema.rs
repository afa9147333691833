use pointsman_core::{document, environment};

use super::{Exit, exit::Problem, print};

/// Print the JSON Schema of environment files, or of what commands print with --json.
#[derive(Debug, clap::Args)]
pub struct Schema {
    /// `environment`, `base`, or a document's kind
    #[arg(value_name = "KIND", default_value = "environment", value_parser = kinds())]
    kind: String,
}

fn kinds() -> clap::builder::PossibleValuesParser {
    ["environment", "base"].into_iter().chain(document::KINDS.iter().map(|(kind, _)| *kind)).into()
}

impl Schema {
    pub fn run(&self) -> Result<Exit, Problem> {
        let schema = match self.kind.as_str() {
            "base" => environment::base_json_schema(),
            kind => document::json_schema(kind).unwrap_or_else(environment::json_schema),
        };
        print::json(&schema)?;
        Ok(Exit::Done)
    }
}

use pointsman_core::{document, graph::graph, render};

use super::{Common, Exit, exit::Problem, opened::Opened, print};

/// Draw the objects of an environment and what each needs; asks no account.
#[derive(Debug, clap::Args)]
pub struct Graph {
    /// The environment: its path under environments/, without `.toml`
    #[arg(value_name = "ENV")]
    environment: String,
    /// For which program
    #[arg(long, value_enum, default_value_t = Format::Dot)]
    format: Format,
}

/// Who draws it.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    /// Graphviz: `pointsman graph ENV | dot -Tsvg`
    Dot,
    /// Mermaid, which GitHub draws in Markdown
    Mermaid,
}

impl Graph {
    pub fn run(&self, common: &Common) -> Result<Exit, Problem> {
        let opened = Opened::open(common, &self.environment)?;
        let graph = graph(&opened.environment);
        match self.format {
            _ if common.json => print::json(&document::graph(&graph))?,
            Format::Dot => print::out(&render::graph::dot(&graph)),
            Format::Mermaid => print::out(&render::graph::mermaid(&graph)),
        }
        Ok(Exit::Done)
    }
}

use clap::Args;
use clap_complete::Shell;

use super::{Arguments, Common, Exit, exit::Problem, folder::Folder, print};

/// Print what lets a shell complete commands, options and environments.
#[derive(Debug, Args)]
pub struct Completions {
    /// For which shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub fn run(&self) -> Result<Exit, Problem> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Arguments::command(), "pointsman", &mut script);
        let script = String::from_utf8_lossy(&script);
        let script = match self.shell {
            Shell::Bash => format!("{script}{BASH}"),
            Shell::Fish => format!("{script}{FISH}"),
            Shell::Zsh => with_environments_in_zsh(&script),
            _ => script.into_owned(),
        };
        print::out(&script);
        Ok(Exit::Done)
    }
}

/// Print the environments of the config repo, a name each: for completion.
#[derive(Debug, Args)]
pub struct Environments {}

impl Environments {
    pub fn run(&self, common: &Common) -> Result<Exit, Problem> {
        for name in Folder::find(common)?.names() {
            print::out(&format!("{name}\n"));
        }
        Ok(Exit::Done)
    }
}

/// Where no option is being written, the environments are offered too.
const BASH: &str = r#"
_pointsman_with_environments() {
    _pointsman "$@"
    local current="${COMP_WORDS[COMP_CWORD]}"
    if [[ ${COMP_CWORD} -ge 2 && ${current} != -* && ${COMP_WORDS[COMP_CWORD-1]} != -* ]]; then
        case "${COMP_WORDS[1]}" in
            plan|apply|destroy|drift|status|history|adopt|outputs|graph|cost|init)
                COMPREPLY+=( $(compgen -W "$(pointsman environments 2>/dev/null)" -- "${current}") )
                ;;
            lock)
                if [[ ${COMP_CWORD} -ge 3 ]]; then
                    COMPREPLY+=( $(compgen -W "$(pointsman environments 2>/dev/null)" -- "${current}") )
                fi
                ;;
        esac
    fi
}
complete -F _pointsman_with_environments -o nosort -o bashdefault -o default pointsman
"#;

const FISH: &str = r#"
for command in plan apply destroy drift status history adopt outputs graph cost init
    complete -c pointsman -n "__fish_pointsman_using_subcommand $command" -f -a "(pointsman environments 2>/dev/null)"
end
for command in show release
    complete -c pointsman -n "__fish_pointsman_using_subcommand lock; and __fish_seen_subcommand_from $command" -f -a "(pointsman environments 2>/dev/null)"
end
"#;

const ZSH: &str = r#"
_pointsman_environments() {
    local -a environments
    environments=(${(f)"$(pointsman environments 2>/dev/null)"})
    _describe 'environment' environments
}
"#;

/// The generated script asks for files where an environment is meant.
fn with_environments_in_zsh(script: &str) -> String {
    // `#compdef` stays the first line.
    let (first, rest) = script.split_once('\n').unwrap_or((script, ""));
    let lines: Vec<String> = rest
        .lines()
        .map(|line| {
            let is_environment = line.contains(":environment -- ");
            if is_environment {
                line.replace(":_default", ":_pointsman_environments")
            } else {
                line.to_owned()
            }
        })
        .collect();
    format!("{first}\n{ZSH}\n{}\n", lines.join("\n"))
}

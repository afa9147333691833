use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use pointsman_core::lease::Timing;
use serde::de::DeserializeOwned;
use toml::{
    Spanned,
    de::{DeTable, ValueDeserializer},
};

use super::{
    Agent, Config, ConfigError, DriftSchedule, Github, GithubIdentity, Repo, RepoCredentials, ReportAs,
    SecretSource,
    aws::AwsSection,
    entra::Applications,
    error::{Text, suggestion},
    names::{holds_password, name_in, owner_and_name},
    requirements::requirements,
    sections::{AgentSection, DriftSection, GithubSection, RepoSection},
    server::ServerSection,
};

const SECTIONS: &[&str] =
    &["repo", "github", "server", "aws", "entra", "drift", "agent", "lease", "requirements"];
/// Known, but of a later version.
const LATER: &[&str] = &["notify"];
const LARGEST: u64 = 1024 * 1024;

/// Reads and checks the file. Paths in it are relative to its folder.
///
/// # Errors
///
/// Everything that is wrong with it, at least one per section.
pub fn load(path: &Path) -> Result<Config, Vec<ConfigError>> {
    let nothing = Text { file: path, text: "" };
    let unreadable = |why: String| {
        let help =
            "write a pointsman.toml, or name the file with --config; the least it needs is [repo] with `url`";
        vec![nothing.error(None, format!("the agent's configuration cannot be read: {why}"), help)]
    };
    let length = std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?.len();
    if length > LARGEST {
        return Err(unreadable(format!("it has {length} bytes; the limit is {LARGEST}")));
    }
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
    read(path, &text)
}

/// Whether a file at the root of a config repo configures an agent: there is
/// one, and it does not only say what is required before an apply.
pub fn is_of_agent(path: &Path) -> bool {
    let Ok(text) = std::fs::read_to_string(path) else { return path.exists() };
    // What cannot be read as TOML is said by whoever reads it as that.
    let table = text.parse::<toml::Table>();
    table.map_or(true, |table| table.keys().any(|section| section != "requirements"))
}

/// The same from a text, as if it stood in this file.
///
/// # Errors
///
/// Everything that is wrong with it, at least one per section.
pub fn read(file: &Path, text: &str) -> Result<Config, Vec<ConfigError>> {
    let source = Text { file, text };
    let (table, syntax) = DeTable::parse_recoverable(text);
    if !syntax.is_empty() {
        let help = "write `key = value` under a `[section]` header; https://toml.io shows the forms";
        let of = |error: &toml::de::Error| {
            source.error(error.span(), format!("not valid TOML: {}", error.message()), help)
        };
        return Err(syntax.iter().take(20).map(of).collect());
    }
    let mut reader = Reader { source, folder: file.parent().unwrap_or(Path::new("")), errors: Vec::new() };
    let mut table = table.into_inner();
    reader.unknown_sections(&table);
    let repo: Option<RepoSection> = reader.section(&mut table, "repo");
    let has_github = table.contains_key("github");
    let github: Option<GithubSection> = reader.section(&mut table, "github");
    let server: Option<ServerSection> = reader.section(&mut table, "server");
    let aws: Option<AwsSection> = reader.section(&mut table, "aws");
    let entra: Option<Applications> = reader.section(&mut table, "entra");
    let drift: Option<DriftSection> = reader.section(&mut table, "drift");
    let agent: Option<AgentSection> = reader.section(&mut table, "agent");
    let requirements = requirements(source, &mut table, &mut reader.errors);
    let lease_span = table.get("lease").map(Spanned::span);
    let lease: Option<Timing> = reader.section(&mut table, "lease");

    let lease = lease.unwrap_or_default();
    if let Some(fault) = lease.fault() {
        reader.fail(lease_span, format!("[lease] {fault}"), "leave the section out: the defaults are safe");
    }
    let repo_missing = repo.is_none() && reader.errors.is_empty();
    if repo_missing {
        reader.fail(
            None,
            "there is no [repo]",
            "write [repo] with `url = \"https://…\"`: what the agent watches",
        );
    }
    let repo = repo.and_then(|section| reader.repo(section));
    let github = github.and_then(|section| reader.github(section, repo.as_ref()));
    let server = server
        .map(|section| section.checked(&mut |span, message, help| reader.fail(Some(span), message, help)))
        .unwrap_or_default();
    let aws = aws
        .map(|section| section.checked(&mut |span, message, help| reader.fail(Some(span), message, help)))
        .unwrap_or_default();
    let drift = drift.and_then(|section| reader.drift(section));
    let agent = reader.agent(agent);
    if !reader.errors.is_empty() {
        reader.errors.sort_by_key(|error| (error.line, error.column));
        return Err(reader.errors);
    }
    match repo {
        Some(repo) if github.is_some() == has_github => {
            let entra = entra.unwrap_or_default();
            Ok(Config { repo, github, server, aws, entra, drift, requirements, agent, lease })
        }
        _ => {
            Err(vec![source.error(None, "the configuration is not complete", "correct [repo] and [github]")])
        }
    }
}

struct Reader<'t> {
    source: Text<'t>,
    folder: &'t Path,
    errors: Vec<ConfigError>,
}

impl Reader<'_> {
    fn fail(
        &mut self,
        span: Option<std::ops::Range<usize>>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        // Defaults have no place of their own.
        let span = span.filter(|span| span.end > 0);
        self.errors.push(self.source.error(span, message, help));
    }

    fn unknown_sections(&mut self, table: &DeTable<'_>) {
        for key in table.keys() {
            let name = key.get_ref().as_ref();
            if LATER.contains(&name) {
                self.fail(
                    Some(key.span()),
                    format!("[{name}] comes with a later version"),
                    "leave the section out",
                );
            } else if !SECTIONS.contains(&name) {
                self.fail(
                    Some(key.span()),
                    format!("there is no section [{name}]"),
                    suggestion(name, SECTIONS),
                );
            }
        }
    }

    fn section<T: DeserializeOwned>(&mut self, table: &mut DeTable<'_>, name: &str) -> Option<T> {
        let value = table.remove(name)?;
        let span = value.span();
        match T::deserialize(ValueDeserializer::from(value)) {
            Ok(section) => Some(section),
            Err(error) => {
                let mut error = self.source.toml_error(name, &error);
                if error.line == 0 {
                    error = self.source.error(Some(span), error.message, error.help);
                }
                self.errors.push(error);
                None
            }
        }
    }

    fn path(&self, path: &Path) -> PathBuf {
        self.folder.join(path)
    }

    fn secret(
        &mut self,
        key: &str,
        file: Option<PathBuf>,
        variable: Option<Spanned<String>>,
    ) -> Option<SecretSource> {
        match (file, variable) {
            (Some(_), Some(variable)) => {
                let help = "keep one of them";
                let message = format!("`{key}_file` and `{key}_env` are both given");
                self.fail(Some(variable.span()), message, help);
                None
            }
            (Some(file), None) => Some(SecretSource::File(self.path(&file))),
            (None, Some(variable)) => Some(SecretSource::Variable(variable.into_inner())),
            (None, None) => None,
        }
    }

    fn repo(&mut self, section: RepoSection) -> Option<Repo> {
        let RepoSection { url, branch, environments, policies, poll, token_file, token_env, ssh_key_file } =
            section;
        let before = self.errors.len();
        if url.get_ref().is_empty() {
            self.fail(Some(url.span()), "[repo] `url` is empty", "write what `git clone` would take");
        }
        if holds_password(url.get_ref()) {
            let help = "write the address alone, and the token's place as `token_file` or `token_env`";
            self.fail(Some(url.span()), "[repo] `url` holds a user's password or token", help);
        }
        if !git2::Reference::is_valid_name(&format!("refs/heads/{}", branch.get_ref())) {
            let message = format!("[repo] `{}` cannot be a branch", branch.get_ref());
            self.fail(Some(branch.span()), message, "write the branch's name, such as `main`");
        }
        for folder in [&environments, &policies] {
            if folder.get_ref().split('/').any(|part| matches!(part, "" | "." | "..")) {
                let message = format!("[repo] `{}` is not a folder of the repo", folder.get_ref());
                self.fail(
                    Some(folder.span()),
                    message,
                    "write a path such as `environments`, without slashes around it",
                );
            }
        }
        if poll.get_ref().seconds() == 0 {
            self.fail(
                Some(poll.span()),
                "[repo] `poll` is no time at all",
                "write at least `1s`; `60s` is the default",
            );
        }
        let token = self.secret("token", token_file, token_env);
        let credentials = match (token, ssh_key_file) {
            (Some(_), Some(key)) => {
                self.fail(
                    Some(key.span()),
                    "[repo] has a token and an SSH key",
                    "keep the one that fits the url",
                );
                None
            }
            (Some(token), None) => Some(RepoCredentials::Token(token)),
            (None, Some(key)) => Some(RepoCredentials::SshKey(self.path(key.get_ref()))),
            (None, None) => None,
        };
        (self.errors.len() == before).then(|| Repo {
            url: self.local(url.into_inner()),
            branch: branch.into_inner(),
            environments: environments.into_inner(),
            policies: policies.into_inner(),
            poll: Duration::from_secs(poll.get_ref().seconds()),
            credentials,
        })
    }

    /// A folder is relative to the file; an address is what it is.
    fn local(&self, url: String) -> String {
        let is_address =
            url.contains("://") || url.split_once(':').is_some_and(|(host, _)| !host.contains('/'));
        if is_address { url } else { self.path(Path::new(&url)).display().to_string() }
    }

    fn github(&mut self, section: GithubSection, repo: Option<&Repo>) -> Option<Github> {
        let GithubSection {
            repository,
            api_url,
            token_file,
            token_env,
            app_id,
            installation_id,
            key_file,
            report,
            write_pause_ms,
            writes_per_minute,
            writes_per_hour,
            webhook_secret_file,
            webhook_secret_env,
        } = section;
        let before = self.errors.len();
        let webhook_secret = self.secret("webhook_secret", webhook_secret_file, webhook_secret_env);
        let span = repository.as_ref().map(Spanned::span);
        let full_name =
            repository.map(Spanned::into_inner).or_else(|| repo.and_then(|repo| name_in(&repo.url)));
        let name = full_name.as_deref().and_then(owner_and_name);
        if name.is_none() && (repo.is_some() || span.is_some()) {
            let message = "[github] it is not known which repository is meant";
            self.fail(span, message, "write `repository = \"OWNER/NAME\"`");
        }
        let token = self.secret("token", token_file, token_env);
        let identity = match (token, app_id, installation_id, key_file) {
            (Some(token), None, None, None) => Some(GithubIdentity::Token(token)),
            (None, Some(app_id), Some(installation_id), Some(key)) => {
                Some(GithubIdentity::App { app_id, installation_id, key_file: self.path(&key) })
            }
            _ if self.errors.len() > before => None,
            _ => {
                let help =
                    "write `token_file` or `token_env`; or all of `app_id`, `installation_id` and `key_file`";
                self.fail(
                    None,
                    "[github] it is not known who the agent is there: a token's owner or an App",
                    help,
                );
                None
            }
        };
        let is_app = matches!(identity, Some(GithubIdentity::App { .. }));
        if let Some(wanted) = &report
            && *wanted.get_ref() == ReportAs::CheckRun
            && !is_app
            && identity.is_some()
        {
            let help = "leave `report` out: statuses are used with a token";
            self.fail(Some(wanted.span()), "[github] only Apps may write check runs", help);
        }
        let default = if is_app { ReportAs::CheckRun } else { ReportAs::Status };
        let api = api_url.unwrap_or_else(|| Spanned::new(0..0, "https://api.github.com".to_owned()));
        let valid = api
            .get_ref()
            .parse::<http::Uri>()
            .is_ok_and(|uri| uri.scheme().is_some() && uri.host().is_some());
        if !valid {
            let message = format!("[github] `{}` is not an address", api.get_ref());
            self.fail(Some(api.span()), message, "write `https://HOST/api/v3` for GitHub Enterprise Server");
        }
        let mut most = |given: Option<Spanned<usize>>, key: &str, default: usize| {
            let given = given.unwrap_or_else(|| Spanned::new(0..0, default));
            if *given.get_ref() == 0 {
                let message = format!("[github] `{key}` is 0: nothing could be reported");
                self.fail(Some(given.span()), message, format!("write at least 1; {default} is the default"));
            }
            given.into_inner()
        };
        let writes_per_minute = most(writes_per_minute, "writes_per_minute", 80);
        let writes_per_hour = most(writes_per_hour, "writes_per_hour", 500);
        let (owner, name) = name?;
        let identity = identity.filter(|_| self.errors.len() == before)?;
        Some(Github {
            owner,
            name,
            api_url: api.into_inner().trim_end_matches('/').to_owned(),
            identity,
            report: report.map_or(default, Spanned::into_inner),
            write_pause: Duration::from_millis(write_pause_ms.unwrap_or(1_000)),
            writes_per_minute,
            writes_per_hour,
            webhook_secret,
        })
    }

    fn drift(&mut self, section: DriftSection) -> Option<DriftSchedule> {
        match (section.schedule, section.every) {
            (Some(_), Some(every)) => {
                self.fail(
                    Some(every.span()),
                    "[drift] `schedule` and `every` are both given",
                    "keep one of them",
                );
                None
            }
            (None, Some(every)) if every.get_ref().seconds() == 0 => {
                self.fail(Some(every.span()), "[drift] `every` is no time at all", "write at least `1s`");
                None
            }
            (Some(schedule), None) => Some(DriftSchedule::Cron(schedule)),
            (None, Some(every)) => Some(DriftSchedule::Every(Duration::from_secs(every.get_ref().seconds()))),
            (None, None) => None,
        }
    }

    fn agent(&mut self, section: Option<AgentSection>) -> Agent {
        let section = section.unwrap_or(AgentSection { name: None, data_dir: None, concurrency: None });
        if let Some(name) = &section.name {
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            if name.get_ref().is_empty() || name.get_ref().len() > 100 || !name.get_ref().chars().all(plain) {
                let help = "write letters, digits, `-`, `_` and `.`, 100 at most";
                self.fail(Some(name.span()), "[agent] `name` cannot be a name", help);
            }
        }
        if let Some(many) = section.concurrency.as_ref().filter(|many| !(1..=256).contains(many.get_ref())) {
            self.fail(
                Some(many.span()),
                "[agent] `concurrency` is out of range",
                "write a number from 1 to 256",
            );
        }
        Agent {
            name: section.name.map(Spanned::into_inner),
            data_dir: self.path(&section.data_dir.unwrap_or_else(|| PathBuf::from(".pointsman"))),
            concurrency: section.concurrency.map_or(4, Spanned::into_inner),
        }
    }
}

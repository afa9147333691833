use std::{
    collections::btree_map::Entry,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use pointsman_aws::{Access, Settings};
use pointsman_core::{
    environment::{Environment, EnvironmentName},
    failure::Failure,
    policy::{Actor, ActorKind, PullRequest},
};
use pointsman_engine::{
    Policies, Purpose, Run, Stop,
    ports::{Listener, Ports},
};
use tokio::sync::{Notify, RwLock};

use super::{
    DaemonError,
    boards::Boards,
    memory::{Memory, Work},
    outbox::Outbox,
    reporter::{Deliveries, Reporter},
    seen::Seen,
    slots::Slots,
    trusted,
    wake::Wake,
};
use crate::{
    config::Config,
    entra::Entra,
    git::{Credentials, Mirror, Snapshots, from_config},
    github::{Client, Pull},
    metrics::Metrics,
    prober::HttpProber,
    web::Links,
};

/// Everything that the agent's tasks share.
#[derive(Debug)]
pub(super) struct Agent {
    pub(super) config: Config,
    pub(super) name: String,
    pub(super) mirror: Mirror,
    pub(super) snapshots: Arc<Snapshots>,
    pub(super) github: Option<Arc<Client>>,
    pub(super) reporter: Reporter,
    pub(super) slots: Slots,
    pub(super) stop: Stop,
    pub(super) boards: Boards,
    /// Told when there is a reason to poll at once.
    due: Notify,
    /// What happens on GitHub wakes the polls.
    pub(super) wake: Arc<Wake>,
    pub(super) metrics: Arc<Metrics>,
    /// What the page shows.
    pub(super) seen: Arc<Seen>,
    /// Told whenever a task ended.
    ended: Notify,
    /// Every task holds it for reading.
    tasks: Arc<RwLock<()>>,
    memory: Mutex<Memory>,
}

/// How a walk differs from others.
pub(super) struct Walk {
    pub(super) environment: Environment,
    pub(super) commit: String,
    pub(super) policies: Vec<Arc<Policies>>,
    pub(super) pull: Option<PullRequest>,
    pub(super) actor: ActorKind,
    pub(super) ports: Ports,
    pub(super) listener: Arc<dyn Listener>,
}

impl Agent {
    /// The agent, and every report as it is delivered.
    pub(super) fn start(config: Config, stop: Stop) -> Result<(Arc<Self>, Deliveries), DaemonError> {
        let repo = &config.repo;
        let mirror = Mirror::open(&config.agent.data_dir, &repo.url, &repo.branch)?;
        let snapshots = Arc::new(Snapshots::new(
            mirror.clone(),
            &repo.environments,
            &repo.policies,
            crate::evaluator::program(),
        ));
        let links = Links::of(&config.server);
        let hears = config.server.listen.is_some()
            && config.github.as_ref().is_some_and(|github| github.webhook_secret.is_some());
        let github = config.github.as_ref().map(Client::new).transpose()?;
        let github = github.map(|client| Arc::new(if hears { client.hearing_buttons() } else { client }));
        let (reporter, delivered) = Reporter::start(github.clone(), Outbox::of(&config), links);
        let host = || rustix::system::uname().nodename().to_string_lossy().into_owned();
        let agent = Arc::new(Self {
            name: config.agent.name.clone().unwrap_or_else(host),
            mirror,
            snapshots,
            reporter,
            github,
            slots: Slots::new(config.agent.concurrency),
            stop,
            boards: Boards::default(),
            due: Notify::new(),
            wake: Arc::default(),
            metrics: Arc::default(),
            seen: Arc::default(),
            ended: Notify::new(),
            tasks: Arc::default(),
            memory: Mutex::default(),
            config,
        });
        Ok((agent, delivered))
    }

    pub(super) fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a task; when it panics, that is said, and `ended` still runs.
    pub(super) fn spawn(
        self: &Arc<Self>,
        what: String,
        task: impl Future<Output = ()> + Send + 'static,
        ended: impl FnOnce(&Agent) + Send + 'static,
    ) {
        let agent = Arc::clone(self);
        tokio::spawn(async move {
            let _at_work = agent.tasks.read().await;
            if let Err(error) = tokio::spawn(task).await {
                tracing::error!(%error, "{what} ended unexpectedly; this is a fault of the agent, please report it");
            }
            ended(&agent);
            agent.ended.notify_waiters();
        });
    }

    /// Waits until nothing is being deployed to an environment, or about to be.
    pub(super) async fn not_busy(&self, name: &EnvironmentName) {
        loop {
            let ended = self.ended.notified();
            if !self.memory().busy.contains_key(name) {
                return;
            }
            ended.await;
        }
    }

    /// Waits until nothing is being deployed to an environment, and keeps it so:
    /// whoever asks takes it out of `busy` again.
    pub(super) async fn be_busy(&self, name: &EnvironmentName) {
        loop {
            let ended = self.ended.notified();
            if let Entry::Vacant(free) = self.memory().busy.entry(name.clone()) {
                free.insert(Work::Deploys);
                return;
            }
            ended.await;
        }
    }

    /// Has the next poll come at once.
    pub(super) fn look_soon(&self) {
        self.due.notify_one();
    }

    /// Waits until the next poll is to come at once.
    pub(super) async fn is_due(&self) {
        self.due.notified().await;
    }

    /// Waits until no task is at work.
    pub(super) async fn idle(&self) {
        drop(self.tasks.write().await);
    }

    /// How Git is let in: as configured, or as the App.
    pub(super) async fn credentials(&self) -> Credentials {
        match from_config(self.config.repo.credentials.as_ref()) {
            Ok(Credentials::None) => {}
            Ok(credentials) => return credentials,
            Err(error) => tracing::error!(%error, "the credentials of [repo] cannot be read"),
        }
        let Some(github) = self.github.as_ref().filter(|_| self.config.repo.url.starts_with("http")) else {
            return Credentials::None;
        };
        match github.git_token().await {
            Ok(token) => token.map_or(Credentials::None, Credentials::Token),
            Err(error) => {
                tracing::warn!(%error, "Git is asked without credentials");
                Credentials::None
            }
        }
    }

    /// Connects to an environment's account and backend.
    pub(super) async fn connect(&self, environment: &Environment, access: Access) -> Result<Ports, Failure> {
        let attempt = Duration::from_millis(self.config.lease.attempt_ms);
        trusted::listed(&self.config.aws, &environment.file, access)?;
        let default = Settings::default();
        let settings = Settings { attempt_timeout: default.attempt_timeout.min(attempt), ..default };
        Ok(pointsman_aws::connect(&environment.file, access, &settings).await?)
    }

    /// A walk down the road.
    pub(super) fn run(&self, walk: Walk) -> Run {
        let Walk { environment, commit, policies, pull, actor, ports, listener } = walk;
        let applications = self.config.entra.of(environment.name.as_str());
        Run {
            environment,
            purpose: Purpose::Deploy,
            commit: Some(commit),
            policies,
            pull_request: pull,
            proposed: None,
            actor: Actor { login: self.name.clone(), kind: actor },
            ports,
            prober: Arc::new(HttpProber::from_environment()),
            proxy: Arc::new(Entra::from_environment().only(applications)),
            listener,
            who: format!("pointsman@{}", self.name),
            timing: self.config.lease,
            // Whoever else holds the lock is asked about at the next poll.
            patience_ms: 0,
            stop: self.stop.clone(),
        }
    }
}

/// A pull request as policies see it.
pub(super) fn for_policies(pull: &Pull, commit: &str) -> PullRequest {
    let Pull {
        number,
        title,
        author,
        head: _,
        head_branch,
        base_branch,
        fork,
        draft,
        labels,
        merged_as: _,
        url: _,
    } = pull;
    PullRequest {
        number: *number,
        title: title.clone(),
        author: author.clone(),
        base: base_branch.clone(),
        head: head_branch.clone(),
        commit: commit.to_owned(),
        fork: *fork,
        draft: *draft,
        labels: labels.clone(),
        // Where reviews are read, they are filled in.
        approvals: None,
    }
}

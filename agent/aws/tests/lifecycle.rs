//! Every kind through its life, each step done twice, against an endpoint:
//!
//! `AWS_ENDPOINT_URL=http://… cargo test --workspace --test lifecycle -- --ignored --nocapture`
//!
//! The account must hold what the world's `seed` makes: the VPC `gg-production`
//! with private subnets, the cluster `webUIcluster2`, bucket and lock table.

#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::panic,
    reason = "a story that is read while it runs"
)]

use std::{collections::BTreeMap, time::Instant};

use pointsman_aws::{Access, Settings, connect};
use pointsman_core::{
    Address,
    desired::{Surroundings, wanted},
    environment::{Environment, EnvironmentFile, EnvironmentName},
    lease::Timing,
    plan::{Action, Inputs, Plan, plan},
    report::Event,
    resource::{Desired, Link, Observed, Readiness},
    state::State,
};
use pointsman_engine::{
    lease::{Acquire, Lease, acquire},
    ports::{CloudErrorKind, CloudWriter, Listener, Ports, Sought},
};

const FILE: &str = r#"
schema = 1
[aws]
region = "us-east-1"
account = "908027381725"
[state]
bucket = "gg-ai-terraform-states"
key = "test/lifecycle/terraform.tfstate"
lock_table = "terraform-state-locks"
[tags]
Application = "lifecycle"
[network]
vpc = { name = "gg-production" }
private_subnets = { tags = { Tier = "private" } }
[cache.sessions]
engine = "redis"
engine_version = "7.1"
node_type = "cache.t3.micro"
encryption = { at_rest = true, in_transit = true }
maintenance_window = "sun:05:00-sun:06:00"
parameters = { timeout = "300" }
[load_balancer.web]
scheme = "internal"
subnets = "private"
allow_from = ["10.0.0.0/8"]
idle_timeout = "300s"
[load_balancer.web.listener.http]
port = 80
protocol = "HTTP"
hosts = ["web.example.com"]
[service.web]
cluster = "webUIcluster2"
image = "ghcr.io/example/web:1"
cpu = 256
memory = 512
architecture = "x86_64"
count = 2
port = 8080
execution_role = "arn:aws:iam::908027381725:role/ecsTaskExecutionRole"
subnets = "private"
log_retention = "30d"
[service.web.environment]
REDIS = "rediss://${cache.sessions.endpoint}:${cache.sessions.port}"
[service.web.health]
path = "/health"
interval = "10s"
timeout = "5s"
healthy = 2
unhealthy = 3
[service.web.expose]
listener = "${load_balancer.web.listener.http}"
stickiness = { kind = "load_balancer_cookie", duration = "30m" }
drain = "20s"
"#;

const CHANGES: [(&str, &str); 13] = [
    ("Application = \"lifecycle\"", "Team = \"platform\""),
    ("idle_timeout = \"300s\"", "idle_timeout = \"120s\""),
    ("allow_from = [\"10.0.0.0/8\"]", "allow_from = [\"10.1.0.0/16\", \"10.2.0.0/16\"]"),
    ("hosts = [\"web.example.com\"]", "hosts = [\"a.example.com\", \"b.example.com\"]"),
    ("image = \"ghcr.io/example/web:1\"", "image = \"ghcr.io/example/web:2\""),
    ("count = 2", "count = 3"),
    ("log_retention = \"30d\"", "log_retention = \"7d\""),
    ("path = \"/health\"", "path = \"/\""),
    ("drain = \"20s\"", "drain = \"10s\""),
    ("duration = \"30m\"", "duration = \"10m\""),
    ("node_type = \"cache.t3.micro\"", "node_type = \"cache.t3.small\""),
    ("parameters = { timeout = \"300\" }", "parameters = { maxmemory-policy = \"allkeys-lru\" }"),
    ("sun:05:00-sun:06:00", "mon:05:00-mon:06:00"),
];

struct Told;

impl Listener for Told {
    fn tell(&self, event: &Event) {
        if let Event::Progress { address, says } = event {
            println!("    {address}: {says}");
        }
    }
}

struct Site {
    ports: Ports,
    writer: std::sync::Arc<dyn CloudWriter>,
    surroundings: Surroundings,
    state: State,
}

fn environment(text: &str) -> Environment {
    let file: EnvironmentFile = toml::from_str(text).expect("the file");
    Environment {
        name: EnvironmentName::parse("test/lifecycle").expect("a name"),
        file,
        places: BTreeMap::new(),
        document: serde_json::Value::Null,
        files: Vec::new(),
    }
}

impl Site {
    /// Everything that is described or recorded, as it stands.
    async fn look(
        &self,
        environment: &Environment,
        with_ids: bool,
    ) -> (Vec<Desired>, BTreeMap<Address, Observed>) {
        let objects = wanted(environment, &self.surroundings, None).objects;
        let mut sought: BTreeMap<Address, Sought> = BTreeMap::new();
        for (address, recorded) in &self.state.objects {
            let id = with_ids.then(|| recorded.id.clone());
            sought.insert(
                address.clone(),
                Sought {
                    address: address.clone(),
                    recorded: id.is_some().then(|| recorded.resource.clone()),
                    id,
                    resource: recorded.resource.clone(),
                },
            );
        }
        for desired in &objects {
            let one = sought.entry(desired.address.clone()).or_insert_with(|| Sought {
                address: desired.address.clone(),
                id: None,
                resource: desired.resource.clone(),
                recorded: None,
            });
            if with_ids {
                one.resource = desired.resource.clone();
            }
        }
        let sought: Vec<Sought> = sought.into_values().collect();
        let started = Instant::now();
        let observed = self.ports.cloud.observe(&sought).await.expect("observe");
        println!("observed {} of {} in {:?}", observed.len(), sought.len(), started.elapsed());
        (objects, observed)
    }

    async fn plan(&self, environment: &Environment, with_ids: bool) -> Plan {
        let (objects, observed) = self.look(environment, with_ids).await;
        plan(&Inputs {
            environment: &environment.name,
            commit: None,
            account: "908027381725",
            region: "us-east-1",
            desired: &objects,
            unwanted: &[],
            held: &[],
            observed: &observed,
            state: Some(&self.state),
            ignore: &[],
        })
        .expect("no conflicts")
    }

    /// Does a plan, every call twice.
    async fn apply(&mut self, plan: &Plan) {
        let mut left: Vec<_> = plan.changes.iter().collect();
        while !left.is_empty() {
            let waiting: Vec<Address> = left.iter().map(|change| change.address.clone()).collect();
            let next = left
                .iter()
                .position(|change| !change.dependencies.iter().any(|need| waiting.contains(need)))
                .expect("an order");
            let change = left.remove(next);
            let mut desired = change.desired.clone().expect("something to make");
            for link in desired.resource.spec_mut().links_mut() {
                if let Link::To { address, attribute } = link {
                    let recorded = &self.state.objects[address];
                    let value =
                        if attribute == "id" { &recorded.id } else { &recorded.attributes[attribute] };
                    *link = Link::Known(value.clone());
                }
            }
            let token = format!("{:0>32}", plan.id().expect("an id").get(..16).expect("long enough"));
            let fields: Vec<String> = change.fields.iter().map(|field| field.field.clone()).collect();
            println!("{:?} {} {fields:?}", change.action, change.address);
            let mut made = Vec::new();
            for _ in 0..2 {
                let object = match (change.action, &change.observed) {
                    (Action::Create, _) => self.writer.create(&desired, &token).await,
                    (Action::Update | Action::Rollout, Some(observed)) => {
                        self.writer.update(observed, &desired, &fields, &token).await
                    }
                    (other, _) => panic!("{other:?} of {}", change.address),
                };
                made.push(object.unwrap_or_else(|error| panic!("{}: {error}", change.address)));
            }
            assert_eq!(made[0].id, made[1].id, "{} was made twice", change.address);
            let settled = self.ports.cloud.settle(&change.address, &made[0], &Told).await;
            let settled = settled.unwrap_or_else(|error| panic!("{}: {error}", change.address));
            assert_eq!(settled.readiness, Readiness::Ready, "{}", change.address);
            self.state.record(&desired, &settled, &change.dependencies).expect("a record");
        }
    }

    /// Deletes everything, twice; what is needed goes after what needs it.
    async fn delete_all(&self, environment: &Environment) {
        let (_, observed) = self.look(environment, true).await;
        let mut left: Vec<Address> = observed.keys().cloned().collect();
        assert_eq!(left.len(), self.state.objects.len());
        while !left.is_empty() {
            let next = left.iter().position(|address| {
                !left.iter().any(|other| self.state.objects[other].dependencies.contains(address))
            });
            let address = left.remove(next.expect("an order"));
            println!("Delete {address}");
            for _ in 0..2 {
                let deleted = self.writer.delete(&address, &observed[&address], &Told).await;
                deleted.unwrap_or_else(|error| panic!("{address}: {error}"));
            }
        }
    }
}

/// Connects, looks the network up and takes the lease.
async fn enter(environment: &Environment) -> (Site, Lease) {
    let ports = connect(&environment.file, Access::Write, &Settings::default()).await.expect("connect");
    let identity = ports.cloud.identity().await.expect("identity");
    assert_eq!(identity.account, "908027381725");
    let file = &environment.file;
    let surroundings = ports
        .cloud
        .surroundings(&environment.name, &file.network, &file.referred_externals())
        .await
        .expect("surroundings");
    let wish = Acquire {
        who: "pointsman@test".to_owned(),
        operation: "OperationTypeApply".to_owned(),
        info: String::new(),
        state_fence: 0,
        timing: Timing::default(),
        patience_ms: 1_000,
        stop: pointsman_engine::Stopper::new().1,
    };
    let lease = acquire(&ports, &wish, &Told).await.expect("the lease").lease;
    let writer = ports.cloud.writer(lease.proof());
    let state = State::new(environment.name.clone(), "lineage".to_owned());
    (Site { ports, writer, surroundings, state }, lease)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs AWS_ENDPOINT_URL with a seeded account"]
async fn every_kind_lives_and_every_step_can_be_repeated() {
    tracing_subscriber::fmt().with_env_filter(tracing_subscriber::EnvFilter::from_default_env()).init();
    let first = environment(FILE);
    let (mut site, lease) = enter(&first).await;

    // The state in its bucket.
    let bucket = site.ports.bucket.clone();
    let before = bucket.load().await.expect("load");
    let version = bucket.save(lease.proof(), "one", before.as_ref().map(|s| &s.version)).await.expect("save");
    let again = bucket.save(lease.proof(), "one", before.as_ref().map(|s| &s.version)).await;
    assert_eq!(again.as_ref(), Ok(&version), "a repeated write is our own");
    let stale =
        bucket.save(lease.proof(), "two", before.as_ref().map(|s| &s.version)).await.expect_err("stale");
    assert_eq!(stale.kind, CloudErrorKind::Stale);
    bucket.save(lease.proof(), "two", Some(&version)).await.expect("save over");
    assert_eq!(bucket.load().await.expect("load").expect("a state").text, "two");

    // Made.
    let making = site.plan(&first, true).await;
    site.apply(&making).await;
    let empty = site.plan(&first, true).await;
    assert!(empty.is_empty(), "{:#?}", empty.changes);
    let by_name = site.plan(&first, false).await;
    assert!(by_name.is_empty(), "by name: {:#?}", by_name.changes);

    // Found without a record.
    let unrecorded = std::mem::replace(&mut site.state, State::new(first.name.clone(), "other".to_owned()));
    let adopted = site.plan(&first, true).await;
    assert!(adopted.changes.iter().all(|change| change.action == Action::Adopt), "{:#?}", adopted.changes);
    assert_eq!(adopted.changes.len(), unrecorded.objects.len());
    site.state = unrecorded;

    // Changed.
    let changed = CHANGES.iter().fold(FILE.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    });
    let changed = environment(&changed);
    // A task definition's new revision moves its service: in a second round.
    for _ in 0..2 {
        let changing = site.plan(&changed, true).await;
        site.apply(&changing).await;
    }
    let empty = site.plan(&changed, true).await;
    assert!(empty.is_empty(), "{:#?}", empty.changes);

    site.delete_all(&changed).await;
    let (_, observed) = site.look(&changed, true).await;
    assert_eq!(observed.keys().collect::<Vec<_>>(), Vec::<&Address>::new());
    lease.release().await.expect("release");
    let refused = site
        .writer
        .create(&wanted(&first, &site.surroundings, None).objects[0], "token")
        .await
        .expect_err("no lease");
    assert_eq!(refused.kind, CloudErrorKind::LeaseLost, "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs AWS_ENDPOINT_URL with a seeded account"]
async fn a_deployment_that_cannot_start_is_told_with_its_reasons() {
    let text = FILE.replace("test/lifecycle/", "test/failing/").replace("service.web", "service.failing");
    let mut first = environment(&text);
    first.name = EnvironmentName::parse("test/failing").expect("a name");
    let (mut site, lease) = enter(&first).await;
    let making = site.plan(&first, true).await;
    site.apply(&making).await;
    for image in ["ghcr.io/example/does-not-exist:1", "ghcr.io/example/never-healthy:1"] {
        let mut broken = environment(&text.replace("ghcr.io/example/web:1", image));
        broken.name = first.name.clone();
        let breaking = site.plan(&broken, true).await;
        let mut failed = None;
        // The task definition, then the service that runs it.
        for change in breaking.changes.iter().rev() {
            println!("{:?} {}", change.action, change.address);
            let (Some(observed), Some(desired)) = (&change.observed, &change.desired) else {
                panic!("{:?} of {}", change.action, change.address);
            };
            let mut desired = desired.clone();
            for link in desired.resource.spec_mut().links_mut() {
                if let Link::To { address, .. } = link {
                    *link = Link::Known(site.state.objects[address].id.clone());
                }
            }
            let fields: Vec<String> = change.fields.iter().map(|field| field.field.clone()).collect();
            let object = site.writer.update(observed, &desired, &fields, image).await.expect("update");
            match site.ports.cloud.settle(&change.address, &object, &Told).await {
                Ok(settled) => site.state.record(&desired, &settled, &change.dependencies).expect("a record"),
                Err(error) => failed = Some(error),
            }
        }
        let failed = failed.expect("a deployment that fails");
        println!("{failed}\n{:?}", failed.help);
        assert_eq!(failed.kind, CloudErrorKind::Failed);
        assert!(failed.message.contains("circuit breaker"), "{failed}");
    }
    site.delete_all(&first).await;
    lease.release().await.expect("release");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs AWS_ENDPOINT_URL with a seeded account"]
async fn what_is_missing_is_named_with_the_way_to_make_it() {
    let text = FILE
        .replace("gg-ai-terraform-states", "no-such-states")
        .replace("terraform-state-locks", "no-such-locks");
    let file = environment(&text).file;
    let ports = connect(&file, Access::Read, &Settings::default()).await.expect("connect");

    let bucket = ports.bucket.load().await.expect_err("no bucket");
    assert_eq!(bucket.code.as_deref(), Some("NoSuchBucket"), "{bucket}");
    let help = bucket.help.expect("a help");
    assert!(help.contains("aws s3api create-bucket --bucket no-such-states --region us-east-1"), "{help}");

    let table = ports.locks.read().await.expect_err("no table");
    assert_eq!(table.kind, CloudErrorKind::NotFound, "{table}");
    let help = table.help.expect("a help");
    assert!(help.contains("aws dynamodb create-table --table-name no-such-locks"), "{help}");

    for (from, to, field, candidate) in [
        ("gg-production", "gg-staging", "network.vpc", "(gg-production)"),
        ("Tier = \"private\"", "Tier = \"secret\"", "network.private_subnets", "(gg-production-private-a)"),
    ] {
        let environment = environment(&text.replace(from, to));
        let network = &environment.file.network;
        let network = ports
            .cloud
            .surroundings(&environment.name, network, &BTreeMap::new())
            .await
            .expect_err("no network");
        println!("{network}\n{:?}", network.help);
        assert_eq!((network.kind, network.subject.as_str()), (CloudErrorKind::Unsuitable, field));
        assert!(network.help.expect("a help").contains(candidate));
    }
}

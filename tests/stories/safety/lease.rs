//! T1: the lease alone, wanted by many in several processes at the same time.

use std::{
    process::{Command, Stdio},
    sync::Arc,
};

use pointsman_aws::{Access, Settings, connect};
use pointsman_core::{environment::EnvironmentFile, lease::Timing, report::Event};
use pointsman_engine::{
    Stopper, clock,
    lease::{Acquire, acquire},
    ports::Listener,
};
use pointsman_tests::story::World;

use crate::world;

const FILE: &str = r#"
schema = 1
[aws]
region = "us-east-1"
account = "908027381725"
[state]
bucket = "gg-ai-terraform-states"
key = "test/contended/terraform.tfstate"
lock_table = "terraform-state-locks"
[network]
vpc = { name = "gg-production" }
private_subnets = { tags = { Tier = "private" } }
"#;

/// Says how often each contender of a process takes the lease; set for processes of T1 only.
const ROUNDS: &str = "CONTENDED_ROUNDS";
const PROCESSES: usize = 4;
const IN_EACH: usize = 8;

struct Deaf;

impl Listener for Deaf {
    fn tell(&self, _event: &Event) {}
}

/// One process of T1: prints fence, taken at, given back at, for each time it had the lease.
#[test]
#[ignore = "a process of T1, which starts it"]
fn contenders() {
    let Some(rounds) = std::env::var(ROUNDS).ok().and_then(|rounds| rounds.parse::<usize>().ok()) else {
        return;
    };
    let file: EnvironmentFile = toml::from_str(FILE).unwrap();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let ports = connect(&file, Access::Write, &Settings::default()).await.unwrap();
        let contenders = (0..IN_EACH).map(|number| {
            let ports = ports.clone();
            tokio::spawn(async move {
                for _ in 0..rounds {
                    let wish = Acquire {
                        who: format!("contender-{number}@{}", std::process::id()),
                        operation: "OperationTypeApply".to_owned(),
                        info: String::new(),
                        state_fence: 0,
                        timing: Timing::default(),
                        patience_ms: 900_000,
                        stop: Stopper::new().1,
                    };
                    let taken = acquire(&ports, &wish, &Deaf).await.unwrap();
                    let from = clock::now().0;
                    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
                    taken.lease.proof().check().unwrap();
                    let until = clock::now().0;
                    println!("HELD {} {from} {until}", taken.fence.fence);
                    taken.lease.release().await.unwrap();
                }
            })
        });
        for contender in contenders.collect::<Vec<_>>() {
            contender.await.unwrap();
        }
    });
}

/// Starts the processes, and looks at who had the lease when.
fn contended(title: &str, rounds: usize) {
    let world: Arc<World> = Arc::new(world());
    let started: Vec<_> = (0..PROCESSES)
        .map(|_| {
            let mut command = Command::new("setpriv");
            command.args(["--pdeathsig", "KILL", "--"]).arg(std::env::current_exe().unwrap());
            command.args(["--exact", "safety::lease::contenders", "--ignored", "--nocapture"]);
            world.aws.lead(&mut command);
            command.env(ROUNDS, rounds.to_string()).stdout(Stdio::piped()).stdin(Stdio::null());
            command.spawn().unwrap()
        })
        .collect();
    let mut held: Vec<(u64, u64, u64)> = Vec::new();
    for process in started {
        let ended = process.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&ended.stdout);
        assert!(ended.status.success(), "{said}");
        held.extend(said.lines().filter_map(|line| {
            let (_, numbers) = line.split_once("HELD ")?;
            let mut numbers = numbers.split(' ').filter_map(|number| number.parse().ok());
            Some((numbers.next()?, numbers.next()?, numbers.next()?))
        }));
    }
    let wanted = PROCESSES * IN_EACH * rounds;
    assert_eq!(held.len(), wanted, "everybody had it as often as wished");
    held.sort_by_key(|(_, from, _)| *from);
    for pair in held.windows(2) {
        let ((fence, _, until), (next_fence, next_from, _)) = (pair[0], pair[1]);
        assert!(next_from >= until, "two had it at the same time: {pair:?}");
        assert!(next_fence > fence, "a fence did not grow: {pair:?}");
    }
    println!(
        "{title}: {} contenders in {PROCESSES} processes, {wanted} acquisitions, never two holders, fences {} to {} \
         strictly growing",
        PROCESSES * IN_EACH,
        held.first().map_or(0, |(fence, ..)| *fence),
        held.last().map_or(0, |(fence, ..)| *fence),
    );
}

#[test]
fn t01_many_want_the_same_lease() {
    contended("T1 (part)", 2);
}

#[test]
#[ignore = "2,016 acquisitions: some minutes"]
fn t01_two_thousand_acquisitions() {
    contended("T1", 63);
}

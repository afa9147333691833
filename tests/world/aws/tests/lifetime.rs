use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::aws::Emulator;

/// Says to the test below that it is the process to be killed.
const VICTIM: &str = "WORLD_LIFETIME_VICTIM";

/// The address of the old service's task, which is a process started by the emulator.
const TASK_ADDRESS: &str = r#"
ecs = client("ecs")
task = ecs.list_tasks(cluster="webUIcluster2", serviceName="webui3")["taskArns"]
details = ecs.describe_tasks(cluster="webUIcluster2", tasks=task)["tasks"][0]["attachments"][0]["details"]
print(next(d["value"] for d in details if d["name"] == "privateIPv4Address") + ":8080", end="")
"#;

#[test]
fn nothing_outlives_a_killed_parent() {
    if std::env::var_os(VICTIM).is_some() {
        let emulator = Emulator::start();
        let _ = emulator.seed();
        let direct = emulator.direct_endpoint();
        let address = &direct["http://".len()..];
        let task = emulator.python(TASK_ADDRESS);
        writeln!(std::io::stdout(), "\nvictim {address} {task}").unwrap();
        loop {
            std::thread::park();
        }
    }
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "aws::tests::lifetime::nothing_outlives_a_killed_parent", "--nocapture"])
        .env(VICTIM, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(victim.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("victim ").map(str::to_owned))
        .expect("the victim started its world");
    // An open connection ends when the process at its other end does.
    let connections: Vec<(&str, TcpStream)> =
        said.split(' ').map(|address| (address, TcpStream::connect(address).unwrap())).collect();
    assert_eq!(connections.len(), 2);
    for (_, connection) in &connections {
        connection.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    }

    victim.kill().unwrap();
    victim.wait().unwrap();
    for (address, mut connection) in connections {
        match connection.read(&mut [0]) {
            Ok(0) => {}
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {}
            other => panic!("{address} still lives: {other:?}"),
        }
        // The kernel closes a dying process's sockets one by one, the listening one maybe last.
        let deadline = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(address).is_ok() {
            assert!(Instant::now() < deadline, "{address} still listens");
            std::thread::yield_now();
        }
    }
}

#[test]
fn only_loopback_is_listened_on() {
    let emulator = Emulator::start();
    let _ = emulator.seed();
    let listeners = emulator.python(&format!(
        r#"
import os
inodes = set()
for process in [p for p in os.listdir("/proc") if p.isdigit()]:
    try:
        parent = open(f"/proc/{{process}}/stat").read().rpartition(")")[2].split()[1]
        if "{id}" in (process, parent):
            inodes |= {{os.readlink(f"/proc/{{process}}/fd/{{fd}}") for fd in os.listdir(f"/proc/{{process}}/fd")}}
    except OSError:
        pass
for family in ("tcp", "tcp6"):
    for line in open(f"/proc/net/{{family}}").read().splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A" and f"socket:[{{fields[9]}}]" in inodes:
            print(family, "loopback" if fields[1].endswith(("7F:0000",)) or fields[1][6:8] == "7F" else fields[1])
"#,
        id = emulator.process_id()
    ));
    // The emulator and the old service's task.
    assert_eq!(listeners, "tcp loopback\ntcp loopback\n");
}

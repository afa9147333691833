use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::super::{Stores, balancer::Balancer};

/// Says to the test below that it is the process to be killed.
const VICTIM: &str = "DATA_PLANE_VICTIM";

#[test]
fn no_server_outlives_a_killed_parent() {
    if std::env::var_os(VICTIM).is_some() {
        let stores = Stores::start().unwrap();
        let balancer = Balancer::start(Duration::from_secs(60)).unwrap();
        let ports: Vec<String> = stores.application().split_off(4);
        writeln!(
            std::io::stdout(),
            "\nvictim 127.0.0.1:{} 127.0.0.1:{} {} {}",
            ports[0],
            ports[1],
            balancer.address(),
            stores.folder().display()
        )
        .unwrap();
        loop {
            std::thread::park();
        }
    }
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "dataplane::tests::lifetime::no_server_outlives_a_killed_parent", "--nocapture"])
        .env(VICTIM, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(victim.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("victim ").map(str::to_owned))
        .expect("the victim started its servers");
    let (addresses, folder) = said.rsplit_once(' ').unwrap();
    let connections: Vec<TcpStream> =
        addresses.split(' ').map(|address| TcpStream::connect(address).unwrap()).collect();
    assert_eq!(connections.len(), 3);

    victim.kill().unwrap();
    victim.wait().unwrap();
    for mut connection in connections {
        connection.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        // It is closed, orderly or not; only a time-out means that somebody still lives.
        let read = connection.read(&mut [0]);
        assert!(!matches!(&read, Err(error) if error.kind() == std::io::ErrorKind::WouldBlock), "{read:?}");
    }
    let until = Instant::now() + Duration::from_secs(20);
    while Path::new(folder).exists() {
        assert!(Instant::now() < until, "{folder} is left behind");
        std::thread::sleep(Duration::from_millis(20));
    }
}

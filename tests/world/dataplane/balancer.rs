//! HAProxy, which decides by a table that is replaced while it runs: it is never started again, so
//! that no connection changes hands.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use std::io::{Read, Write};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use super::server::{program, source, start};
use super::table::Table;
use crate::process::Background;

/// A reverse proxy on a loopback address of its own.
#[derive(Debug)]
pub(super) struct Balancer {
    // Dropped in this order: the process, then its folder.
    _process: Background,
    folder: TempDir,
    address: SocketAddr,
}

impl Balancer {
    /// Starts it, with nothing behind it. `idle`: how long a quiet connection is kept.
    pub(super) fn start(idle: Duration) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("pointsman-balancer-").tempdir()?;
        let haproxy = program("haproxy", "haproxy")?;
        // One of some ten million addresses: a port of 127.0.0.1 might be taken before it is used.
        let address =
            format!("127.{}.{}.{}:8080", fastrand::u8(16..255), fastrand::u8(1..255), fastrand::u8(1..255));
        let configuration = std::fs::read_to_string(source("balancer/haproxy.cfg"))?
            .replace("stats socket SOCKET", &format!("stats socket {}", socket(&folder).display()))
            .replace("lua-load BALANCER", &format!("lua-load {}", source("balancer/balancer.lua").display()))
            .replace("bind ADDRESS", &format!("bind {address}"))
            .replace(" IDLE", &format!(" {}ms", idle.as_millis()));
        let file = folder.path().join("haproxy.cfg");
        std::fs::write(&file, configuration)?;
        let command = [haproxy.as_os_str(), "-db".as_ref(), "-f".as_ref(), file.as_os_str()];
        let process = start("haproxy", &command, &socket(&folder).to_string_lossy(), None, &folder)?;
        Ok(Self { _process: process, folder, address: address.parse()? })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The half that the follower commands.
    pub(super) fn controls(&self) -> Controls {
        Controls {
            socket: socket(&self.folder),
            file: self.folder.path().join("table.lua"),
            known: BTreeMap::new(),
            leaving: BTreeSet::new(),
        }
    }
}

fn socket(folder: &TempDir) -> PathBuf {
    folder.path().join("admin")
}

/// Changes what it decides by.
#[derive(Debug)]
pub(super) struct Controls {
    socket: PathBuf,
    file: PathBuf,
    known: BTreeMap<String, String>,
    /// Whose connections are cut, and who is not deleted yet.
    leaving: BTreeSet<String>,
}

impl Controls {
    /// New targets first, then the decisions, then the connections of those whose drain has ended.
    pub(super) fn apply(&mut self, table: &Table) -> Result<()> {
        self.bury();
        let wanted = table.servers();
        let mut commands = Vec::new();
        for (server, address) in wanted.iter().filter(|(server, _)| !self.known.contains_key(*server)) {
            if !self.leaving.remove(server) {
                commands.push(format!("add server targets/{server} {address}"));
            }
            commands.push(format!("enable server targets/{server}"));
        }
        std::fs::write(&self.file, table.lua())?;
        commands.push(format!("balancer load {}", self.file.display()));
        let said = self.say(&commands)?;
        if !said.contains("loaded") {
            bail!("HAProxy refused {commands:?}: {said}");
        }
        let gone: Vec<String> =
            self.known.keys().filter(|server| !wanted.contains_key(*server)).cloned().collect();
        self.known = wanted;
        self.leaving.extend(gone);
        self.bury();
        Ok(())
    }

    /// Cuts and deletes; a server with connections that still close is deleted the next time.
    fn bury(&mut self) {
        let leaving = std::mem::take(&mut self.leaving);
        for server in leaving {
            let said = self.say(&[
                format!("set server targets/{server} state maint"),
                format!("shutdown sessions server targets/{server}"),
                format!("del server targets/{server}"),
            ]);
            if !said.is_ok_and(|said| said.contains("Server deleted")) {
                self.leaving.insert(server);
            }
        }
    }

    fn say(&self, commands: &[String]) -> Result<String> {
        let mut stream = UnixStream::connect(&self.socket).context("HAProxy's administration socket")?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        stream.write_all(format!("{}\n", commands.join("; ")).as_bytes())?;
        let mut said = String::new();
        stream.read_to_string(&mut said)?;
        Ok(said)
    }
}

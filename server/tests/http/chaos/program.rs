//! The program itself, in a process of its own that can be killed.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
};

use crate::support::SHOP;

/// A running `daybook serve`. Dropped, it is killed.
pub struct Program {
    child: Child,
    pub address: SocketAddr,
}

fn daybook(database_url: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_daybook"));
    command.env("DATABASE_URL", database_url).env("RUST_LOG", "off").stdin(Stdio::null());
    command
}

impl Program {
    /// Starts it on a port that the system chooses, and returns when it listens.
    pub fn start(database_url: &str) -> Self {
        let mut command = daybook(database_url);
        let mut child = command.args(["serve", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = said.next().expect("an address").unwrap();
        let address = line.split("http://").nth(1).and_then(|rest| rest.trim_end_matches('/').parse().ok());
        Self { child, address: address.unwrap_or_else(|| panic!("no address in {line:?}")) }
    }

    /// At once, without a word: SIGKILL.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}

pub fn create_shop(database_url: &str) {
    assert!(daybook(database_url).args(["shop", "create", SHOP]).output().unwrap().status.success());
}

/// What `daybook verify` says of the whole store.
pub fn verify(database_url: &str) {
    let output = daybook(database_url).arg("verify").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

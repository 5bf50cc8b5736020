//! A line that can be broken: before PostgreSQL, or before the server.

use std::{net::SocketAddr, path::PathBuf, str::FromStr};

use sqlx::postgres::PgConnectOptions;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream, UnixStream},
    sync::watch,
};

/// What becomes of the bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    Pass,
    /// Requests reach the server, its answers go nowhere.
    Swallow,
    /// Open connections are closed; new ones too.
    Cut,
    /// Nothing moves and nothing is closed: what was said arrives later.
    Stall,
}

/// Where a line leads.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum End {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

#[derive(Clone, Debug)]
struct State {
    mode: Mode,
    end: End,
}

/// A port of its own on loopback whose bytes go to another place, or wherever [`Mode`] says.
pub struct Line {
    address: SocketAddr,
    state: watch::Sender<State>,
}

impl Line {
    pub async fn to(end: End) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = watch::Sender::new(State { mode: Mode::Pass, end });
        let watched = state.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serve(client, watched.subscribe()));
            }
        });
        Self { address, state }
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A connection whose bytes were swallowed ends when the mode changes: nothing could be made of what follows.
    pub fn set(&self, mode: Mode) {
        self.state.send_modify(|state| state.mode = mode);
    }

    /// New connections lead there. Those that are open stay where they are.
    pub fn lead_to(&self, end: End) {
        self.state.send_modify(|state| state.end = end);
    }
}

/// A line to PostgreSQL.
pub struct Proxy {
    url: String,
    line: Line,
}

impl Proxy {
    /// Stands before the server of `url`.
    pub async fn start(url: &str) -> Self {
        let options = PgConnectOptions::from_str(url).expect("an address");
        let line = Line::to(place(&options)).await;
        let (user, port) = (options.get_username(), line.address().port());
        let url = format!("postgres://{user}@127.0.0.1:{port}/{}", options.get_database().unwrap_or_default());
        Self { url, line }
    }

    /// The address by which the database is reached through the proxy.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn pass(&self) {
        self.line.set(Mode::Pass);
    }

    pub fn swallow(&self) {
        self.line.set(Mode::Swallow);
    }

    pub fn cut(&self) {
        self.line.set(Mode::Cut);
    }
}

fn place(options: &PgConnectOptions) -> End {
    let in_host = || options.get_host().starts_with('/').then(|| options.get_host().into());
    match options.get_socket().cloned().or_else(in_host) {
        Some(folder) => End::Unix(folder.join(format!(".s.PGSQL.{}", options.get_port()))),
        None => {
            let host = if options.get_host() == "localhost" { "127.0.0.1" } else { options.get_host() };
            End::Tcp(SocketAddr::new(host.parse().expect("a loopback address"), options.get_port()))
        }
    }
}

async fn serve(client: TcpStream, mut state: watch::Receiver<State>) {
    // Whoever connects to a stalled line waits with it.
    let Ok(State { mode, end }) = state.wait_for(|state| state.mode != Mode::Stall).await.map(|state| state.clone())
    else {
        return;
    };
    if mode == Mode::Cut {
        return;
    }
    match end {
        End::Unix(socket) => {
            if let Ok(server) = UnixStream::connect(socket).await {
                relay(client, server, state).await;
            }
        }
        End::Tcp(address) => {
            if let Ok(server) = TcpStream::connect(address).await {
                relay(client, server, state).await;
            }
        }
    }
}

enum Moved {
    Mode,
    Asked(usize),
    Answered(usize),
    Gone,
}

async fn relay<C, S>(client: C, server: S, mut state: watch::Receiver<State>)
where
    C: AsyncRead + AsyncWrite,
    S: AsyncRead + AsyncWrite,
{
    let (mut from_server, mut to_server) = tokio::io::split(server);
    let (mut from_client, mut to_client) = tokio::io::split(client);
    let (mut asked, mut answered) = (vec![0; 16 * 1024], vec![0; 16 * 1024]);
    let mut swallowed = false;
    loop {
        let mode = state.borrow_and_update().mode;
        if mode == Mode::Cut || (swallowed && mode != Mode::Swallow) {
            return;
        }
        let moves = mode != Mode::Stall;
        let moved = tokio::select! {
            changed = state.changed() => if changed.is_ok() { Moved::Mode } else { Moved::Gone },
            read = from_client.read(&mut asked), if moves => read.map_or(Moved::Gone, Moved::Asked),
            read = from_server.read(&mut answered), if moves => read.map_or(Moved::Gone, Moved::Answered),
        };
        if matches!(moved, Moved::Mode) {
            continue;
        }
        // Asked anew: of a change and a read that are ready together, either is taken, and what is read after the change
        // is under the new mode.
        let Ok(now) = state.wait_for(|state| state.mode != Mode::Stall).await.map(|state| state.mode) else { return };
        let written = match moved {
            Moved::Mode | Moved::Gone | Moved::Asked(0) | Moved::Answered(0) => return,
            _ if now == Mode::Cut => return,
            Moved::Answered(_) if now == Mode::Swallow => {
                swallowed = true;
                Ok(())
            }
            Moved::Asked(length) => to_server.write_all(&asked[..length]).await,
            Moved::Answered(length) => to_client.write_all(&answered[..length]).await,
        };
        if written.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{DuplexStream, duplex};

    use super::*;

    /// Both ends of a connection through a relay, and what sets its mode. In memory: what is written is there at once.
    fn connected() -> (DuplexStream, DuplexStream, watch::Sender<State>) {
        let end = End::Unix(PathBuf::new());
        let state = watch::Sender::new(State { mode: Mode::Pass, end });
        let ((client, of_client), (server, of_server)) = (duplex(64), duplex(64));
        tokio::spawn(relay(of_client, of_server, state.subscribe()));
        (client, server, state)
    }

    /// Both ways have moved a byte: the relay waits for what comes next.
    async fn moved(client: &mut DuplexStream, server: &mut DuplexStream) {
        client.write_all(b"a").await.unwrap();
        assert_eq!(server.read_u8().await.unwrap(), b'a');
        server.write_all(b"b").await.unwrap();
        assert_eq!(client.read_u8().await.unwrap(), b'b');
    }

    /// The change and the answer are both there before the relay looks: often enough that it has met them in either order.
    #[tokio::test]
    async fn f2_what_is_answered_after_swallowing_began_never_passes() {
        for _ in 0..32 {
            let (mut client, mut server, state) = connected();
            moved(&mut client, &mut server).await;
            state.send_modify(|state| state.mode = Mode::Swallow);
            server.write_all(b"answer").await.unwrap();
            drop(server);
            let mut heard = Vec::new();
            client.read_to_end(&mut heard).await.unwrap();
            assert_eq!(heard, b"");
        }
    }

    #[tokio::test]
    async fn what_was_stalled_arrives_later_and_whole() {
        for _ in 0..32 {
            let (mut client, mut server, state) = connected();
            moved(&mut client, &mut server).await;
            state.send_modify(|state| state.mode = Mode::Stall);
            server.write_all(b"answer").await.unwrap();
            tokio::task::yield_now().await;
            state.send_modify(|state| state.mode = Mode::Pass);
            drop(server);
            let mut heard = Vec::new();
            client.read_to_end(&mut heard).await.unwrap();
            assert_eq!(heard, b"answer");
        }
    }
}

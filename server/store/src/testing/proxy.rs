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

async fn relay<C, S>(client: C, server: S, mut state: watch::Receiver<State>)
where
    C: AsyncRead + AsyncWrite,
    S: AsyncRead + AsyncWrite,
{
    let (mut from_server, mut to_server) = tokio::io::split(server);
    let (mut from_client, mut to_client) = tokio::io::split(client);
    let (mut asked, mut answered) = (vec![0; 16 * 1024], vec![0; 16 * 1024]);
    let mut swallowed = false;
    let ends = |mode: Mode, swallowed: bool| mode == Mode::Cut || (swallowed && mode != Mode::Swallow);
    loop {
        let mode = state.borrow_and_update().mode;
        if ends(mode, swallowed) {
            return;
        }
        let moves = mode != Mode::Stall;
        let (is_answer, read) = tokio::select! {
            changed = state.changed() => match changed {
                Ok(()) => continue,
                Err(_) => return,
            },
            read = from_client.read(&mut asked), if moves => (false, read),
            read = from_server.read(&mut answered), if moves => (true, read),
        };
        let Ok(length @ 1..) = read else { return };
        // Asked anew: of a change and a read that are ready together, either is taken, and what is read after the change
        // is under the new mode.
        let Ok(mode) = state.wait_for(|state| state.mode != Mode::Stall).await.map(|state| state.mode) else { return };
        if ends(mode, swallowed) {
            return;
        }
        let written = match (mode, is_answer) {
            (Mode::Swallow, true) => {
                swallowed = true;
                Ok(())
            }
            (_, true) => to_client.write_all(&answered[..length]).await,
            (_, false) => to_server.write_all(&asked[..length]).await,
        };
        if written.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{DuplexStream, duplex},
        task::yield_now,
    };

    use super::*;

    /// What a client hears, after both ways have moved a byte, of a server that does `then` and goes. In memory: what is
    /// written is there at once.
    async fn heard(then: impl AsyncFn(&watch::Sender<State>, &mut DuplexStream)) -> Vec<u8> {
        let state = watch::Sender::new(State { mode: Mode::Pass, end: End::Unix(PathBuf::new()) });
        let ((mut client, of_client), (mut server, of_server)) = (duplex(64), duplex(64));
        tokio::spawn(relay(of_client, of_server, state.subscribe()));
        client.write_all(b"a").await.unwrap();
        assert_eq!(server.read_u8().await.unwrap(), b'a');
        server.write_all(b"b").await.unwrap();
        assert_eq!(client.read_u8().await.unwrap(), b'b');

        then(&state, &mut server).await;
        drop(server);
        let mut heard = Vec::new();
        client.read_to_end(&mut heard).await.unwrap();
        heard
    }

    fn set(state: &watch::Sender<State>, mode: Mode) {
        state.send_modify(|state| state.mode = mode);
    }

    /// The relay takes either of a change and an answer that are both there: often enough that it has met both orders.
    const BOTH_ORDERS: u32 = 32;

    #[tokio::test]
    async fn f2_what_is_answered_after_swallowing_began_never_passes() {
        for _ in 0..BOTH_ORDERS {
            let heard = heard(async |state, server| {
                set(state, Mode::Swallow);
                server.write_all(b"answer").await.unwrap();
            });
            assert_eq!(heard.await, b"");
        }
    }

    #[tokio::test]
    async fn f2_after_an_answer_was_swallowed_the_rest_of_it_never_passes() {
        for _ in 0..BOTH_ORDERS {
            let heard = heard(async |state, server| {
                set(state, Mode::Swallow);
                yield_now().await;
                server.write_all(b"half an").await.unwrap();
                yield_now().await;
                set(state, Mode::Pass);
                server.write_all(b"answer").await.unwrap();
            });
            assert_eq!(heard.await, b"");
        }
    }

    #[tokio::test]
    async fn what_was_stalled_arrives_later_and_whole() {
        for _ in 0..BOTH_ORDERS {
            let heard = heard(async |state, server| {
                set(state, Mode::Stall);
                server.write_all(b"answer").await.unwrap();
                yield_now().await;
                set(state, Mode::Pass);
            });
            assert_eq!(heard.await, b"answer");
        }
    }
}

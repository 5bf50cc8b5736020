//! A plain HTTP/1.1 client on one kept-alive connection: little enough that the server is what is measured.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

pub struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

pub struct Response {
    pub status: u16,
    pub bytes: usize,
}

impl Client {
    pub async fn connect(address: SocketAddr) -> Result<Self, String> {
        let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        Ok(Self { stream, buffer: Vec::with_capacity(16 * 1024) })
    }

    /// From another of this machine's own addresses.
    pub async fn connect_from(local: Ipv4Addr, address: SocketAddr) -> Result<Self, String> {
        let socket = TcpSocket::new_v4().map_err(|error| error.to_string())?;
        socket.bind(SocketAddr::from((local, 0))).map_err(|error| error.to_string())?;
        let stream = socket.connect(address).await.map_err(|error| error.to_string())?;
        Ok(Self { stream, buffer: Vec::with_capacity(16 * 1024) })
    }

    /// A form, its fields already encoded.
    pub async fn form(&mut self, path: &str, fields: &str) -> Result<Response, String> {
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{fields}",
            fields.len()
        );
        self.exchange(request.as_bytes()).await
    }

    /// The last answer as it came.
    pub fn answer(&self) -> String {
        String::from_utf8_lossy(&self.buffer).into_owned()
    }

    pub async fn post(&mut self, path: &str, json: &str) -> Result<Response, String> {
        self.post_with(path, "", json.as_bytes()).await
    }

    /// With header lines of the caller's own, each with its end.
    pub async fn post_with(&mut self, path: &str, headers: &str, body: &[u8]) -> Result<Response, String> {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n{headers}content-length: {}\r\n\r\n",
            body.len()
        );
        self.exchange(&[head.as_bytes(), body].concat()).await
    }

    pub async fn get(&mut self, path: &str) -> Result<Response, String> {
        self.exchange(format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").as_bytes()).await
    }

    /// The whole answer, head included.
    pub async fn text(&mut self, path: &str) -> Result<String, String> {
        self.get(path).await?;
        Ok(String::from_utf8_lossy(&self.buffer).into_owned())
    }

    /// Opens a stream that never ends; what it says comes by [`Client::next_bytes`].
    pub async fn subscribe(&mut self, path: &str) -> Result<(), String> {
        let request = format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: text/event-stream\r\n\r\n");
        self.stream.write_all(request.as_bytes()).await.map_err(|error| error.to_string())
    }

    pub async fn next_bytes(&mut self) -> Result<&[u8], String> {
        self.buffer.clear();
        let read = self.stream.read_buf(&mut self.buffer).await.map_err(|error| error.to_string())?;
        if read == 0 { Err("the stream ended".to_owned()) } else { Ok(&self.buffer) }
    }

    async fn exchange(&mut self, request: &[u8]) -> Result<Response, String> {
        self.stream.write_all(request).await.map_err(|error| error.to_string())?;
        self.buffer.clear();
        let (head, status, framing) = loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&self.buffer[..end]).to_ascii_lowercase();
                let status = head.get(9..12).and_then(|code| code.parse().ok()).ok_or("no status")?;
                let length = head
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length:"))
                    .and_then(|length| length.trim().parse::<usize>().ok());
                break (end + 4, status, length);
            }
            self.read_more().await?;
        };
        let end = match framing {
            Some(length) => {
                while self.buffer.len() < head + length {
                    self.read_more().await?;
                }
                head + length
            }
            None => {
                while !self.buffer.ends_with(b"0\r\n\r\n") {
                    self.read_more().await?;
                }
                self.buffer.len()
            }
        };
        Ok(Response { status, bytes: end - head })
    }

    async fn read_more(&mut self) -> Result<(), String> {
        let read = self.stream.read_buf(&mut self.buffer).await.map_err(|error| error.to_string())?;
        if read == 0 { Err("the connection ended".to_owned()) } else { Ok(()) }
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// When the step of this number is due.
pub fn due(begun: Instant, step: u32, a_second: u32) -> Instant {
    begun + Duration::from_secs(1) * step / a_second
}

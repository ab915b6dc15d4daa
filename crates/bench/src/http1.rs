//! The least HTTP/1.1 that a client needs: write a GET, find where the answer ends. By hand, because a client library would be
//! measured along with the servers, and because the references should be as bare as they can be.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// An answer, its chunks already joined.
#[derive(Debug)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// Where a base URL leads: `http` only, since every server here is on this machine.
#[derive(Clone, Debug)]
pub struct Base {
    /// Host and port.
    pub authority: String,
    /// The path in front of every other, without a slash at its end.
    pub prefix: String,
}

impl Base {
    /// Takes a base URL apart.
    pub fn parse(url: &str) -> Result<Self> {
        let rest = url.strip_prefix("http://").with_context(|| format!("{url} is not an http:// URL"))?;
        let (authority, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.trim_end_matches('/');
        let prefix = if prefix.is_empty() { String::new() } else { format!("/{prefix}") };
        Ok(Self { authority: authority.to_owned(), prefix })
    }
}

/// The bytes of a request without a body.
pub fn request(method: &str, authority: &str, target: &str) -> Vec<u8> {
    let length = if method == "GET" { "" } else { "content-length: 0\r\n" };
    format!("{method} {target} HTTP/1.1\r\nhost: {authority}\r\naccept: application/json\r\n{length}\r\n")
        .into_bytes()
}

/// One request on a connection of its own.
pub fn once(method: &str, authority: &str, target: &str, limit: Duration) -> Result<Reply> {
    let mut stream = TcpStream::connect(authority)?;
    stream.set_read_timeout(Some(limit))?;
    stream.write_all(&request(method, authority, target))?;
    let mut buffer = Vec::new();
    let mut piece = vec![0; 64 * 1024];
    loop {
        if let Some(head) = head(&buffer)?
            && let Some(end) = end(&buffer, &head)?
        {
            return Ok(Reply { status: head.status, body: body(&buffer[..end], &head)? });
        }
        let count = stream.read(&mut piece)?;
        if count == 0 {
            bail!("{authority} hung up in the middle of an answer");
        }
        buffer.extend_from_slice(&piece[..count]);
    }
}

/// A connection that is kept alive; one request at a time.
#[derive(Debug)]
pub struct Connection {
    stream: tokio::net::TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub async fn open(authority: &str) -> Result<Self> {
        let stream = tokio::net::TcpStream::connect(authority).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(1 << 17) })
    }

    /// Sends a request and reads its answer whole.
    pub async fn send(&mut self, request: &[u8]) -> Result<Reply> {
        let (head, end) = self.exchange(request).await?;
        Ok(Reply { status: head.status, body: body(&self.buffer[..end], &head)? })
    }

    /// Sends a request and reads past its answer: the status and the bytes that came.
    pub async fn skim(&mut self, request: &[u8]) -> Result<(u16, usize)> {
        let (head, end) = self.exchange(request).await?;
        Ok((head.status, end))
    }

    async fn exchange(&mut self, request: &[u8]) -> Result<(Head, usize)> {
        self.buffer.clear();
        self.stream.write_all(request).await?;
        let mut known = None;
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                bail!("the server hung up in the middle of an answer");
            }
            if known.is_none() {
                known = head(&self.buffer)?;
                if let Some(Head { length: Some(length), start, .. }) = known {
                    self.buffer.reserve((start + length).saturating_sub(self.buffer.len()));
                }
            }
            if let Some(head) = known
                && let Some(end) = end(&self.buffer, &head)?
            {
                return Ok((head, end));
            }
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Head {
    status: u16,
    start: usize,
    length: Option<usize>,
}

/// The head of an answer, once all of it is there.
fn head(buffer: &[u8]) -> Result<Option<Head>> {
    let Some(blank) = buffer.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let text = std::str::from_utf8(&buffer[..blank]).context("the head of an answer is not text")?;
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
    let status = status.context("the answer has no status line")?;
    let mut length = None;
    for line in lines {
        let Some((name, value)) = line.split_once(':') else { continue };
        if name.eq_ignore_ascii_case("content-length") {
            length = Some(value.trim().parse().context("content-length")?);
        }
    }
    let bodiless = status == 204 || status == 304;
    Ok(Some(Head { status, start: blank + 4, length: if bodiless { Some(0) } else { length } }))
}

/// Where the answer ends, once all of it is there. Without a length the answer is in chunks.
fn end(buffer: &[u8], head: &Head) -> Result<Option<usize>> {
    match head.length {
        Some(length) => Ok((buffer.len() >= head.start + length).then_some(head.start + length)),
        None => Ok(chunks(buffer, head.start, |_| ())?),
    }
}

fn body(answer: &[u8], head: &Head) -> Result<Vec<u8>> {
    if head.length.is_some() {
        return Ok(answer[head.start..].to_vec());
    }
    let mut joined = Vec::with_capacity(answer.len());
    chunks(answer, head.start, |chunk| joined.extend_from_slice(chunk))?;
    Ok(joined)
}

/// Walks the chunks; the place after the last, or none while one is missing.
fn chunks(buffer: &[u8], mut at: usize, mut each: impl FnMut(&[u8])) -> Result<Option<usize>> {
    loop {
        let Some(line) = buffer[at..].windows(2).position(|two| two == b"\r\n") else { return Ok(None) };
        let size = std::str::from_utf8(&buffer[at..at + line]).ok();
        let size = size.and_then(|text| text.split(';').next());
        let size = size.and_then(|digits| usize::from_str_radix(digits.trim(), 16).ok());
        let size = size.context("the answer has neither a length nor chunks")?;
        let from = at + line + 2;
        if buffer.len() < from + size + 2 {
            return Ok(None);
        }
        each(&buffer[from..from + size]);
        at = from + size + 2;
        if size == 0 {
            return Ok(Some(at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(buffer: &[u8]) -> Option<Reply> {
        let head = head(buffer).unwrap()?;
        let end = end(buffer, &head).unwrap()?;
        Some(Reply { status: head.status, body: body(&buffer[..end], &head).unwrap() })
    }

    #[test]
    fn an_answer_ends_where_its_length_says() {
        let answer = b"HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nhello";
        for cut in 0..answer.len() {
            assert!(read(&answer[..cut]).is_none(), "complete after {cut} bytes");
        }
        let reply = read(answer).unwrap();
        assert_eq!((reply.status, reply.body.as_slice()), (404, b"hello".as_slice()));
    }

    #[test]
    fn chunks_are_joined() {
        let answer =
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=1\r\nlo\r\n0\r\n\r\n";
        for cut in 0..answer.len() {
            assert!(read(&answer[..cut]).is_none(), "complete after {cut} bytes");
        }
        assert_eq!(read(answer).unwrap().body, b"hello");
    }

    #[test]
    fn a_base_url_is_taken_apart() {
        let base = Base::parse("http://127.0.0.1:80/d/zhiren/").unwrap();
        assert_eq!((base.authority.as_str(), base.prefix.as_str()), ("127.0.0.1:80", "/d/zhiren"));
        assert_eq!(Base::parse("http://127.0.0.1:80").unwrap().prefix, "");
        assert!(Base::parse("https://example.com").is_err());
    }
}

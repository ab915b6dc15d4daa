//! The limit of reading the journal: the same rows of the same SQLite file, written to a socket as they come. No key, no scope, no
//! field compared, nothing escaped: what is left is reading and writing.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
};

use anyhow::{Context as _, Result};
use rusqlite::{Connection, OpenFlags, params};
use tongshi_bench::args::Args;

const ROWS: &str = "SELECT c.seq, c.before, r.doc FROM changes c JOIN records r ON r.id = c.record
    WHERE c.workspace = (SELECT no FROM workspaces WHERE name = ?1) AND c.seq > ?2 ORDER BY c.seq LIMIT ?3";

fn main() -> Result<()> {
    let args = Args::of_process(&["database", "workspace", "listen"], &[])?;
    let (database, workspace) = (args.required("database")?, args.required("workspace")?);
    let listener = TcpListener::bind(args.required("listen")?)?;
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    for stream in listener.incoming() {
        let stream = stream?;
        stream.set_nodelay(true)?;
        // A reader that hangs up has had enough.
        if let Err(error) = serve(&connection, workspace, &stream) {
            eprintln!("a connection ended: {error:#}");
        }
    }
    Ok(())
}

/// Answers one request after another: `/changes?after=N&limit=M` with a length, `/stream` without.
fn serve(connection: &Connection, workspace: &str, stream: &TcpStream) -> Result<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    while reader.read_line(&mut line)? > 0 {
        let target = line.split(' ').nth(1).context("no request line")?.to_owned();
        line.clear();
        while reader.read_line(&mut line)? > 2 {
            line.clear();
        }
        line.clear();
        let (after, limit) = (number(&target, "after="), number(&target, "limit="));
        if target.starts_with("/stream") {
            return tell(connection, workspace, after, stream);
        }
        let mut page = String::from("[");
        rows(connection, workspace, after, limit, |_, before, doc| {
            page.extend([before, doc, ","]);
            Ok(())
        })?;
        page.push(']');
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", page.len());
        let mut out = stream;
        out.write_all(head.as_bytes())?;
        out.write_all(page.as_bytes())?;
    }
    Ok(())
}

fn tell(connection: &Connection, workspace: &str, after: i64, mut stream: &TcpStream) -> Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")?;
    rows(connection, workspace, after, i64::MAX, |seq, before, doc| {
        let event = format!("event: change\nid: {seq}\ndata: {before}{doc}\n\n");
        Ok(stream.write_all(event.as_bytes())?)
    })
}

fn rows(
    connection: &Connection,
    workspace: &str,
    after: i64,
    limit: i64,
    mut each: impl FnMut(i64, &str, &str) -> Result<()>,
) -> Result<()> {
    let mut statement = connection.prepare_cached(ROWS)?;
    let mut rows = statement.query(params![workspace, after, limit])?;
    while let Some(row) = rows.next()? {
        each(row.get(0)?, row.get_ref(1)?.as_str_or_null()?.unwrap_or("null"), row.get_ref(2)?.as_str()?)?;
    }
    Ok(())
}

fn number(target: &str, name: &str) -> i64 {
    let digits = target.split(['?', '&']).find_map(|pair| pair.strip_prefix(name));
    digits.and_then(|digits| digits.parse().ok()).unwrap_or_default()
}

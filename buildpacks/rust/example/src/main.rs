//! Says how long a dough rises, on 127.0.0.1.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

fn body_of(line: &str) -> Option<String> {
    match line.split(' ').nth(1)? {
        "/health" => Some(format!("ok {}\n", env!("CARGO_PKG_VERSION"))),
        "/" => Some([17, 27].iter().map(|at| format!("{at} °C: {} minutes\n", rise::minutes(*at))).collect()),
        _ => None,
    }
}

fn attend(mut visitor: TcpStream) -> std::io::Result<()> {
    let mut lines = BufReader::new(visitor.try_clone()?).lines();
    let first = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let body = body_of(&first);
    let status = if body.is_some() { "200 OK" } else { "404 Not Found" };
    let text = body.unwrap_or_else(|| "There is no such page.\n".into());
    write!(visitor, "HTTP/1.0 {status}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}")
}

fn main() -> std::io::Result<()> {
    let port = std::env::var("PORT").unwrap_or_else(|_| "8080".into());
    for visitor in TcpListener::bind(format!("127.0.0.1:{port}"))?.incoming() {
        // One that goes away is not our fault.
        let _ = visitor.and_then(attend);
    }
    Ok(())
}

//! Answers as servers send them.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};

use super::*;

/// Reads what a server sends, byte by byte.
fn lines(sent: &[u8]) -> Result<(u16, Vec<String>), Broken> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (mut peer, _) = listener.accept().unwrap();
    let sent = sent.to_vec();
    let sender = std::thread::spawn(move || {
        for byte in sent {
            // Whoever reads may have seen enough.
            let _ = peer.write_all(&[byte]);
        }
    });
    let mut answer = Answer::new(Wire::Plain(stream));
    answer.head(&|| true)?;
    let mut lines = Vec::new();
    loop {
        match answer.line()? {
            Next::Line(line) => lines.push(line),
            Next::Nothing => {}
            Next::End => break,
        }
    }
    sender.join().unwrap();
    Ok((answer.status, lines))
}

#[test]
fn every_framing() {
    let expected = (200, vec!["one".to_owned(), String::new(), "two".to_owned()]);
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
        6\r\none\n\nt\r\n3;x=y\r\nwo\n\r\n0\r\nx: y\r\n\r\n";
    assert_eq!(lines(chunked).unwrap(), expected);
    let length = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\none\n\ntwo\nand more";
    assert_eq!(lines(length).unwrap(), expected);
    assert_eq!(
        lines(b"HTTP/1.0 200 OK\r\n\r\none\n\ntwo\n").unwrap(),
        expected
    );
}

#[test]
fn what_is_no_answer_is_told() {
    for sent in [
        b"".as_slice(),
        b"SSH-2.0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nless\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab!\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n",
    ] {
        let text = String::from_utf8_lossy(sent);
        let answer = lines(sent);
        assert!(
            matches!(answer, Err(Broken::Failed(_) | Broken::Helped(..))),
            "{text}"
        );
    }
}

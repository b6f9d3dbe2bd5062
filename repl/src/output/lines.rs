//! Standard output in whole lines.

use std::io::{self, Write};

/// How much is gathered before it is written.
const BLOCK: usize = 64 << 10;

/// Gathers output, and hands it on at the end of a line: a sink of the session may write to the same standard output between two of
/// our blocks, and must not come to stand in the midst of a line.
pub struct WholeLines<W: Write> {
    out: W,
    buffer: Vec<u8>,
}

impl<W: Write> WholeLines<W> {
    pub fn new(out: W) -> Self {
        Self {
            out,
            buffer: Vec::with_capacity(BLOCK + 1024),
        }
    }
}

impl<W: Write> Write for WholeLines<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= BLOCK
            && let Some(end) = self.buffer.iter().rposition(|it| *it == b'\n')
        {
            let (lines, _) = self.buffer.split_at(end + 1);
            self.out.write_all(lines)?;
            self.buffer.drain(..=end);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.write_all(&self.buffer)?;
        self.buffer.clear();
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_end_with_a_line() {
        struct Blocks(Vec<Vec<u8>>);
        impl Write for &mut Blocks {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.push(bytes.to_vec());
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut blocks = Blocks(Vec::new());
        let mut lines = WholeLines::new(&mut blocks);
        for n in 0..30_000 {
            writeln!(lines, "line {n}").expect("written");
        }
        lines.flush().expect("written");
        assert!(blocks.0.len() > 2);
        assert!(blocks.0.iter().all(|it| it.ends_with(b"\n")));
        assert_eq!(
            blocks.0.concat().iter().filter(|it| **it == b'\n').count(),
            30_000
        );
    }
}

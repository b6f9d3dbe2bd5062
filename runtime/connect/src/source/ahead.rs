//! Unpacking on a thread of its own, so that it runs beside decoding.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// How much is unpacked at once.
const BLOCK: usize = 256 << 10;
/// How many blocks wait.
const BLOCKS_AHEAD: usize = 3;

/// Reads ahead in another thread. What that thread meets, data, end or error, comes in the same order here. Dropped, it lets the thread end.
pub(super) struct Ahead {
    blocks: Receiver<io::Result<Vec<u8>>>,
    block: Vec<u8>,
    at: usize,
}

impl Ahead {
    /// # Errors
    /// The system gives no thread.
    pub fn new(input: Box<dyn Read + Send>) -> io::Result<Self> {
        let (sender, blocks) = sync_channel(BLOCKS_AHEAD);
        std::thread::Builder::new()
            .name("portent-unpack".to_owned())
            .spawn(move || read_on(input, &sender))?;
        Ok(Self {
            blocks,
            block: Vec::new(),
            at: 0,
        })
    }
}

fn read_on(mut input: Box<dyn Read + Send>, to: &SyncSender<io::Result<Vec<u8>>>) {
    loop {
        let mut block = vec![0; BLOCK];
        let mut filled = 0;
        let mut failed = None;
        // The unpacker gives little at a time.
        while filled < BLOCK {
            match input.read(block.get_mut(filled..).unwrap_or_default()) {
                Ok(0) => break,
                Ok(bytes) => filled += bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        let last = filled < BLOCK;
        block.truncate(filled);
        // Nobody listens any more: the run was stopped, or needs no more input.
        if (filled > 0 && to.send(Ok(block)).is_err()) || last {
            if let Some(error) = failed {
                let _ = to.send(Err(error));
            }
            return;
        }
    }
}

impl Read for Ahead {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at == self.block.len() {
            match self.blocks.recv() {
                Ok(block) => self.block = block?,
                // The thread has ended: so has the input.
                Err(_) => return Ok(0),
            }
            self.at = 0;
        }
        let left = self.block.get(self.at..).unwrap_or_default();
        let bytes = left.len().min(out.len());
        if let (Some(to), Some(from)) = (out.get_mut(..bytes), left.get(..bytes)) {
            to.copy_from_slice(from);
        }
        self.at += bytes;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Read};

    use super::{Ahead, BLOCK};

    /// So many bytes, a few at a time, and then an error or the end.
    struct Input(usize, usize, Option<io::ErrorKind>);

    impl Read for Input {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let bytes = self.0.min(self.1).min(out.len());
            if let (0, Some(kind)) = (bytes, self.2) {
                return Err(kind.into());
            }
            for (place, at) in out.iter_mut().take(bytes).zip((0..=self.0).rev()) {
                *place = at as u8;
            }
            self.0 -= bytes;
            Ok(bytes)
        }
    }

    #[test]
    fn everything_comes_in_order_and_then_the_end_or_the_error() {
        for total in [0, 1, 1_000, BLOCK - 1, BLOCK, BLOCK + 1, 5 * BLOCK + 7] {
            for kind in [None, Some(io::ErrorKind::UnexpectedEof)] {
                let mut expected = Vec::new();
                let _ = Input(total, 4_099, None).read_to_end(&mut expected);
                let mut found = Vec::new();
                let mut ahead = Ahead::new(Box::new(Input(total, 4_099, kind))).unwrap();
                let ended = ahead.read_to_end(&mut found);
                assert_eq!(ended.err().map(|error| error.kind()), kind);
                assert!(found == expected, "{total} bytes");
            }
        }
    }

    #[test]
    fn it_can_be_left_in_the_midst() {
        let mut ahead = Ahead::new(Box::new(Input(50 * BLOCK, BLOCK, None))).unwrap();
        assert_eq!(ahead.read(&mut [0; 10]).unwrap(), 10);
    }
}

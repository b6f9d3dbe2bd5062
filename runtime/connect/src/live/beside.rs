//! A source whose reading nobody can break off: standard input. It is read on a thread of its own, so that a stop doesn't wait for it.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};

use portent_grammar::codes::input as codes;

use super::{BATCH_ROWS, GLANCE, Run};
use crate::batch::{Batch, Progress, Source};
use crate::error::ConnectError;

type Message = (Batch, Result<Progress, ConnectError>);

pub(super) fn run(run: &Run<'_>, source: Box<dyn Source>) -> Result<(), ConnectError> {
    let names: Vec<Arc<str>> = source.files().to_vec();
    let (sender, batches) = sync_channel(1);
    std::thread::Builder::new()
        .name("portent-stdin".to_owned())
        .spawn(move || read(source, &sender))
        .map_err(|error| {
            let message = format!("the system gives no thread to read standard input: {error}");
            ConnectError::new(codes::READ_FAILED, message)
        })?;
    while !run.is_over() {
        match batches.recv_timeout(GLANCE) {
            Ok((batch, result)) => {
                run.give(batch, &names);
                if result? == Progress::End {
                    break;
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    Ok(())
}

/// Ends with the input, or, after a stop, when the next line comes.
fn read(mut source: Box<dyn Source>, to: &SyncSender<Message>) {
    loop {
        let mut batch = Batch::new();
        let result = source.next_batch(&mut batch, BATCH_ROWS);
        let last = !matches!(result, Ok(Progress::More));
        if to.send((batch, result)).is_err() || last {
            return;
        }
    }
}

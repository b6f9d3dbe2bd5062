//! Order and lateness (semantics 1).

use super::model::{Arrival, Row, Stream};

/// The rows that queries over these streams see, in their order, and the watermark at the end of the input.
pub struct Ordered {
    pub rows: Vec<Row>,
    /// The least watermark of the streams (1.4).
    pub watermark: i64,
    /// How many events were late.
    pub late: usize,
}

/// Drops late events (1.2) and sorts the others by time, ties by arrival (1.1).
pub fn in_order(streams: &[Stream], arrivals: &[Arrival]) -> Ordered {
    let mut watermarks = vec![i64::MIN; streams.len()];
    let mut rows = Vec::new();
    let mut late = 0;
    for (seq, arrival) in arrivals.iter().enumerate() {
        match arrival {
            Arrival::Clock(time) => watermarks
                .iter_mut()
                .for_each(|watermark| *watermark = (*watermark).max(*time)),
            Arrival::Event {
                stream,
                time,
                values,
            } => {
                let watermark = &mut watermarks[*stream];
                if time < watermark {
                    late += 1;
                    continue;
                }
                *watermark = (*watermark).max(time.saturating_sub(streams[*stream].lateness));
                rows.push(Row {
                    stream: *stream,
                    time: *time,
                    seq,
                    values: values.clone(),
                });
            }
        }
    }
    rows.sort_by_key(|row| (row.time, row.seq));
    Ordered {
        rows,
        watermark: watermarks.into_iter().min().unwrap_or(i64::MIN),
        late,
    }
}

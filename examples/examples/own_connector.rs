//! Connectors of a program's own: events from a sensor that nobody else knows, alerts into a channel.
//!
//! `cargo run -p portent-examples --example own_connector`

use std::ops::ControlFlow;
use std::sync::mpsc::{Sender, channel};

use portent::{OwnConnector, RowSink, RowSource, Rows, Session, SinkRow, Value, connect::Progress};

/// Measures once a minute. A real one would ask a device.
struct Sensor {
    minute: i64,
    last: i64,
}

impl RowSource for Sensor {
    fn next(&mut self, rows: &mut Rows<'_>) -> Result<Progress, String> {
        while rows.room() > 0 {
            if self.minute == self.last {
                return Ok(Progress::End);
            }
            let celsius = if (30..33).contains(&self.minute) {
                95.5
            } else {
                61.0
            };
            rows.push([
                (
                    "ts",
                    Value::text(format!("2026-01-31 10:{:02}:00Z", self.minute)),
                ),
                ("celsius", Value::Float(celsius)),
            ]);
            self.minute += 1;
        }
        Ok(Progress::More)
    }
}

/// Sends each alert on, with the identity of its match, so that one that comes twice can be told.
struct Alerts(Sender<String>);

impl RowSink for Alerts {
    fn write(&mut self, row: &SinkRow<'_>) -> Result<(), String> {
        let text = format!(
            "{} ({:032x})",
            row.to_json(),
            row.match_id.unwrap_or_default()
        );
        self.0
            .send(text)
            .map_err(|_| "has nobody who listens".to_owned())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (alerts, told) = channel();
    let sensor = OwnConnector::new("sensor")
        .option("minutes", "how long it measures")
        .ends();
    let sensor = sensor.source(|options| match options.get("minutes") {
        Some(Value::Int(last @ 1..=60)) => Ok(Box::new(Sensor {
            minute: 0,
            last: *last,
        })),
        _ => Err("needs the option 'minutes', from 1 to 60".to_owned()),
    });
    let channel = OwnConnector::new("channel").sink(move |_| Ok(Box::new(Alerts(alerts.clone()))));

    let mut session = Session::builder()
        .connector(sensor)?
        .connector(channel)?
        .build();
    session.run(
        "CREATE STREAM boiler (ts TIMESTAMP, celsius DOUBLE) WITH (connector = 'sensor', minutes = 60);
         CREATE SINK alerts WITH (connector = 'channel');
         CREATE QUERY overheated INTO alerts AS
         SELECT FIRST(hot.ts) AS since, MAX(hot.celsius) AS most
         FROM   boiler
         MATCH  (hot[celsius > 90]{3})
         WITHIN 10 MINUTES;",
    )?;
    session.run_to_end(&mut |_| ControlFlow::Continue(()))?;
    drop(session);
    for alert in told {
        println!("{alert}");
    }
    Ok(())
}

//! The daemon's sources: those of all streams that standing queries read, and the log of what they tell.

use std::sync::Arc;

use portent_connect::live::Event;

use super::app::{App, Phase};
use super::failure::Failure;
use crate::sources::{OnSourceNews, SourceNews};

/// Starts what is wanted now and does not run, and stops what is not wanted any more: while events are taken.
pub(crate) async fn follow(app: &App) -> Result<(), Failure> {
    if app.phase() != Phase::Ready {
        return Ok(());
    }
    let wanted = app.insist(|session| session.wanted_sources()).await?;
    let on: OnSourceNews = Arc::new(log);
    app.sources.follow(wanted, &app.handle, &on);
    Ok(())
}

fn log(stream: &str, news: SourceNews) {
    match news {
        SourceNews::Event(event) => log_event(stream, &event),
        SourceNews::Rejected(first) => {
            tracing::warn!(%stream, line = first.line, error = %first.message, "the first row of its source that can't be read");
        }
        SourceNews::CantBegin(error, retry) => {
            tracing::error!(%stream, %error, ?retry, "its source can't begin");
        }
        SourceNews::GoesOn(error, retry) => {
            tracing::error!(%stream, %error, ?retry, "its source has failed, and goes on where it was");
        }
        SourceNews::Afresh => {
            tracing::warn!(%stream, "its source has other options than before, and is read from its beginning");
        }
        SourceNews::Failed(error) => tracing::error!(%stream, %error, "its source has failed"),
        SourceNews::NotTaken(error) => {
            tracing::error!(%stream, %error, "its events are not taken");
        }
        SourceNews::Ended => tracing::info!(%stream, "its source has ended"),
        SourceNews::NoThread(error) => {
            tracing::error!(%stream, %error, "its source has no thread");
        }
        SourceNews::Panicked => tracing::error!(%stream, "its source ended in a panic"),
    }
}

fn log_event(stream: &str, event: &Event) {
    match event {
        Event::Listening { address } => {
            tracing::info!(%stream, %address, "its source listens");
        }
        Event::Connected { peer } => tracing::info!(%stream, peer, "a producer is there"),
        Event::Disconnected { peer, rows } => {
            tracing::info!(%stream, peer, rows, "a producer has gone");
        }
        Event::Opened { file } => tracing::info!(%stream, file, "a file is read"),
        Event::Rotated { file } => tracing::info!(%stream, file, "a file was rotated"),
        Event::Missed { file, why } => tracing::warn!(%stream, file, why, "rows may be missing"),
        Event::Failed { error } => {
            tracing::warn!(%stream, %error, "a part of its source failed");
        }
        other => tracing::info!(%stream, event = ?other),
    }
}

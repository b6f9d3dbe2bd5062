//! Accepts connections, with bounds: how many at once, and how long the head of a request may take. TLS where it is asked for.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::app::stopped;
use super::config::Limits;

/// What makes a plain connection a private one.
#[cfg(feature = "tls")]
pub(crate) type Tls = Option<tokio_rustls::TlsAcceptor>;
#[cfg(not(feature = "tls"))]
pub(crate) type Tls = Option<std::convert::Infallible>;

/// Serves until it is told to stop, then lets the requests at hand come to their end.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    limits: &Limits,
    tls: Tls,
    mut stop: watch::Receiver<bool>,
) {
    let slots = Arc::new(Semaphore::new(limits.connections.max(1)));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &slots) => accepted,
            () = stopped(&mut stop) => break,
        };
        // Those that have ended are not kept.
        while connections.try_join_next().is_some() {}
        let (stream, _, slot) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                // Too many open files, say: they do not close faster by asking again at once.
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                continue;
            }
        };
        // Without TLS there is nothing in it, which clippy would have copied.
        #[allow(clippy::clone_on_copy)]
        let (router, stop, tls) = (router.clone(), stop.clone(), tls.clone());
        let header_timeout = limits.header_timeout.0;
        connections.spawn(async move {
            let _slot = slot;
            let _ = stream.set_nodelay(true);
            match tls {
                None => connection(stream, router, header_timeout, stop).await,
                #[cfg(feature = "tls")]
                Some(tls) => {
                    let shaken = tokio::time::timeout(header_timeout, tls.accept(stream)).await;
                    match shaken {
                        Ok(Ok(stream)) => connection(stream, router, header_timeout, stop).await,
                        Ok(Err(error)) => tracing::debug!(%error, "no TLS connection came about"),
                        Err(_) => tracing::debug!("no TLS connection came about in time"),
                    }
                }
                #[cfg(not(feature = "tls"))]
                Some(never) => match never {},
            }
        });
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

type Accepted = (TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit);

async fn accept(listener: &TcpListener, slots: &Arc<Semaphore>) -> io::Result<Accepted> {
    let slot = Arc::clone(slots).acquire_owned().await;
    let slot = slot.map_err(|_| io::Error::other("the listener is closed"))?;
    let (stream, from) = listener.accept().await?;
    Ok((stream, from, slot))
}

async fn connection<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    router: Router,
    header_timeout: std::time::Duration,
    mut stop: watch::Receiver<bool>,
) {
    let service = TowerToHyperService::new(router);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(header_timeout)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::pin!(connection);
    tokio::select! {
        result = connection.as_mut() => ended(result),
        () = stopped(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            ended(connection.await);
        }
    }
}

fn ended(result: Result<(), hyper::Error>) {
    if let Err(error) = result {
        // The peer's doing, mostly.
        tracing::debug!(%error, "a connection ended badly");
    }
}

/// Reads certificate and key.
///
/// # Errors
/// One sentence.
#[cfg(feature = "tls")]
pub(crate) fn tls(config: &super::config::TlsConfig) -> Result<Tls, String> {
    use tokio_rustls::rustls;
    use tokio_rustls::rustls::pki_types::pem::PemObject as _;
    use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

    let (cert, key) = (config.cert.display(), config.key.display());
    let chain = CertificateDer::pem_file_iter(&config.cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| format!("the certificate '{cert}' can't be read: {error}"))?;
    if chain.is_empty() {
        return Err(format!("there is no certificate in '{cert}'"));
    }
    let key = PrivateKeyDer::from_pem_file(&config.key)
        .map_err(|error| format!("the key '{key}' can't be read: {error}"))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|it| it.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|error| format!("certificate and key do not go together: {error}"))?;
    Ok(Some(tokio_rustls::TlsAcceptor::from(Arc::new(server))))
}

/// This build knows no TLS.
///
/// # Errors
/// Always.
#[cfg(not(feature = "tls"))]
pub(crate) fn tls(_: &super::config::TlsConfig) -> Result<Tls, String> {
    Err("this build knows no TLS: build with the feature `tls`".to_owned())
}

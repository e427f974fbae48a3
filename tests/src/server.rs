use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
};

use anyhow::{Context as _, Result, ensure};
use axum::{
    Router,
    extract::Request,
    middleware::{self, Next},
};
use http::{HeaderValue, header::CACHE_CONTROL};
use tokio::{net::TcpListener, runtime::Builder, sync::oneshot};
use tower_http::{services::ServeDir, set_header::SetResponseHeaderLayer};

/// What a [`Server`] serves.
#[derive(Clone, Debug)]
pub struct Site {
    folder: PathBuf,
    /// Other folders, and where they appear: names without slashes at either end.
    others: BTreeMap<String, PathBuf>,
    base: String,
}

impl Site {
    /// The files of a folder, at the root of the server.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), others: BTreeMap::new(), base: "/".to_owned() }
    }

    /// Serves `model/` from another folder.
    pub fn with_model(self, folder: impl Into<PathBuf>) -> Self {
        self.with_folder("model", folder)
    }

    /// Serves what is below a path, such as `some/where`, from another folder; of two for one path, from the last.
    pub fn with_folder(mut self, path: &str, folder: impl Into<PathBuf>) -> Self {
        self.others.insert(path.trim_matches('/').to_owned(), folder.into());
        self
    }

    /// Serves everything below a path, such as `/some/where/`.
    pub fn with_base(mut self, base: &str) -> Self {
        let inner = base.trim_matches('/');
        self.base = if inner.is_empty() { "/".to_owned() } else { format!("/{inner}/") };
        self
    }

    /// The file that is served at a path, such as `/some/where/file.js`.
    pub fn file(&self, path: &str) -> PathBuf {
        let path = path.strip_prefix(&self.base).unwrap_or(path);
        let within = |name: &str| path.strip_prefix(name)?.strip_prefix('/');
        self.others
            .iter()
            .find_map(|(name, folder)| within(name).map(|rest| folder.join(rest)))
            .unwrap_or_else(|| self.folder.join(path))
    }

    fn router(&self, requests: Requests) -> Router {
        let mut site = Router::new().fallback_service(ServeDir::new(&self.folder));
        for (path, folder) in &self.others {
            site = site.nest_service(&format!("/{path}"), ServeDir::new(folder));
        }
        let site = match self.base.as_str() {
            "/" => site,
            base => Router::new().nest(base, site),
        };
        // As a host should do it for everything without a hash in its name: keep, but ask.
        let site = site.layer(SetResponseHeaderLayer::overriding(CACHE_CONTROL, HeaderValue::from_static("no-cache")));
        site.layer(middleware::from_fn(move |request: Request, next: Next| {
            let path = request.uri().path().to_owned();
            requests.lock().unwrap_or_else(PoisonError::into_inner).push(path);
            next.run(request)
        }))
    }
}

/// The paths that were asked for.
type Requests = Arc<Mutex<Vec<String>>>;

/// A static file server on this machine; dropping it closes its port and all connections.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    base: String,
    requests: Requests,
    // Both are None only while the server is being dropped.
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves a site on a port; 0 stands for any free one.
    pub fn start(site: &Site, port: u16) -> Result<Self> {
        ensure_folder(&site.folder)?;
        for folder in site.others.values() {
            ensure_folder(folder)?;
        }
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .with_context(|| format!("port {port} cannot be used: choose another one"))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let requests = Requests::default();
        let router = site.router(requests.clone());
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        // A thread of its own, since a runtime may not be dropped within another one, such as a test's.
        let thread = thread::spawn(move || {
            runtime.spawn(async move { axum::serve(TcpListener::from_std(listener)?, router).await });
            // Ends when the sender is dropped; the runtime then drops the port and all connections.
            let _ = runtime.block_on(stopped);
        });
        Ok(Self { address, base: site.base.clone(), requests, stop: Some(stop), thread: Some(thread) })
    }

    /// Where the site is.
    pub fn url(&self) -> String {
        // Not 127.0.0.1: people read this line, and both are secure contexts.
        format!("http://localhost:{}{}", self.address.port(), self.base)
    }

    /// Every path that was asked for so far, by pages and workers alike.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The port it listens on, to start another server there.
    pub fn port(&self) -> u16 {
        self.address.port()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // If it panicked, it serves no more either.
            let _ = thread.join();
        }
    }
}

fn ensure_folder(folder: &Path) -> Result<()> {
    ensure!(folder.is_dir(), "{} is not a folder: `make dist` builds dist/", folder.display());
    Ok(())
}

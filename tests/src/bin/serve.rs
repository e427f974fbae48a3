//! Serves a built app on this machine.

use std::{convert::Infallible, path::PathBuf, process::ExitCode, thread};

use anyhow::Result;
use clap::Parser;
use undertone_tests::{Server, Site};

/// Serve a folder of static files at http://localhost
#[derive(Parser)]
struct Arguments {
    /// The folder to serve
    #[arg(default_value = "dist")]
    folder: PathBuf,
    /// The port to listen on
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Serve below this path, as a host does that gives each project a folder
    #[arg(long, default_value = "/")]
    base: String,
    /// Serve model/ from another folder
    #[arg(long)]
    model: Option<PathBuf>,
}

fn main() -> ExitCode {
    let Err(error) = serve(Arguments::parse());
    eprintln!("error: {error:#}");
    ExitCode::FAILURE
}

fn serve(arguments: Arguments) -> Result<Infallible> {
    let mut site = Site::new(arguments.folder).with_base(&arguments.base);
    if let Some(model) = arguments.model {
        site = site.with_model(model);
    }
    let server = Server::start(&site, arguments.port)?;
    eprintln!("Undertone is at {} (Ctrl+C stops it).", server.url());
    loop {
        thread::park();
    }
}

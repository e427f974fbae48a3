//! Undertone beside its peers in a browser, each on a fresh page of a fresh browser, round by round; and the texts that
//! all of them read. `make bench` runs it; the pages are in `tests/bench`.

mod contender;
mod measured;
mod page;
mod round;
mod table;
mod texts;

use anyhow::Result;
use clap::Parser;

/// Measure Undertone beside its peers in a browser
#[derive(Parser)]
enum Command {
    /// Pick texts, and write them with their tokens
    Texts(texts::Arguments),
    /// Run the contenders, and print what was measured
    Run(round::Arguments),
    /// Work on a large file, and print what the page's thread had to do meanwhile
    Page(page::Arguments),
}

#[tokio::main]
async fn main() -> Result<()> {
    match Command::parse() {
        Command::Texts(arguments) => texts::write(&arguments),
        Command::Run(arguments) => round::run(&arguments).await,
        Command::Page(arguments) => page::run(&arguments).await,
    }
}

//! The page with a large file: what its thread has to do while somebody works.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};
use undertone_core::{Bundle, Manifest};
use undertone_tests::{Page, Screen, Site};

/// What `bench page` is told.
#[derive(Args)]
pub struct Arguments {
    /// How many rows the file has
    #[arg(long, default_value_t = 100_000)]
    rows: u32,
    /// The built app
    #[arg(long, value_name = "DIR", default_value = "dist")]
    dist: PathBuf,
    /// The labels
    #[arg(long, value_name = "FILE", default_value = "public/label-sets/goemotions.json")]
    labels: PathBuf,
}

/// What was seen of the page's thread.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Seen {
    took: f64,
    long_tasks: u32,
    longest: f64,
    picture95: f64,
}

/// What somebody does, as a script that ends when it is done.
const DEEDS: [(&str, &str); 6] = [
    (
        "slider, 120 steps in 2 s",
        "const slider = document.querySelector('[data-testid=threshold]');
        for (let step = 0; step < 120; step++) {
            slider.value = 0.1 + 0.6 * Math.abs(Math.sin(step / 19));
            slider.dispatchEvent(new Event('input', { bubbles: true }));
            await new Promise(resolve => setTimeout(resolve, 16));
        }
        await counted();",
    ),
    (
        "scroll, 120 steps in 2 s",
        "const grid = document.querySelector('[data-testid=table]');
        for (let step = 0; step < 120; step++) {
            grid.scrollTop += step < 60 ? 900 : 40000;
            await new Promise(requestAnimationFrame);
        }",
    ),
    (
        "sort by a label",
        "const sort = document.querySelector('[data-testid=sort]');
        sort.value = [...sort.options].find(option => option.value.startsWith('label-')).value;
        sort.dispatchEvent(new Event('change', { bubbles: true }));
        await counted();",
    ),
    (
        "find in the texts",
        "const find = document.querySelector('[data-testid=filter]');
        for (const text of ['9', '99', '999']) {
            find.value = text;
            find.dispatchEvent(new Event('input', { bubbles: true }));
            await new Promise(resolve => setTimeout(resolve, 80));
        }
        await counted();
        find.value = '';
        find.dispatchEvent(new Event('input', { bubbles: true }));
        await counted();",
    ),
    (
        "another label",
        "const add = document.querySelector('[data-testid=label-add]');
        add.value = 'wistful relief';
        add.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
        await counted();",
    ),
    (
        "export as CSV",
        "const create = URL.createObjectURL;
        await new Promise(resolve => {
            URL.createObjectURL = blob => { URL.createObjectURL = create; resolve(); return create.call(URL, blob); };
            document.querySelector('[data-testid=export-csv]').click();
        });",
    ),
];

/// Runs `bench page`.
pub async fn run(arguments: &Arguments) -> Result<()> {
    let manifest = arguments.dist.join("model").join(Bundle::MANIFEST);
    let manifest = Manifest::from_json(&std::fs::read(&manifest).with_context(|| manifest.display().to_string())?)?;
    let labels = std::fs::read_to_string(&arguments.labels).with_context(|| arguments.labels.display().to_string())?;
    let labels: Value = serde_json::from_str(&labels)?;
    let bench = concat!(env!("CARGO_MANIFEST_DIR"), "/bench");
    let site = Site::new(&arguments.dist).with_folder("bench", bench);
    let page = Page::open_site(site, Screen::Desktop).await?.until_ready().await?;
    let file = json!({
        "rows": arguments.rows,
        "dim": manifest.encoder.hidden,
        "digest": manifest.file(Bundle::WEIGHTS)?.sha256,
        "base": labels,
    });
    let prepare = format!(
        "return import(new URL('bench/page.js', document.baseURI)).then(({{ prepare }}) => prepare({file})).then(() => true);"
    );
    page.browser().set_patience(300_000).await?;
    page.ask::<bool>(&prepare).await?;
    let began = std::time::Instant::now();
    page.reload().await?;
    page.wait_until_ready().await?;
    page.go_to("File").await?;
    page.wait("the file is back", async || {
        let back: bool = page
            .ask(
                "return Boolean(document.querySelector('[data-testid=row]'))
                    && !document.querySelector('[data-testid=progress]');",
            )
            .await?;
        Ok(back.then_some(()))
    })
    .await?;
    println!("{} rows: back after a reload, with scores, in {:.1} s", arguments.rows, began.elapsed().as_secs_f64());
    println!("| what | took | tasks over 50 ms | longest | 95 % of pictures within |");
    println!("|---|---|---|---|---|");
    for (name, deed) in DEEDS {
        let script = format!(
            "const rest = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds));
            const counted = async () => {{
                const shown = () => document.querySelector('[data-testid=counts]').textContent
                    + document.querySelector('[data-testid=table]').getAttribute('aria-rowcount')
                    + document.querySelector('[data-testid=row]')?.dataset.id;
                let before = shown();
                for (let still = 0; still < 6;) {{
                    await rest(50);
                    const now = shown();
                    still = now === before ? still + 1 : 0;
                    before = now;
                }}
            }};
            return import(new URL('bench/page.js', document.baseURI))
                .then(({{ watch }}) => watch(async () => {{ {deed} }}));"
        );
        let Seen { took, long_tasks, longest, picture95 } = page.ask(&script).await?;
        println!("| {name} | {took:.0} ms | {long_tasks} | {longest:.0} ms | {picture95:.1} ms |");
    }
    Ok(())
}

use anyhow::{Result, ensure};
use serde::Deserialize;
use undertone_tests::{Page, fixture};

/// What the engine of a module says of a text, by its public interface.
#[derive(Deserialize)]
struct Said {
    kernels: String,
    vectors: Vec<f32>,
}

/// Chromium has relaxed SIMD, so it gets the worker that was built for it; and both builds say the very same.
#[tokio::test]
async fn both_builds_of_the_engine_say_the_same() -> Result<()> {
    let page = Page::open().await?;
    let worker: String = page.ask("return document.querySelector('meta[name=undertone-worker]').content;").await?;
    ensure!(worker.ends_with("worker-relaxed_loader.js"), "the page runs {worker}");

    let mut said = Vec::new();
    for module in ["worker-relaxed.js", "worker.js"] {
        let address = worker.replace("worker-relaxed_loader.js", module);
        let script = format!(
            "return (async () => {{
               const engine = await import(new URL('{address}', document.baseURI));
               await engine.default();
               const undertone = await engine.Undertone.load('model/manifest.json');
               const {{ vectors }} = undertone.encode(['I am so happy that you came!', 'no']);
               return {{ kernels: undertone.kernels, vectors: Array.from(vectors) }};
             }})();"
        );
        said.push(page.ask::<Said>(&script).await?);
    }
    ensure!(said[0].kernels.starts_with("relaxed SIMD") && said[1].kernels == "SIMD", "{}", said[0].kernels);
    ensure!(said[0].vectors == said[1].vectors, "the two builds disagree");
    let golden = &fixture::golden()?[0].vectors[0];
    ensure!(said[0].vectors[..golden.len()] == golden[..], "the browser's vector is not the native one");
    Ok(())
}

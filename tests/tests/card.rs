//! The model's card shows the figures of the model that is shipped, not of one before it.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};
use undertone_core::{Bundle, Manifest};

/// The columns: a metric's name in the manifest, and its heading.
const METRICS: [(&str, &str); 9] = [
    ("map", "mAP"),
    ("auroc", "AUROC"),
    ("macro_f1", "macro F1"),
    ("micro_f1", "micro F1"),
    ("jaccard", "Jaccard"),
    ("ece", "ECE"),
    ("accuracy", "accuracy"),
    ("valence_r", "valence r"),
    ("arousal_r", "arousal r"),
];

#[test]
fn the_card_has_the_manifests_figures() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let Ok(manifest) = fs::read(root.join("public/model").join(Bundle::MANIFEST)) else {
        eprintln!("skipped: public/model holds no model");
        return Ok(());
    };
    let expected = table(&Manifest::from_json(&manifest)?)?;
    let card = fs::read_to_string(root.join("public/model/README.md")).context("public/model/README.md")?;
    assert!(card.contains(&expected), "public/model/README.md should have this table:\n\n{expected}");
    Ok(())
}

fn table(manifest: &Manifest) -> Result<String> {
    let headings: Vec<&str> = METRICS.iter().map(|(_, heading)| *heading).collect();
    let mut table = format!("| set | rows | {} |\n|---|---{}|\n", headings.join(" | "), "|---".repeat(METRICS.len()));
    for (set, figures) in manifest.metrics.iter().filter(|(_, figures)| figures["rows"].is_u64()) {
        let cells = METRICS.iter().map(|(metric, _)| match figures[*metric].as_f64() {
            Some(figure) => format!("{figure:.3}"),
            None => String::new(),
        });
        let cells: Vec<String> = cells.collect();
        table += &format!("| {set} | {} | {} |\n", figures["rows"], cells.join(" | "));
    }
    let fidelity = &manifest.metrics["int8_cosine"]["mean"];
    let fidelity = fidelity.as_f64().context("the manifest does not say what int8 costs")?;
    Ok(table + &format!("\nMean cosine of the int8 student's vectors to the f32 one's: {fidelity:.4}.\n"))
}

//! The last step of `trunk build --release`, run by its `post_build` hook on the staged files.
//!
//! It optimises the WebAssembly, moves the workers to a folder named after their contents (Trunk
//! gives workers no hash, so a browser could pair an old worker with a new page), writes where
//! the workers are and what this build is called into `index.html`, lists the files of the shell
//! in `sw.js`, and refuses a build that has grown too large.

use std::{
    collections::BTreeMap,
    env, fs,
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use anyhow::{Context as _, Result, bail, ensure};
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest as _, Sha256};

/// The most that each WebAssembly file may weigh, gzipped, in bytes; it holds without wasm-opt too. A ceiling is for accidents, such
/// as the encoder in the page: it leaves room for a page more.
const PAGE_CEILING: usize = 1_200_000;

/// The workers with their ceilings: the engine for every browser and for those with relaxed SIMD, and the scoring worker.
const WORKERS: [(&str, usize); 3] = [("worker", 1_500_000), ("worker-relaxed", 1_500_000), ("scoring", 600_000)];

/// What Trunk writes for a worker, and must stay together: its imports are relative.
fn worker_files(worker: &str) -> [String; 3] {
    [format!("{worker}.js"), worker_wasm(worker), format!("{worker}_loader.js")]
}

fn worker_wasm(worker: &str) -> String {
    format!("{worker}_bg.wasm")
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("postbuild: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    // `trunk serve` needs none of this, and offline copies would only get in its way.
    if env::var("TRUNK_PROFILE").as_deref() != Ok("release") {
        return Ok(());
    }
    let staging = folder("TRUNK_STAGING_DIR")?;
    let template = folder("TRUNK_SOURCE_DIR")?.join("public/sw.js");
    let page_wasm = find_page_wasm(&staging)?;
    optimise(&staging.join(&page_wasm))?;
    weigh("the page", &staging.join(&page_wasm), PAGE_CEILING)?;
    for (worker, ceiling) in WORKERS {
        let wasm = staging.join(worker_wasm(worker));
        optimise(&wasm)?;
        weigh(worker, &wasm, ceiling)?;
    }

    let folder = name_folder(&staging)?;
    let page = staging.join("index.html");
    let mut html = read_text(&page)?;
    for (worker, _) in WORKERS {
        move_worker(&staging, worker, &folder)?;
        html = stamp(&html, &format!("undertone-{worker}"), &format!("{folder}/{worker}_loader.js"))?;
    }
    write(&page, &html)?;

    let build = name_build(&shell_files(&staging)?);
    write(&page, &stamp(&html, "undertone-build", &build)?)?;
    let files = shell_files(&staging)?;
    let service_worker = fill_service_worker(&read_text(&template)?, &build, &files)?;
    write(&staging.join("sw.js"), &service_worker)
}

/// Trunk tells its hooks in the environment where things are.
fn folder(variable: &str) -> Result<PathBuf> {
    env::var_os(variable)
        .map(PathBuf::from)
        .with_context(|| format!("{variable} is not set: `trunk build` runs this program"))
}

/// The page's WebAssembly has a hash in its name.
fn find_page_wasm(staging: &Path) -> Result<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(staging).with_context(|| staging.display().to_string())? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with("_bg.wasm") && !WORKERS.iter().any(|(worker, _)| name == worker_wasm(worker)) {
            found.push(name);
        }
    }
    ensure!(
        found.len() == 1,
        "{}: one *_bg.wasm of the page expected beside the workers', found {found:?}",
        staging.display()
    );
    Ok(found.remove(0))
}

/// Runs wasm-opt, where there is one: a contributor without it gets a larger build. For size: what is fast comes from the
/// compiler, and at -O3 wasm-opt moves values in the product's loop, which costs a tenth of its time in V8.
fn optimise(wasm: &Path) -> Result<()> {
    let status = Command::new("wasm-opt")
        .args([
            "-Os",
            "--enable-bulk-memory",
            "--enable-multivalue",
            "--enable-mutable-globals",
            "--enable-nontrapping-float-to-int",
            "--enable-reference-types",
            "--enable-relaxed-simd",
            "--enable-sign-ext",
            "--enable-simd",
        ])
        .arg(wasm)
        .arg("--output")
        .arg(wasm)
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => bail!("wasm-opt failed on {} ({status})", wasm.display()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            eprintln!("postbuild: no wasm-opt on PATH (npm's binaryen has it): {} stays as it is", wasm.display());
            Ok(())
        }
        Err(error) => Err(error).context("wasm-opt does not start"),
    }
}

fn weigh(what: &str, wasm: &Path, ceiling: usize) -> Result<()> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(&read(wasm)?)?;
    let weight = gzip.finish()?.len();
    eprintln!("postbuild: {what} weighs {weight} bytes gzipped, of {ceiling}");
    ensure!(
        weight <= ceiling,
        "{what} weighs {weight} bytes gzipped, more than the {ceiling} allowed: make it smaller, \
         or raise the ceiling in app/src/bin/postbuild.rs and say why"
    );
    Ok(())
}

/// A folder for the workers' files, named after their contents.
fn name_folder(staging: &Path) -> Result<String> {
    let mut digest = Sha256::new();
    for name in WORKERS.iter().flat_map(|(worker, _)| worker_files(worker)) {
        digest.update(read(&staging.join(name))?);
    }
    Ok(format!("w/{}", short(&digest.finalize())))
}

fn move_worker(staging: &Path, worker: &str, folder: &str) -> Result<()> {
    fs::create_dir_all(staging.join(folder)).with_context(|| folder.to_owned())?;
    for name in worker_files(worker) {
        let to = staging.join(folder).join(&name);
        fs::rename(staging.join(name), &to).with_context(|| to.display().to_string())?;
    }
    Ok(())
}

/// Sets the content of `<meta name="...">`.
fn stamp(html: &str, name: &str, content: &str) -> Result<String> {
    let opening = format!("<meta name=\"{name}\"");
    let start = html.find(&opening).with_context(|| format!("index.html has no {opening} content=\"\">"))?;
    let end = html[start..].find('>').with_context(|| format!("index.html: {opening} is not closed"))?;
    Ok(format!("{}{opening} content=\"{content}\"{}", &html[..start], &html[start + end..]))
}

/// The files of the shell with their hashes: everything but the service worker itself and the
/// model, which the worker keeps in a cache of its own.
fn shell_files(staging: &Path) -> Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        let path = staging.join(&folder);
        for entry in fs::read_dir(&path).with_context(|| path.display().to_string())? {
            let entry = entry?;
            let name = format!("{folder}{}", entry.file_name().to_string_lossy());
            if entry.file_type()?.is_dir() {
                if name != "model" {
                    folders.push(format!("{name}/"));
                }
            } else if name != "sw.js" {
                files.insert(name, short(&Sha256::digest(read(&entry.path())?)));
            }
        }
    }
    Ok(files)
}

fn name_build(files: &BTreeMap<String, String>) -> String {
    let mut digest = Sha256::new();
    for (name, hash) in files {
        digest.update(format!("{name} {hash}\n"));
    }
    short(&digest.finalize())
}

/// Writes the build's name and the shell's files into the template.
fn fill_service_worker(template: &str, build: &str, files: &BTreeMap<String, String>) -> Result<String> {
    let listed: BTreeMap<&str, &str> =
        files.iter().map(|(name, hash)| (if name == "index.html" { "./" } else { name }, &**hash)).collect();
    let mut filled = template.to_owned();
    for (placeholder, value) in
        [("\"{{build}}\"", serde_json::to_string(build)?), ("{/* files */}", serde_json::to_string_pretty(&listed)?)]
    {
        ensure!(filled.matches(placeholder).count() == 1, "public/sw.js must contain {placeholder} once");
        filled = filled.replace(placeholder, &value);
    }
    Ok(filled)
}

/// The first 128 bits of a hash, in hexadecimal.
fn short(digest: &[u8]) -> String {
    digest[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| path.display().to_string())
}

fn read_text(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| path.display().to_string())
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_a_meta_whatever_it_held() {
        for content in ["", " content", " content=\"\"", " content=\"old\""] {
            let html = format!("<head><meta name=\"a\"{content}><title>t</title>");
            let stamped = stamp(&html, "a", "new").unwrap();
            assert_eq!(stamped, "<head><meta name=\"a\" content=\"new\"><title>t</title>");
        }
        assert!(stamp("<head>", "a", "new").is_err());
    }

    #[test]
    fn the_service_worker_lists_the_page_by_its_address() {
        let template = "const BUILD = \"{{build}}\"; const FILES = {/* files */};";
        let files = BTreeMap::from([("index.html".to_owned(), "1f".to_owned())]);
        let filled = fill_service_worker(template, "b", &files).unwrap();
        assert_eq!(filled, "const BUILD = \"b\"; const FILES = {\n  \"./\": \"1f\"\n};");
        assert!(fill_service_worker("", "b", &files).is_err());
    }

    #[test]
    fn a_build_is_named_after_all_its_files() {
        let one = BTreeMap::from([("a".to_owned(), "1".to_owned())]);
        let other = BTreeMap::from([("a".to_owned(), "2".to_owned())]);
        assert_ne!(name_build(&one), name_build(&other));
        assert_eq!(name_build(&one).len(), 32);
    }
}

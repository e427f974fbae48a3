//! From the address of a manifest to a model that works.

use undertone_core::{Bundle, Encoder, Error, Manifest};
use web_sys::Url;

use super::digest::sha256;
use super::download::fetch;
use super::store::{Copy, Store};
use crate::browser::{describe, now};
use crate::wire::{BrowserErrorKind, Progress, Report, Stage};

/// A model in working order.
pub struct Loaded {
    /// The model.
    pub encoder: Encoder,
    /// Its files, if they are not on this device yet.
    pub unkept: Option<Unkept>,
}

/// Loads the model whose manifest has this absolute address.
///
/// The manifest comes from the network where there is one, so that a new model is noticed; the
/// files come from this device if they are there and intact.
pub async fn load(address: &str, mut progress: impl FnMut(Progress)) -> Result<Loaded, Report> {
    let store = Store::open(address).await;
    let (manifest, text) = manifest(address, store.as_ref()).await?;
    let files = Files { address, store: store.as_ref(), total: manifest.files.iter().map(|file| file.bytes).sum() };

    let mut bundle = None;
    if let Some((weights, tokenizer)) = files.read(&manifest, &mut progress).await? {
        match verify(manifest.clone(), weights, tokenizer).await {
            Ok(intact) => bundle = Some(intact),
            Err(_) => files.forget(&manifest).await,
        }
    }
    let (bundle, new) = match bundle {
        Some(bundle) => (bundle, false),
        None => {
            let (weights, tokenizer) = files.download(&manifest, &mut progress).await?;
            (verify(manifest, weights, tokenizer).await?, true)
        }
    };

    progress(Progress { stage: Stage::Build, done: files.total as f64, total: files.total as f64 });
    let unkept = store.filter(|_| new).and_then(|store| Unkept::new(store, &bundle, &text));
    let encoder = Encoder::load(bundle)?.with_clock(now);
    Ok(Loaded { encoder, unkept })
}

/// Checks the files against the manifest.
async fn verify(manifest: Manifest, weights: Vec<u8>, tokenizer: Vec<u8>) -> Result<Bundle, Error> {
    match (sha256(&weights).await, sha256(&tokenizer).await) {
        (Some(first), Some(second)) => Bundle::with_digests(manifest, weights, tokenizer, [first, second]),
        _ => Bundle::new(manifest, weights, tokenizer),
    }
}

/// The files of a verified model, to be kept on this device once nobody waits any more.
pub struct Unkept {
    store: Store,
    /// In the order in which they are kept. The manifest goes last: if it is there, so is everything that it names.
    files: Vec<(String, Copy)>,
}

impl Unkept {
    fn new(store: Store, bundle: &Bundle, manifest: &[u8]) -> Option<Self> {
        let mut files = Vec::new();
        for (name, bytes) in [(Bundle::TOKENIZER, &bundle.tokenizer), (Bundle::WEIGHTS, &bundle.weights)] {
            files.push((bundle.manifest.file(name).ok()?.sha256.clone(), Copy::of(bytes)?));
        }
        files.push((Bundle::MANIFEST.to_owned(), Copy::of(manifest)?));
        Some(Self { store, files })
    }

    /// Keeps them instead of any other model. A browser may refuse it: then the next visit downloads them again.
    pub async fn keep(self) {
        let Self { store, files } = self;
        let keys: Vec<&str> = files.iter().map(|(key, _)| key.as_str()).collect();
        for (key, file) in &files {
            if key == Bundle::MANIFEST {
                store.keep_only(&keys).await;
            }
            if !store.put(key, file).await {
                return;
            }
        }
    }
}

async fn manifest(address: &str, store: Option<&Store>) -> Result<(Manifest, Vec<u8>), Report> {
    match fetch(address, None, |_| ()).await {
        Ok(text) => Ok((Manifest::from_json(&text)?, text)),
        Err(report) => {
            let kept = match store {
                Some(store) => store.get(Bundle::MANIFEST).await,
                None => None,
            };
            let text = kept.ok_or(report)?;
            Ok((Manifest::from_json(&text)?, text))
        }
    }
}

/// The files of one model, wherever they are.
struct Files<'a> {
    address: &'a str,
    store: Option<&'a Store>,
    total: u64,
}

impl Files<'_> {
    /// The weights and the tokenizer from this device, if both are there.
    async fn read(
        &self,
        manifest: &Manifest,
        progress: &mut impl FnMut(Progress),
    ) -> Result<Option<(Vec<u8>, Vec<u8>)>, Report> {
        let Some(store) = self.store else {
            return Ok(None);
        };
        let mut tell = |done| progress(self.progress(Stage::Read, done));
        let Some(tokenizer) = store.get(&manifest.file(Bundle::TOKENIZER)?.sha256).await else {
            return Ok(None);
        };
        tell(tokenizer.len() as u64);
        let Some(weights) = store.get(&manifest.file(Bundle::WEIGHTS)?.sha256).await else {
            return Ok(None);
        };
        tell((tokenizer.len() + weights.len()) as u64);
        Ok(Some((weights, tokenizer)))
    }

    /// The weights and the tokenizer over the network, one after the other: side by side they
    /// need more memory than some phones have.
    async fn download(
        &self,
        manifest: &Manifest,
        progress: &mut impl FnMut(Progress),
    ) -> Result<(Vec<u8>, Vec<u8>), Report> {
        let mut before = 0;
        let mut files = [Vec::new(), Vec::new()];
        for (file, name) in files.iter_mut().zip([Bundle::TOKENIZER, Bundle::WEIGHTS]) {
            let entry = manifest.file(name)?;
            let url = Url::new_with_base(&entry.path, self.address).map_err(|error| {
                Report::browser(
                    BrowserErrorKind::Network,
                    format!("{} has no address: {}", entry.path, describe(&error)),
                )
            })?;
            *file = fetch(&url.href(), Some(entry.bytes), |done| {
                progress(self.progress(Stage::Download, before + done));
            })
            .await?;
            before += entry.bytes;
        }
        let [tokenizer, weights] = files;
        Ok((weights, tokenizer))
    }

    async fn forget(&self, manifest: &Manifest) {
        if let Some(store) = self.store {
            for file in &manifest.files {
                store.remove(&file.sha256).await;
            }
        }
    }

    fn progress(&self, stage: Stage, done: u64) -> Progress {
        Progress { stage, done: done.min(self.total) as f64, total: self.total as f64 }
    }
}

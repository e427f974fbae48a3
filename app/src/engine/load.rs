//! From the address of a manifest to a model that works.

use std::time::Duration;

use undertone_core::{Bundle, Encoder, Error, Manifest};
use web_sys::Url;

use super::digest::sha256;
use super::download::{PATIENCE, fetch};
use super::store::{Copy, Store};
use crate::browser::{describe, now};
use crate::wire::engine::{Progress, Stage};
use crate::wire::{BrowserErrorKind, Report};

/// How long to wait for the news whether there is a newer model, where one is kept on this device.
const IMPATIENCE: Duration = Duration::from_secs(4);

/// A model in working order.
pub struct Loaded {
    /// The model.
    pub encoder: Encoder,
    /// Its files, if they are not on this device yet.
    pub unkept: Option<Unkept>,
    /// Why it is not the newest that there is.
    pub stale: Option<Report>,
}

/// Loads the model whose manifest has this absolute address.
///
/// The manifest comes from the network where there is one, so that a new model is noticed; the
/// files come from this device if they are there and intact. A new model that cannot be had, or something else in the place of
/// its manifest, such as the page of a network that wants to be paid first, is no reason to do without the one that is kept.
/// Unless the `newest` is wanted, the network is not asked if there is one that is kept.
pub async fn load(address: &str, newest: bool, mut progress: impl FnMut(Progress)) -> Result<Loaded, Report> {
    let store = Store::open(address).await;
    let kept = kept_manifest(store.as_ref()).await;
    if let Some((manifest, _)) = kept.as_ref().filter(|_| !newest) {
        let files = Files::new(address, store.as_ref(), manifest);
        if let Some(bundle) = files.intact(manifest, &mut progress).await? {
            return Ok(Loaded { encoder: encoder(bundle)?, unkept: None, stale: None });
        }
    }
    let (failure, newer) = match newest_manifest(address, kept.is_some()).await {
        Ok(newest) => match build(address, store.as_ref(), newest, &mut progress).await {
            Ok((encoder, unkept)) => return Ok(Loaded { encoder, unkept, stale: None }),
            Err(report) => (report, true),
        },
        Err(report) => (report, false),
    };
    let Some(kept) = kept else { return Err(failure) };
    let files = Files::new(address, store.as_ref(), &kept.0);
    let Some(bundle) = files.intact(&kept.0, &mut progress).await? else { return Err(failure) };
    progress(files.progress(Stage::Build, files.total));
    Ok(Loaded { encoder: encoder(bundle)?, unkept: None, stale: newer.then_some(failure) })
}

/// A manifest, and as it was read.
type Read = (Manifest, Vec<u8>);

/// The model of a manifest, and its files if they have yet to be kept.
async fn build(
    address: &str,
    store: Option<&Store>,
    (manifest, text): Read,
    progress: &mut impl FnMut(Progress),
) -> Result<(Encoder, Option<Unkept>), Report> {
    let files = Files::new(address, store, &manifest);
    let (bundle, new) = match files.intact(&manifest, progress).await? {
        Some(bundle) => (bundle, false),
        None => {
            let (weights, tokenizer) = files.download(&manifest, progress).await?;
            (verify(manifest, weights, tokenizer).await?, true)
        }
    };
    progress(files.progress(Stage::Build, files.total));
    let unkept = store.filter(|_| new).and_then(|store| Unkept::new(store.clone(), &bundle, &text));
    Ok((encoder(bundle)?, unkept))
}

fn encoder(bundle: Bundle) -> Result<Encoder, Report> {
    Ok(Encoder::load(bundle)?.with_clock(now))
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

    /// Keeps them instead of any other model, and says whether that worked. A browser may refuse it: then the next visit
    /// downloads them again.
    pub async fn keep(self) -> bool {
        let Self { store, files } = self;
        let keys: Vec<&str> = files.iter().map(|(key, _)| key.as_str()).collect();
        for (key, file) in &files {
            if key == Bundle::MANIFEST {
                store.keep_only(&keys).await;
            }
            if !store.put(key, file).await {
                return false;
            }
        }
        true
    }
}

async fn newest_manifest(address: &str, is_kept: bool) -> Result<Read, Report> {
    let text = fetch(address, None, if is_kept { IMPATIENCE } else { PATIENCE }, |_| ()).await?;
    Ok((Manifest::from_json(&text)?, text))
}

async fn kept_manifest(store: Option<&Store>) -> Option<Read> {
    let text = store?.get(Bundle::MANIFEST).await?;
    Some((Manifest::from_json(&text).ok()?, text))
}

/// The files of one model, wherever they are.
struct Files<'a> {
    address: &'a str,
    store: Option<&'a Store>,
    total: u64,
}

impl<'a> Files<'a> {
    fn new(address: &'a str, store: Option<&'a Store>, manifest: &Manifest) -> Self {
        Self { address, store, total: manifest.files.iter().map(|file| file.bytes).sum() }
    }

    /// The bundle from this device, if it is there and intact. One that is damaged is thrown away.
    async fn intact(&self, manifest: &Manifest, progress: &mut impl FnMut(Progress)) -> Result<Option<Bundle>, Report> {
        let Some((weights, tokenizer)) = self.read(manifest, progress).await? else { return Ok(None) };
        match verify(manifest.clone(), weights, tokenizer).await {
            Ok(bundle) => Ok(Some(bundle)),
            Err(_) => {
                self.forget(manifest).await;
                Ok(None)
            }
        }
    }

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
            *file = fetch(&url.href(), Some(entry.bytes), PATIENCE, |done| {
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

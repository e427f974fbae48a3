//! The engine's message loop.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use gloo_timers::future::TimeoutFuture;
use undertone_core::explain::Passage;
use undertone_core::{Embeddings, Encoder, Window, Windows, sentences, utf16_ranges};
use wasm_bindgen_futures::spawn_local;

use super::load::{Loaded, load};
use super::queue::{Chunk, Queue};
use crate::wire::engine::{Encoded, FromEngine, KEPT, Model, NAME, Role, Segmentation, ToEngine, Unit};
use crate::wire::{BrowserErrorKind, Buffers, PROTOCOL, Report};
use crate::worker::Scope;

/// The most windows that are encoded before messages are looked at again.
const WINDOWS_AT_ONCE: usize = 8;

/// Loads the model and answers messages, if this is one of the application's own engines; does nothing anywhere else, so that
/// any page may import the engine as a library.
pub fn serve() {
    let Some(scope) = Scope::current() else { return };
    let name = scope.name();
    let Some(manifest) = name.strip_prefix(NAME) else { return };
    let kept = manifest.strip_prefix(KEPT);
    let desk = Rc::new(Desk { scope: scope.clone(), work: RefCell::default() });
    scope.announce_panics(|message| FromEngine::Panicked { message });
    let listener = desk.clone();
    scope.listen(move |message, _| listener.clone().receive(message));
    desk.send(&FromEngine::Hello { protocol: PROTOCOL, simd: cfg!(target_feature = "simd128") });
    spawn_local(desk.load(kept.unwrap_or(manifest).to_owned(), kept.is_none()));
}

struct Desk {
    scope: Scope,
    work: RefCell<Work>,
}

#[derive(Default)]
struct Work {
    encoder: Option<Rc<Encoder>>,
    queue: Queue,
    busy: bool,
    /// The windows of the text that was typed last, by their tokens: of a long text, an edit changes few.
    typed: HashMap<Vec<u32>, Vec<f32>>,
}

impl Desk {
    fn receive(self: Rc<Self>, message: ToEngine) {
        match message {
            ToEngine::Cancel { id } => self.work.borrow_mut().queue.cancel(id),
            ToEngine::Encode { id, role, unit, texts } => {
                let idle = {
                    let mut work = self.work.borrow_mut();
                    work.queue.push(id, role, unit, texts);
                    !std::mem::replace(&mut work.busy, true)
                };
                if idle {
                    spawn_local(self.work());
                }
            }
        }
    }

    async fn load(self: Rc<Self>, manifest: String, newest: bool) {
        let loaded = load(&manifest, newest, |progress| self.send(&FromEngine::Progress(progress))).await;
        match loaded {
            Ok(Loaded { encoder, unkept, stale }) => {
                let message = FromEngine::Ready { model: Box::new(describe(&encoder)), stale };
                let buffers = Model::pack(encoder.scorer().background(), Buffers::new());
                self.work.borrow_mut().encoder = Some(Rc::new(encoder));
                self.scope.send(&message, &buffers);
                let kept = match unkept {
                    Some(unkept) => unkept.keep().await,
                    None => true,
                };
                self.send(&FromEngine::Kept { kept });
            }
            Err(report) => self.send(&FromEngine::Failed { id: None, report }),
        }
    }

    /// Works through the queue, looking up after each chunk: a job that arrived meanwhile may
    /// be more urgent, or one may have been cancelled.
    async fn work(self: Rc<Self>) {
        loop {
            let (chunk, encoder) = {
                let mut work = self.work.borrow_mut();
                let chunk = work.queue.next_chunk();
                work.busy = chunk.is_some();
                (chunk, work.encoder.clone())
            };
            let Some(chunk) = chunk else { return };
            let (id, last) = (chunk.id, chunk.last);
            let encoded = match encoder {
                Some(encoder) => self.encode(chunk, &encoder).await,
                None => Err(Report::browser(
                    BrowserErrorKind::Worker,
                    "a text arrived before the model was loaded: reload the page",
                )),
            };
            match encoded {
                Ok(Some(mut encoded)) => {
                    let segmentations = std::mem::take(&mut encoded.segmentations);
                    self.scope.send(&FromEngine::Encoded { id, segmentations }, &encoded.pack(Buffers::new()));
                    if last {
                        self.send(&FromEngine::Done { id });
                        self.work.borrow_mut().queue.finish(id);
                    }
                }
                // Nobody waits for it any more.
                Ok(None) => {}
                Err(report) => {
                    self.work.borrow_mut().queue.cancel(id);
                    self.send(&FromEngine::Failed { id: Some(id), report });
                }
            }
            TimeoutFuture::new(0).await;
        }
    }

    /// `None` if the job was cancelled meanwhile.
    async fn encode(&self, chunk: Chunk, encoder: &Encoder) -> Result<Option<Encoded>, Report> {
        let mut encoded = Encoded::default();
        if chunk.unit == Unit::Sentence {
            for text in &chunk.texts {
                let (vectors, ranges) = encoder.encode_sentences(text)?;
                encoded.windows.push(vectors.len() as u32);
                encoded.vectors.extend(vectors.into_vec());
                encoded.ranges.extend(utf16(text, ranges));
                encoded.cut.push(0);
            }
            return Ok(Some(encoded));
        }
        let texts: Vec<Windows> =
            chunk.texts.iter().map(|text| encoder.tokenizer().windows(text)).collect::<Result<_, _>>()?;
        let windows: Vec<&Window> = texts.iter().flat_map(|text| &text.windows).collect();
        let Some(vectors) = self.encode_windows(&chunk, &windows, encoder).await? else {
            return Ok(None);
        };
        encoded.vectors = vectors;
        for (text, Windows { windows, cut }) in chunk.texts.iter().zip(&texts) {
            encoded.windows.push(windows.len() as u32);
            encoded.ranges.extend(utf16(text, windows.iter().map(|window| window.range.clone())));
            encoded.cut.push(u8::from(*cut));
            if chunk.unit == Unit::Passage {
                encoded.segmentations.push(segment(text, windows, encoder)?);
            }
        }
        Ok(Some(encoded))
    }

    /// The vectors of windows, a few at a time; `None` if the job was cancelled meanwhile.
    async fn encode_windows(
        &self,
        chunk: &Chunk,
        windows: &[&Window],
        encoder: &Encoder,
    ) -> Result<Option<Vec<f32>>, Report> {
        let dim = encoder.manifest().encoder.hidden;
        let long = chunk.role == Role::Typing && windows.len() > 1;
        let known = if long { std::mem::take(&mut self.work.borrow_mut().typed) } else { HashMap::new() };
        let new: Vec<&Window> = windows.iter().copied().filter(|window| !known.contains_key(&window.ids)).collect();
        let mut vectors = Embeddings::empty(dim);
        for (turn, some) in new.chunks(WINDOWS_AT_ONCE).enumerate() {
            if turn > 0 {
                TimeoutFuture::new(0).await;
                if !self.work.borrow().queue.is_wanted(chunk.id) {
                    return Ok(None);
                }
            }
            vectors.push(&encoder.encode_windows(some)?)?;
        }
        if !long {
            return Ok(Some(vectors.into_vec()));
        }
        let mut typed: HashMap<Vec<u32>, Vec<f32>> =
            new.iter().zip(vectors.rows()).map(|(window, row)| (window.ids.clone(), row.to_vec())).collect();
        let mut all = Vec::with_capacity(windows.len() * dim);
        for window in windows {
            if let Some((ids, row)) = known.get_key_value(&window.ids) {
                typed.entry(ids.clone()).or_insert_with(|| row.clone());
            }
            all.extend(typed.get(&window.ids).into_iter().flatten());
        }
        self.work.borrow_mut().typed = typed;
        Ok(Some(all))
    }

    fn send(&self, message: &FromEngine) {
        self.scope.send(message, &Buffers::new());
    }
}

fn describe(encoder: &Encoder) -> Model {
    let manifest = encoder.manifest();
    Model {
        name: manifest.name.clone(),
        digest: manifest.file(undertone_core::Bundle::WEIGHTS).map(|file| file.sha256.clone()).unwrap_or_default(),
        dim: manifest.encoder.hidden as u32,
        max_tokens: manifest.encoder.max_tokens as u32,
        bytes: manifest.files.iter().map(|file| file.bytes as f64).sum(),
        calibration: manifest.calibration.clone(),
        lexicon: manifest.lexicon.clone(),
        affect: encoder.affect_head().clone(),
        reliability: manifest.reliability.clone(),
    }
}

/// Where the parts of a text are that was read in these windows.
fn segment(text: &str, windows: &[Window], encoder: &Encoder) -> Result<Segmentation, Report> {
    Ok(Segmentation {
        passage: Passage::new(text, windows.iter().map(|window| window.range.clone())),
        sentences: sentences(text),
        familiarity: encoder.familiarity(text)?,
    })
}

fn utf16(text: &str, ranges: impl IntoIterator<Item = std::ops::Range<usize>>) -> impl Iterator<Item = u32> {
    utf16_ranges(text, ranges).into_iter().flat_map(|range| [range.start as u32, range.end as u32])
}

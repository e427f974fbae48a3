//! Files and their vectors.

use std::collections::BTreeSet;

use idb::{KeyRange, Query};
use js_sys::{Array, Float32Array, Object, Reflect, Uint8Array, Uint32Array};
use wasm_bindgen::{JsCast, JsValue};

use super::{FILES, Result, Store, VECTORS, below, commit, key, reason};
use crate::browser::property;
use crate::wire::engine::Encoded;

/// How much of a file is written at a time, in bytes.
const PIECE: usize = 4 << 20;

/// Vectors of some rows of a file.
#[derive(Clone, Debug)]
pub struct Vectors {
    /// The rows, in the order of the vectors.
    pub rows: Vec<u32>,
    /// Their vectors.
    pub encoded: Encoded,
}

impl Store {
    /// Keeps a file's content.
    ///
    /// # Errors
    /// The browser's reason; then nothing of it is kept.
    pub async fn keep_file(&self, file: &str, content: &[u8]) -> Result<()> {
        let transaction = self.write(&[FILES])?;
        let files = transaction.object_store(FILES).map_err(reason)?;
        files.delete(below(&[file.into()])?).map_err(reason)?;
        // An empty file has a piece too, so that it is there.
        let pieces = content.chunks(PIECE).chain(content.is_empty().then_some(&[][..]));
        for (number, piece) in (0u32..).zip(pieces) {
            let piece = Uint8Array::from(piece);
            files.put(&piece, Some(&key(&[file.into(), number.into()]))).map_err(reason)?;
        }
        commit(transaction).await
    }

    /// A file's content, if it was kept.
    ///
    /// # Errors
    /// The browser's reason.
    pub async fn file(&self, file: &str) -> Result<Option<Vec<u8>>> {
        let pieces = self.read(FILES)?.get_all(Some(below(&[file.into()])?.into()), None);
        let pieces = pieces.map_err(reason)?.await.map_err(reason)?;
        if pieces.is_empty() {
            return Ok(None);
        }
        let mut content = Vec::new();
        for piece in pieces {
            let piece: Uint8Array = piece.unchecked_into();
            let start = content.len();
            content.resize(start + piece.length() as usize, 0);
            piece.copy_to(&mut content[start..]);
        }
        Ok(Some(content))
    }

    /// Keeps vectors of a file's rows, made by the model of this digest.
    ///
    /// # Errors
    /// The browser's reason.
    pub async fn keep_vectors(&self, file: &str, model: &str, vectors: &Vectors) -> Result<()> {
        let Some(&first) = vectors.rows.first() else { return Ok(()) };
        let record = Object::new();
        let Encoded { vectors: floats, windows, ranges, cut, .. } = &vectors.encoded;
        let fields: [(&str, JsValue); 5] = [
            ("rows", Uint32Array::from(&vectors.rows[..]).into()),
            ("vectors", Float32Array::from(&floats[..]).into()),
            ("windows", Uint32Array::from(&windows[..]).into()),
            ("ranges", Uint32Array::from(&ranges[..]).into()),
            ("cut", Uint8Array::from(&cut[..]).into()),
        ];
        for (name, value) in fields {
            // A plain object takes any property.
            let _ = Reflect::set(&record, &name.into(), &value);
        }
        let transaction = self.write(&[VECTORS])?;
        let store = transaction.object_store(VECTORS).map_err(reason)?;
        store.put(&record, Some(&key(&[file.into(), model.into(), first.into()]))).map_err(reason)?;
        commit(transaction).await
    }

    /// Vectors of a file's rows, made by the model of this digest: the next `count` pieces behind the key `after`, and the key
    /// of the last.
    ///
    /// # Errors
    /// The browser's reason.
    pub async fn vectors(
        &self,
        file: &str,
        model: &str,
        after: Option<JsValue>,
        count: u32,
    ) -> Result<(Vec<Vectors>, Option<JsValue>)> {
        let parts = [file.into(), model.into()];
        let end = key(&[file.into(), model.into(), Array::new().into()]);
        let (from, open) = after.map_or_else(|| (key(&parts), false), |after| (after, true));
        let range = KeyRange::bound(&from, &end, Some(open), None).map_err(reason)?;
        let query = Query::KeyRange(range);
        let store = self.read(VECTORS)?;
        let keys = store.get_all_keys(Some(query.clone()), Some(count)).map_err(reason)?;
        let values = store.get_all(Some(query), Some(count)).map_err(reason)?;
        let (keys, values) = (keys.await.map_err(reason)?, values.await.map_err(reason)?);
        Ok((values.iter().filter_map(read).collect(), keys.last().cloned()))
    }

    /// Forgets vectors of a file that other models made.
    ///
    /// # Errors
    /// The browser's reason.
    pub async fn forget_other_vectors(&self, file: &str, model: &str) -> Result<()> {
        let transaction = self.write(&[VECTORS])?;
        let store = transaction.object_store(VECTORS).map_err(reason)?;
        let this = key(&[file.into(), model.into()]);
        let after = key(&[file.into(), model.into(), Array::new().into()]);
        let bound = |from: &JsValue, to: &JsValue| KeyRange::bound(from, to, None, Some(true)).map_err(reason);
        store.delete(bound(&key(&[file.into()]), &this)?).map_err(reason)?;
        store.delete(bound(&after, &key(&[file.into(), Array::new().into()]))?).map_err(reason)?;
        commit(transaction).await
    }

    /// Forgets all files but those of these keys, and those that were opened after a time, in milliseconds since 1970: a file's
    /// key begins with when that was.
    ///
    /// # Errors
    /// The browser's reason.
    pub async fn forget_files_but(&self, wanted: &[String], before: f64) -> Result<()> {
        let old = |key: &str| {
            key.split_once('-').and_then(|(time, _)| time.parse::<f64>().ok()).is_none_or(|time| time < before)
        };
        let wanted: BTreeSet<&str> = wanted.iter().map(String::as_str).collect();
        for name in [FILES, VECTORS] {
            let keys = self.read(name)?.get_all_keys(None, None).map_err(reason)?.await.map_err(reason)?;
            let files: BTreeSet<String> = keys.iter().filter_map(|key| Array::from(key).get(0).as_string()).collect();
            let transaction = self.write(&[name])?;
            let store = transaction.object_store(name).map_err(reason)?;
            for file in files.iter().filter(|file| !wanted.contains(file.as_str()) && old(file)) {
                store.delete(below(&[file.as_str().into()])?).map_err(reason)?;
            }
            commit(transaction).await?;
        }
        Ok(())
    }
}

/// A record as it was written; one of another form is left out, and its rows are encoded anew.
fn read(value: &JsValue) -> Option<Vectors> {
    let field = |name| property(value, name);
    let counts = |name| Some(field(name)?.dyn_into::<Uint32Array>().ok()?.to_vec());
    let encoded = Encoded {
        vectors: field("vectors")?.dyn_into::<Float32Array>().ok()?.to_vec(),
        windows: counts("windows")?,
        ranges: counts("ranges")?,
        cut: field("cut")?.dyn_into::<Uint8Array>().ok()?.to_vec(),
        segmentations: Vec::new(),
    };
    Some(Vectors { rows: counts("rows")?, encoded })
}

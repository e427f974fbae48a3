//! A bundle's weights: int8 rows with their scales in one safetensors file, read where they lie.

use std::collections::HashMap;
use std::ops::Range;

use safetensors::tensor::TensorInfo;
use safetensors::{Dtype, SafeTensors};

use crate::{Error, ErrorKind, Result};

/// What the name of an int8 tensor is followed by in the name of its scales, one per row.
pub const SCALE_SUFFIX: &str = ".scale";

/// The name of the token table.
pub const TOKEN_TABLE: &str = "embeddings.word_embeddings.weight";

/// The bytes of `weights.safetensors` and where in them each tensor lies.
pub struct Weights {
    bytes: Vec<u8>,
    data: usize,
    tensors: HashMap<String, TensorInfo>,
}

/// A matrix in int8 with a scale for each row, where it lies.
pub struct Int8<'a> {
    /// The rows, one after the other; each byte is an `i8`.
    pub bytes: &'a [u8],
    /// A factor for each row.
    pub scales: Vec<f32>,
    /// Values in a row.
    pub width: usize,
}

impl Weights {
    /// Reads the header; the tensors stay where they are.
    ///
    /// # Errors
    /// [`ErrorKind::BadModel`]: bytes that are no safetensors file, or one whose tensors reach beyond its end.
    pub fn new(bytes: Vec<u8>) -> Result<Self> {
        let bad = |e: safetensors::SafeTensorError| {
            Error::new(ErrorKind::BadModel, format!("weights.safetensors cannot be read ({e}): export the model again"))
                .with_source(e)
        };
        let (header, metadata) = SafeTensors::read_metadata(&bytes).map_err(bad)?;
        let tensors: HashMap<_, _> = metadata.tensors().into_iter().map(|(name, info)| (name, info.clone())).collect();
        let data = header + size_of::<u64>();
        if tensors.values().any(|t| data + t.data_offsets.1 > bytes.len()) {
            return Err(bad(safetensors::SafeTensorError::MetadataIncompleteBuffer));
        }
        Ok(Self { bytes, data, tensors })
    }

    fn info(&self, name: &str) -> Result<&TensorInfo> {
        self.tensors.get(name).ok_or_else(|| bad(format!("the tensor {name} is missing")))
    }

    fn range(&self, info: &TensorInfo) -> Range<usize> {
        self.data + info.data_offsets.0..self.data + info.data_offsets.1
    }

    /// A tensor that is stored in f32.
    ///
    /// # Errors
    /// [`ErrorKind::BadModel`]: it is missing, of another shape, or stored otherwise.
    pub fn floats(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let info = self.info(name)?;
        if info.dtype != Dtype::F32 {
            return Err(bad(format!("the tensor {name} is {:?}, not F32", info.dtype)));
        }
        check_shape(name, &info.shape, shape)?;
        let bytes = &self.bytes[self.range(info)];
        Ok(bytes.as_chunks().0.iter().map(|&b| f32::from_le_bytes(b)).collect())
    }

    /// A `(rows, width)` matrix that is stored in int8.
    ///
    /// # Errors
    /// [`ErrorKind::BadModel`]: it or its scales are missing, of another shape, or stored otherwise.
    pub fn int8(&self, name: &str, rows: usize, width: usize) -> Result<Int8<'_>> {
        let info = self.info(name)?;
        if info.dtype != Dtype::I8 {
            return Err(bad(format!("the tensor {name} is {:?}, not I8", info.dtype)));
        }
        check_shape(name, &info.shape, &[rows, width])?;
        let scales = self.floats(&format!("{name}{SCALE_SUFFIX}"), &[rows])?;
        Ok(Int8 { bytes: &self.bytes[self.range(info)], scales, width })
    }

    /// All values of a small tensor, however it is stored, and its shape.
    ///
    /// # Errors
    /// As [`Weights::floats`] and [`Weights::int8`].
    pub fn values(&self, name: &str) -> Result<(Vec<f32>, Vec<usize>)> {
        let TensorInfo { dtype, shape, .. } = self.info(name)?;
        let values = match (dtype, shape.as_slice()) {
            (Dtype::I8, &[rows, width]) => self.int8(name, rows, width)?.widened(),
            _ => self.floats(name, shape)?,
        };
        Ok((values, shape.clone()))
    }

    /// The names of all tensors but the scales, which belong to their matrices.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str).filter(|name| !name.ends_with(SCALE_SUFFIX))
    }

    /// Ends the file's life: of its bytes only the token table is kept, in the same buffer.
    ///
    /// # Errors
    /// As [`Weights::int8`].
    pub fn into_token_table(mut self, vocabulary: usize, hidden: usize) -> Result<TokenTable> {
        let scales = self.int8(TOKEN_TABLE, vocabulary, hidden)?.scales;
        let Range { start, end } = self.range(self.info(TOKEN_TABLE)?);
        // The table comes before all but small tensors in the file, so what is not kept is a tail that can be given back.
        self.bytes.truncate(end);
        self.bytes.shrink_to_fit();
        Ok(TokenTable { bytes: self.bytes, start, scales, hidden })
    }
}

impl Int8<'_> {
    /// All values in f32.
    pub fn widened(&self) -> Vec<f32> {
        let rows = self.bytes.chunks_exact(self.width.max(1)).zip(&self.scales);
        rows.flat_map(|(row, scale)| row.iter().map(move |&b| f32::from(b as i8) * scale)).collect()
    }
}

/// The token table, half of the student's weights: rows are gathered, the whole is never widened.
pub struct TokenTable {
    bytes: Vec<u8>,
    start: usize,
    scales: Vec<f32>,
    hidden: usize,
}

impl TokenTable {
    /// Writes the row of a token, in f32.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`]: a token outside the vocabulary.
    pub fn read(&self, token: u32, out: &mut [f32]) -> Result<()> {
        let token = token as usize;
        let Some(scale) = self.scales.get(token) else {
            return Err(Error::new(ErrorKind::BadInput, format!("token {token} is outside the vocabulary")));
        };
        let from = self.start + token * self.hidden;
        for (out, &byte) in out.iter_mut().zip(&self.bytes[from..from + self.hidden]) {
            *out = f32::from(byte as i8) * scale;
        }
        Ok(())
    }
}

fn check_shape(name: &str, shape: &[usize], wanted: &[usize]) -> Result<()> {
    if shape == wanted {
        return Ok(());
    }
    Err(bad(format!("the tensor {name} has shape {shape:?}, the manifest asks for {wanted:?}")))
}

fn bad(message: String) -> Error {
    Error::new(ErrorKind::BadModel, format!("{message}: export the model again"))
}

//! A bundle's weights: int8 rows with their scales in one safetensors file, widened one tensor at a time.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use candle_core::{DType, Device, Result, Shape, Tensor, bail};
use candle_nn::Init;
use candle_nn::var_builder::SimpleBackend;
use safetensors::tensor::TensorInfo;
use safetensors::{Dtype, SafeTensors};

use super::bert::TokenTable;
use crate::{Error, ErrorKind};

/// What the name of an int8 tensor is followed by in the name of its scales, one per row.
pub const SCALE_SUFFIX: &str = ".scale";

/// The name of the token table.
pub const TOKEN_TABLE: &str = "embeddings.word_embeddings.weight";

/// The bytes of `weights.safetensors` and where in them each tensor lies.
#[derive(Clone)]
pub struct Weights {
    bytes: Arc<Vec<u8>>,
    data: usize,
    tensors: Arc<HashMap<String, TensorInfo>>,
}

/// A matrix in int8.
struct Quantised {
    /// Where its rows lie.
    bytes: Range<usize>,
    /// A factor for each row.
    scales: Vec<f32>,
    /// Values in a row.
    width: usize,
}

impl Weights {
    /// Reads the header; the tensors stay where they are.
    ///
    /// # Errors
    /// Bytes that are no safetensors file, or one whose tensors reach beyond its end.
    pub fn new(bytes: Vec<u8>) -> crate::Result<Self> {
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
        Ok(Self { bytes: Arc::new(bytes), data, tensors: Arc::new(tensors) })
    }

    fn info(&self, name: &str) -> Result<&TensorInfo> {
        match self.tensors.get(name) {
            Some(info) => Ok(info),
            None => bail!("the tensor {name} is missing"),
        }
    }

    fn f32s(&self, name: &str) -> Result<Vec<f32>> {
        let info = self.info(name)?;
        if info.dtype != Dtype::F32 {
            bail!("the tensor {name} is {:?}, not F32", info.dtype);
        }
        let bytes = &self.bytes[self.data + info.data_offsets.0..self.data + info.data_offsets.1];
        Ok(bytes.as_chunks().0.iter().map(|&b| f32::from_le_bytes(b)).collect())
    }

    fn quantised(&self, name: &str) -> Result<Quantised> {
        let info = self.info(name)?;
        let &[rows, width] = info.shape.as_slice() else {
            bail!("the int8 tensor {name} has shape {:?}, not rows and columns", info.shape);
        };
        let scales = self.f32s(&format!("{name}{SCALE_SUFFIX}"))?;
        if scales.len() != rows {
            bail!("the int8 tensor {name} has {rows} rows and {} scales", scales.len());
        }
        let (from, to) = info.data_offsets;
        Ok(Quantised { bytes: self.data + from..self.data + to, scales, width })
    }

    /// A tensor in f32, whatever it is stored as.
    fn tensor(&self, name: &str) -> Result<Tensor> {
        match self.info(name)?.dtype {
            Dtype::I8 => {
                let Quantised { bytes, scales, width } = self.quantised(name)?;
                let mut values = Vec::with_capacity(bytes.len());
                let shape = (scales.len(), width);
                for (row, scale) in self.bytes[bytes].chunks_exact(width.max(1)).zip(scales) {
                    values.extend(row.iter().map(|&b| f32::from(b as i8) * scale));
                }
                Tensor::from_vec(values, shape, &Device::Cpu)
            }
            _ => Tensor::from_vec(self.f32s(name)?, self.info(name)?.shape.as_slice(), &Device::Cpu),
        }
    }

    /// The values of a small tensor, for what is not the encoder's.
    pub fn values(&self, name: &str) -> crate::Result<Vec<f32>> {
        self.tensor(name).and_then(|tensor| tensor.flatten_all()?.to_vec1()).map_err(super::broken)
    }

    /// Ends the file's life: of its bytes only the token table is kept, in int8, in the same buffer.
    pub fn into_token_table(mut self) -> Result<TokenTable> {
        let Quantised { bytes, scales, width } = self.quantised(TOKEN_TABLE)?;
        // The table comes before all but small tensors in the file, so what is not kept is a tail that can be given back.
        if let Some(buffer) = Arc::get_mut(&mut self.bytes) {
            buffer.truncate(bytes.end);
            buffer.shrink_to_fit();
        }
        Ok(TokenTable::Int8 { bytes: self.bytes, start: bytes.start, scales, hidden: width })
    }
}

impl SimpleBackend for Weights {
    fn get(&self, shape: Shape, name: &str, _: Init, _: DType, _: &Device) -> Result<Tensor> {
        let tensor = self.tensor(name)?;
        if tensor.shape() != &shape {
            bail!("the tensor {name} has shape {:?}, the manifest asks for {shape:?}", tensor.shape());
        }
        Ok(tensor)
    }

    fn get_unchecked(&self, name: &str, _: DType, _: &Device) -> Result<Tensor> {
        self.tensor(name)
    }

    fn contains_tensor(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }
}

//! A batch's forward and backward pass, over several threads.
//!
//! The vectors of all sequences are needed before the loss of any is known. So each thread runs the encoder over its
//! share of the sequences; the loss is taken on the vectors alone, and gives each vector its gradient; then each thread
//! goes back through its own share. The gradients are those of one pass over all (GradCache, Gao et al. 2021, with
//! the graphs kept).

use anyhow::{Context, Result};
use candle_core::{Tensor, Var};
use rayon::{ThreadPool, ThreadPoolBuilder};
use undertone_core::encoder::candle::Noise;
use undertone_core::encoder::{AFFECT_BIAS, AFFECT_WEIGHT, Ragged};

use super::batch::Batch;
use super::loss::{Head, loss};
use super::optimiser::Gradients;
use super::targets::Targets;
use crate::recipe::Recipe;
use crate::student::{LOGIT_BIAS, LOGIT_SCALE, Student};

/// Threads, each with matrix products of its own: what candle does beside them runs on one thread only.
pub struct Workers {
    pools: Vec<ThreadPool>,
}

impl Workers {
    pub fn new(threads: usize) -> Result<Self> {
        let pool = |_| ThreadPoolBuilder::new().num_threads(1).build();
        let pools = (0..threads.max(1)).map(pool).collect::<Result<_, _>>().context("no threads could be started")?;
        Ok(Self { pools })
    }

    pub fn len(&self) -> usize {
        self.pools.len()
    }

    /// Runs `f` on each item, one a thread.
    fn map<T: Send, U: Send>(&self, items: Vec<T>, f: impl Fn(T) -> Result<U> + Sync) -> Result<Vec<U>> {
        let f = &f;
        std::thread::scope(|scope| {
            let running: Vec<_> = items
                .into_iter()
                .zip(&self.pools)
                .map(|(item, pool)| scope.spawn(move || pool.install(|| f(item))))
                .collect();
            running
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a training thread broke off"))))
                .collect()
        })
    }
}

/// Deals sequences out so that each share has about the same number of tokens. Returns indices.
fn deal(lengths: &[usize], shares: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    order.sort_by_key(|&i| std::cmp::Reverse(lengths[i]));
    let mut dealt = vec![(0, Vec::new()); shares.clamp(1, lengths.len().max(1))];
    for i in order {
        if let Some(least) = dealt.iter_mut().min_by_key(|share| share.0) {
            least.0 += lengths[i];
            least.1.push(i);
        }
    }
    dealt.into_iter().map(|share| share.1).collect()
}

impl Student {
    /// Loss and gradients of a batch. `tokens` are those of the texts, then those of the labels' wordings; `seeds`, of the
    /// recipe's dropout, are in the same order.
    pub fn learn(
        &self,
        workers: &Workers,
        recipe: &Recipe,
        batch: &Batch,
        targets: &Targets,
        tokens: &[Vec<u32>],
        seeds: &[u64],
    ) -> Result<(f64, Gradients)> {
        let variable = |name| Ok::<_, anyhow::Error>(self.variable(name)?.as_tensor().clone());
        let head = Head {
            scale: variable(LOGIT_SCALE)?,
            bias: variable(LOGIT_BIAS)?,
            affect_weight: variable(AFFECT_WEIGHT)?,
            affect_bias: variable(AFFECT_BIAS)?,
        };
        let noise = |share: &[usize]| Noise::new(recipe.dropout, share.iter().map(|&i| seeds[i]).collect());
        self.gradients(workers, tokens, noise, |vectors| {
            let texts = vectors.narrow(0, 0, batch.examples.len())?;
            let labels = vectors.narrow(0, batch.examples.len(), batch.wordings.len())?;
            loss(recipe, batch, targets, &texts, &labels, &head)
        })
    }

    /// A loss on the vectors of sequences, which are in the order of `tokens`, and the gradients of all variables. `noise`
    /// is asked for that of some of the sequences.
    pub fn gradients(
        &self,
        workers: &Workers,
        tokens: &[Vec<u32>],
        noise: impl Fn(&[usize]) -> Noise + Sync,
        loss: impl FnOnce(&Tensor) -> Result<Tensor>,
    ) -> Result<(f64, Gradients)> {
        let lengths: Vec<usize> = tokens.iter().map(Vec::len).collect();
        let shares = deal(&lengths, workers.len());
        let outputs = workers.map(shares.iter().collect(), |share: &Vec<usize>| {
            let texts = Ragged::new(share.iter().map(|&i| tokens[i].as_slice()))?;
            Ok(self.bert.noisy(&texts, noise(share))?)
        })?;

        // From the order of the shares to the order of the batch, and a leaf of the graph of the loss.
        let mut place = vec![0u32; tokens.len()];
        for (row, &i) in shares.iter().flatten().enumerate() {
            place[i] = row as u32;
        }
        let place = Tensor::new(place, outputs[0].device())?;
        let vectors = Var::from_tensor(&Tensor::cat(&outputs, 0)?.detach())?;
        let ordered = vectors.index_select(&place, 0)?;
        let loss = loss(&ordered)?;
        let grads = loss.backward()?;
        let mut gradients = Gradients::new();
        for name in [LOGIT_SCALE, LOGIT_BIAS, AFFECT_WEIGHT, AFFECT_BIAS] {
            let var = self.variable(name)?;
            // A batch without valence leaves the head as it is.
            let gradient = grads.get(&var).cloned().map_or_else(|| var.zeros_like(), Ok)?;
            gradients.insert(name.into(), gradient);
        }

        let pulled = grads.get(&vectors).context("the loss does not depend on the student's vectors")?;
        let mut from = 0;
        let mut work = Vec::new();
        for output in outputs {
            let rows = output.dim(0)?;
            work.push((&output * &pulled.narrow(0, from, rows)?)?.sum_all()?);
            from += rows;
        }
        let encoder: Vec<_> = self.variables()?.into_iter().filter(|(name, _)| !gradients.contains_key(name)).collect();
        let parts = workers.map(work, |pull| {
            let mut grads = pull.backward()?;
            Ok(encoder.iter().map(|(_, var)| grads.remove(var)).collect::<Vec<_>>())
        })?;
        for (i, (name, _)) in encoder.into_iter().enumerate() {
            let mut sum: Option<Tensor> = None;
            for part in parts.iter().filter_map(|part| part[i].as_ref()) {
                sum = Some(match sum {
                    Some(sum) => (sum + part)?,
                    None => part.clone(),
                });
            }
            if let Some(sum) = sum {
                gradients.insert(name, sum);
            }
        }
        Ok((f64::from(loss.to_scalar::<f32>()?), gradients))
    }
}

#[cfg(test)]
mod tests {
    use super::deal;

    #[test]
    fn shares_are_even_and_complete() {
        let lengths = [9, 1, 1, 1, 5, 5, 2];
        let shares = deal(&lengths, 2);
        let mut all = shares.concat();
        all.sort_unstable();
        assert_eq!(all, [0, 1, 2, 3, 4, 5, 6]);
        assert!(shares.iter().all(|share| share.iter().map(|&i| lengths[i]).sum::<usize>() == 12));
        assert_eq!(deal(&[3], 4), [[0]]);
    }
}

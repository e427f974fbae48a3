// What is measured of a contender, whoever it is.

const BATCH = 32;
const WARMUPS = 1;
const PASSES = 2;
const REST_AFTER = 500;

/**
 * Times `encode`, which takes texts `{ text, ids }` and gives their vectors, one after the other; and holds these
 * against `reference`, `{ dim, vectors }`.
 */
export async function measure(encode, texts, reference) {
  const each = texts.map((text) => [text]);
  const batches = [];
  for (let at = 0; at < texts.length; at += BATCH) batches.push(texts.slice(at, at + BATCH));

  const alone = await passes(encode, each);
  const together = await passes(encode, batches);
  const { dim, vectors } = reference;
  const changes = cosines(rows(alone.vectors, dim), rows(together.vectors, dim));
  const fidelity = cosines(rows(alone.vectors, dim), vectors);
  return {
    ms_alone: alone.milliseconds / texts.length,
    texts_per_second: (1000 * texts.length) / together.milliseconds,
    cosine: mean(fidelity),
    worst_cosine: Math.min(...fidelity),
    cosine_of_alone_and_batched: Math.min(...changes),
  };
}

/** The milliseconds of a pass over all groups, and what came out of the last. */
async function passes(encode, groups) {
  let milliseconds = 0;
  let vectors;
  for (let pass = 0; pass < WARMUPS + PASSES; pass += 1) {
    vectors = [];
    let began = await rest();
    let taken = 0;
    for (const group of groups) {
      vectors.push(await encode(group));
      const elapsed = performance.now() - began;
      if (elapsed > REST_AFTER) {
        taken += elapsed;
        began = await rest();
      }
    }
    taken += performance.now() - began;
    if (pass >= WARMUPS) milliseconds += taken / PASSES;
  }
  return { milliseconds, vectors };
}

/** Lets the page breathe, for the driver asks it how it does; and starts the clock again. */
async function rest() {
  await new Promise((resolve) => setTimeout(resolve));
  return performance.now();
}

/** The rows of matrices one below the other. */
function rows(matrices, dim) {
  return matrices.flatMap((matrix) => {
    const count = matrix.length / dim;
    return Array.from({ length: count }, (_, row) => matrix.subarray(row * dim, (row + 1) * dim));
  });
}

function cosines(some, others) {
  if (some.length !== others.length) throw new Error(`${some.length} vectors, not ${others.length}`);
  return some.map((row, index) => {
    const other = others[index];
    return dot(row, other) / Math.sqrt(dot(row, row) * dot(other, other));
  });
}

function dot(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += a[i] * b[i];
  return sum;
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

// Texts of several lengths as a matrix, as peers want them.

/** The ids of texts, padded to the longest, and which of them are any: `{ ids, mask, shape }` of 64-bit integers. */
export function padded(texts) {
  const width = Math.max(...texts.map(({ ids }) => ids.length));
  const shape = [texts.length, width];
  const ids = new BigInt64Array(texts.length * width);
  const mask = new BigInt64Array(texts.length * width);
  texts.forEach((text, row) => {
    text.ids.forEach((id, column) => {
      ids[row * width + column] = BigInt(id);
      mask[row * width + column] = 1n;
    });
  });
  return { ids, mask, shape };
}

// candle in f32: Undertone's encoder as it trains, in a module for this benchmark alone.

const MODEL = "/model/";
const MODULE = "/made/candle/candle.js";

export async function load() {
  const [engine, ...files] = await Promise.all([
    import(MODULE).then(async (engine) => {
      await engine.default();
      return engine;
    }),
    ...["manifest.json", "weights.safetensors", "tokenizer.json"].map(bytes),
  ]);
  const candle = new engine.Candle(...files);
  return { encode: (texts) => candle.encode(texts.map(({ text }) => text)) };
}

async function bytes(name) {
  const response = await fetch(MODEL + name);
  if (!response.ok) throw new Error(`${name}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

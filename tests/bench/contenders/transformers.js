// transformers.js, q8, on one thread: its own tokeniser, and the runtime that it loads by default, from this server.

const PACKAGE = "/npm/@huggingface/transformers/";
// It depends on a version of its own.
const RUNTIME = `${PACKAGE}node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.asyncify`;

export async function load() {
  const { AutoModel, AutoTokenizer, env } = await import(`${PACKAGE}dist/transformers.min.js`);
  env.allowRemoteModels = false;
  env.allowLocalModels = true;
  env.localModelPath = "/made/";
  env.backends.onnx.wasm.numThreads = 1;
  env.backends.onnx.wasm.wasmPaths = { mjs: `${RUNTIME}.mjs`, wasm: `${RUNTIME}.wasm` };
  const [tokenizer, model] = await Promise.all([
    AutoTokenizer.from_pretrained("student"),
    AutoModel.from_pretrained("student", { dtype: "q8", device: "wasm" }),
  ]);

  function tokens(texts) {
    return tokenizer(texts.map(({ text }) => text), { padding: true, truncation: true });
  }

  async function encode(texts) {
    const { sentence_embedding: vectors } = await model(tokens(texts));
    return vectors.data;
  }

  /** How many texts it has other tokens for: not the same work as the others'. */
  function differently(texts) {
    return texts.filter((text) => tokens([text]).input_ids.data.join() !== text.ids.join()).length;
  }
  return { encode, differently };
}

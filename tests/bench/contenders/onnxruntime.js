// onnxruntime-web, q8, in the build for WebAssembly alone, on one thread. It has no tokeniser: the ids are given, and
// neither their making nor the loading of a tokeniser is counted against it.

import { padded } from "./padding.js";

const DIST = "/npm/onnxruntime-web/dist/";

export async function load() {
  const ort = await import(`${DIST}ort.wasm.min.mjs`);
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = DIST;
  const session = await ort.InferenceSession.create("/made/student/onnx/model_quantized.onnx", {
    executionProviders: ["wasm"],
    graphOptimizationLevel: "all",
  });

  async function encode(texts) {
    const { ids, mask, shape } = padded(texts);
    const { sentence_embedding: vectors } = await session.run({
      input_ids: new ort.Tensor("int64", ids, shape),
      attention_mask: new ort.Tensor("int64", mask, shape),
    });
    return vectors.data;
  }
  return { encode };
}

// One contender on one fresh page: index.html?contender=NAME&module=ADDRESS. Leaves what it measured in
// `window.result`, or what went wrong in `window.failure`.

import { bytes } from "./memory.js";
import { measure } from "./measure.js";

async function run(query) {
  const [texts, reference] = await Promise.all([lines("/made/texts.jsonl"), json("/made/vectors.json")]);
  performance.setResourceTimingBufferSize(1000);
  performance.clearResourceTimings();

  const began = performance.now();
  const contender = await import(`./contenders/${query.get("contender")}.js`);
  const { encode, differently } = await contender.load(query);
  await encode(texts.slice(0, 1));
  const ready = performance.now() - began;
  const fetched = performance.getEntriesByType("resource").map((entry) => new URL(entry.name));

  const measured = await measure(encode, texts, reference);
  return {
    ready_ms: ready,
    ...measured,
    memory_bytes: bytes(),
    texts_tokenised_differently: differently?.(texts) ?? 0,
    // The harness comes from the page's own folder, and a cached file may show up as a blob.
    fetched: [...new Set(fetched.filter(outsideOfPage).map((url) => url.pathname))],
  };
}

function outsideOfPage(url) {
  return url.origin === location.origin && !url.pathname.startsWith("/contenders/");
}

async function fetched(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  return response;
}

async function json(address) {
  return (await fetched(address)).json();
}

async function lines(address) {
  return (await (await fetched(address)).text()).trim().split("\n").map((line) => JSON.parse(line));
}

run(new URLSearchParams(location.search)).then(
  (result) => (window.result = result),
  (error) => (window.failure = String(error?.stack ?? error)),
);

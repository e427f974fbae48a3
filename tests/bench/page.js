// A file of many rows with made-up vectors, put on the device as the app would have kept it; and what the page does with it.

/** Puts a document with a file of `rows` rows, which need no encoding, into the app's storage. */
export async function prepare({ rows, dim, digest, base }) {
  const file = "0000000000000-0000bench";
  const words = ["the", "train", "was", "late", "and", "nobody", "said", "a", "word", "about", "it", "all", "evening"];
  const lines = ["id,text"];
  for (let row = 0; row < rows; row++) {
    let text = "";
    for (let n = 0; n < 12 + (row % 9); n++) text += words[(row * 7 + n * 5) % words.length] + " ";
    lines.push(`r${row},${text}${row}`);
  }
  const content = new TextEncoder().encode(lines.join("\n"));
  const database = await new Promise((resolve, reject) => {
    const opening = indexedDB.open("undertone");
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = reject;
  });
  const write = (stores, put) => new Promise((resolve, reject) => {
    const transaction = database.transaction(stores, "readwrite");
    transaction.oncomplete = resolve;
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
    put(transaction);
  });
  const document = {
    name: "Benchmark",
    text: "",
    labels: base,
    preset: null,
    file: { key: file, name: "many.csv", decisions: [] },
    view: { page: "file" },
  };
  const snapshot = {
    format: 1, id: "bench", name: "Benchmark", changed: Date.now() + 1e6, file: "many.csv", file_key: file,
    content: JSON.stringify(document),
  };
  await write(["files", "documents"], (transaction) => {
    transaction.objectStore("files").put(content, [file, 0]);
    transaction.objectStore("documents").put(JSON.stringify(snapshot), "bench");
  });
  const SHARE = 32;
  let seed = 1;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647 - 0.5;
  for (let from = 0; from < rows; from += SHARE * 64) {
    await write(["vectors"], (transaction) => {
      const store = transaction.objectStore("vectors");
      for (let first = from; first < Math.min(rows, from + SHARE * 64); first += SHARE) {
        const count = Math.min(SHARE, rows - first);
        const vectors = new Float32Array(count * dim);
        for (let n = 0; n < count; n++) {
          let square = 0;
          for (let i = 0; i < dim; i++) square += (vectors[n * dim + i] = random()) ** 2;
          for (let i = 0; i < dim; i++) vectors[n * dim + i] /= Math.sqrt(square);
        }
        store.put({
          rows: Uint32Array.from({ length: count }, (_, n) => first + n),
          vectors,
          windows: new Uint32Array(count).fill(1),
          ranges: new Uint32Array(2 * count),
          cut: new Uint8Array(count),
        }, [file, digest, first]);
      }
    });
  }
  database.close();
  sessionStorage.setItem("undertone-document", "bench");
}

/** What the page's thread does while `act` goes on: long tasks, and the times between pictures. */
export async function watch(act) {
  const tasks = [];
  const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries().map((entry) => entry.duration)));
  observer.observe({ type: "longtask" });
  const pictures = [];
  let watching = true;
  let last = performance.now();
  const picture = (now) => {
    pictures.push(now - last);
    last = now;
    if (watching) requestAnimationFrame(picture);
  };
  requestAnimationFrame(picture);
  const began = performance.now();
  await act();
  const took = performance.now() - began;
  await new Promise((resolve) => setTimeout(resolve, 300));
  watching = false;
  observer.disconnect();
  pictures.sort((a, b) => a - b);
  return {
    took,
    longTasks: tasks.length,
    longest: Math.max(0, ...tasks),
    picture95: pictures[Math.floor(pictures.length * 0.95)] ?? 0,
  };
}

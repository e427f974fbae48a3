// Starts Undertone: looks whether this browser can run it, starts it, and keeps it up to date.
// What must be said when the page itself cannot run, or no longer runs, is said from here.

const script = document.querySelector("script[data-js]");
const build = document.querySelector('meta[name="undertone-build"]')?.content ?? "dev";

// The smallest module with a SIMD instruction: () -> v128, with i8x16.splat.
const SIMD = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253,
  15, 253, 98, 11,
]);

// The same with i32x4.relaxed_dot_i8x16_i7x16_add_s: browsers with relaxed SIMD get a faster worker.
const RELAXED_SIMD = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 19, 1, 17, 0, 65, 0, 253,
  15, 65, 0, 253, 15, 65, 0, 253, 15, 253, 147, 2, 11,
]);

/** A sentence above the page, with buttons; it needs nothing of the app. */
function banner(message, { state, actions = [] }) {
  document.querySelector(`.banner[data-state="${state}"]`)?.remove();
  const box = document.createElement("div");
  box.className = "banner";
  box.dataset.state = state;
  box.setAttribute("role", state === "error" ? "alert" : "status");
  const text = document.createElement("p");
  text.textContent = message;
  if (state === "error") text.dataset.testid = "error";
  box.append(text);
  for (const [name, act] of actions) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name;
    button.addEventListener("click", () => act(button));
    box.append(button);
  }
  document.body.prepend(box);
  return box;
}

const reload = ["Reload", () => location.reload()];

function fail(message, report) {
  const actions = [reload];
  if (report && navigator.clipboard) {
    actions.push(["Copy the report", async (button) => {
      try {
        await navigator.clipboard.writeText(`Undertone ${build}\n${navigator.userAgent}\n${report}`);
        button.textContent = "Copied";
      } catch {
        button.textContent = "Not allowed";
      }
    }]);
  }
  banner(message, { state: "error", actions });
}

/** The chosen theme, before the app runs, so that the page does not flash. */
function dress() {
  try {
    const theme = localStorage.getItem("undertone-theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // Without a storage it is only a matter of colour.
  }
}

/** Offers a new version once it is complete; the reader decides when to change over, and then all tabs do. */
function offer(worker) {
  if (!navigator.serviceWorker.controller) return;
  banner("An update of Undertone is available.", {
    state: "update",
    actions: [["Update", () => worker.postMessage({ type: "SKIP_WAITING" })]],
  });
}

/** Another version took over, in this tab or another: what this page still needs may be gone. Its work is kept. */
function followUpdates() {
  if (!navigator.serviceWorker?.controller) return;
  navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
}

/**
 * Chooses the model's worker and starts it before the app, which takes it over with what it said meanwhile; or starts one
 * itself, if this one could not be.
 */
function startWorker() {
  const [worker, relaxed, model] = ["worker", "worker-relaxed", "model"].map((name) =>
    document.querySelector(`meta[name="undertone-${name}"]`),
  );
  if (WebAssembly.validate(RELAXED_SIMD)) worker.content = relaxed.content;
  const name = `undertone-engine ${new URL(model.content, document.baseURI)}`;
  try {
    const started = new Worker(new URL(worker.content, document.baseURI), { type: "module", name });
    const events = [];
    started.onmessage = started.onerror = (event) => events.push(event);
    globalThis.undertoneWorker = { worker: started, events };
  } catch (error) {
    console.warn("The model's worker could not be started early:", error);
  }
}

async function keepOffline() {
  if (build === "dev" || !("serviceWorker" in navigator)) return;
  try {
    const registration = await navigator.serviceWorker.register("sw.js", { updateViaCache: "none" });
    if (registration.waiting) offer(registration.waiting);
    registration.addEventListener("updatefound", () => {
      const worker = registration.installing;
      worker?.addEventListener("statechange", () => {
        if (worker.state === "installed") offer(worker);
      });
    });
  } catch (error) {
    // Undertone works all the same, only not without a network.
    console.warn("Undertone will not be available offline:", error);
  }
}

async function start() {
  dress();
  followUpdates();
  const simd = typeof WebAssembly === "object" && WebAssembly.validate(SIMD);
  if (!simd) {
    document.querySelector(".starting")?.remove();
    banner(
      "This browser cannot run Undertone: it lacks WebAssembly SIMD. Chrome 91, Firefox 89, Safari 16.4 and everything newer have it.",
      { state: "error" },
    );
    return;
  }
  addEventListener("undertone-panic", ({ detail }) => {
    fail("Undertone stopped because of an error of its own. Your text and labels are kept: reload the page to go on.", detail);
  });
  try {
    const loading = import(new URL(script.dataset.js, document.baseURI));
    const response = await fetch(new URL(script.dataset.wasm, document.baseURI));
    const bytes = response.clone().arrayBuffer();
    // Some hosts do not call it WebAssembly.
    const compiling = WebAssembly.compileStreaming(response).catch(async () => WebAssembly.compile(await bytes));
    await bytes;
    // What the page needs is here: the network is the model's, while the page is compiled and started.
    startWorker();
    const app = await loading;
    await app.default({ module_or_path: await compiling });
  } catch (error) {
    // A panic has already been announced, and better.
    if (!document.querySelector('.banner[data-state="error"]')) {
      fail("Undertone could not be started: check the connection and reload the page.", String(error?.stack ?? error));
    }
  }
  await keepOffline();
}

start();

// Keeps the shell of the app, so that it starts without a network. The model is not here: the
// engine's worker keeps it in a cache of its own, so that installing never waits for it.
// The two constants are filled in by app/src/bin/postbuild.rs.

const BUILD = "{{build}}";
/** Path in the app's folder -> the first 128 bits of the file's SHA-256. */
const FILES = {/* files */};

// The smallest module with i32x4.relaxed_dot_i8x16_i7x16_add_s; boot.js starts the worker by the same test.
const RELAXED_SIMD = WebAssembly.validate(
  new Uint8Array([
    0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 19, 1, 17, 0, 65, 0, 253,
    15, 65, 0, 253, 15, 65, 0, 253, 15, 253, 147, 2, 11,
  ]),
);
/** The worker that this browser never starts. */
const UNUSED = RELAXED_SIMD ? /^w\/\w+\/worker[._]/ : /^w\/\w+\/worker-relaxed/;

const SCOPE = self.registration.scope;
// Other copies of the app may share this origin under another path.
const OURS = `undertone-shell ${SCOPE} `;
const CACHE = OURS + BUILD;

const key = (path) => new URL(`${path}?revision=${FILES[path]}`, SCOPE).href;

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));

// A new version waits until the page asks for it: nobody's page changes while they work.
self.addEventListener("message", (event) => {
  if (event.data?.type === "SKIP_WAITING") self.skipWaiting();
});

self.addEventListener("fetch", (event) => {
  const path = pathOf(event.request);
  if (path !== undefined) event.respondWith(answer(path, event.request));
});

async function install() {
  const cache = await caches.open(CACHE);
  await Promise.all(
    Object.keys(FILES).filter((path) => !UNUSED.test(path)).map(async (path) => {
      const kept = await caches.match(key(path));
      await cache.put(key(path), kept ?? (await download(path)));
    }),
  );
}

async function activate() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(OURS) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
  // The page of the first visit too: what it starts from now on comes from here.
  await self.clients.claim();
}

/** Fetches a file past the HTTP cache, and refuses one of another build. */
async function download(path) {
  const response = await fetch(new URL(path, SCOPE), { cache: "reload" });
  if (!response.ok) throw new Error(`${path}: the server answered ${response.status}`);
  if (!(await belongs(path, response.clone()))) {
    throw new Error(`${path} is not of build ${BUILD}: the site is being updated`);
  }
  return response;
}

async function belongs(path, response) {
  // Some hosts add to the page on its way, so that its hash says nothing.
  if (path === "./") return (await response.text()).includes(BUILD);
  const digest = await crypto.subtle.digest("SHA-256", await response.arrayBuffer());
  const hex = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0"));
  return hex.join("").startsWith(FILES[path]);
}

/** The path of the requested file in FILES; undefined when the network should answer. */
function pathOf(request) {
  const url = request.url.replace(/[?#].*/, "");
  if (request.method !== "GET" || !url.startsWith(SCOPE)) return undefined;
  const path = url.slice(SCOPE.length);
  const known = path === "" || path === "index.html" ? "./" : path;
  return Object.hasOwn(FILES, known) ? known : undefined;
}

async function answer(path, request) {
  const cache = await caches.open(CACHE);
  return (await cache.match(key(path))) ?? fetch(request);
}

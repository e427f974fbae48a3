// Undertone as another page would use it. `module` is the address of a worker's module.

export async function load(query) {
  const engine = await import(query.get("module"));
  await engine.default();
  const undertone = await engine.Undertone.load("/model/manifest.json");
  return { encode: (texts) => undertone.encode(texts.map(({ text }) => text)).vectors };
}

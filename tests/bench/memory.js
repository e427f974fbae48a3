// How much memory the page's WebAssembly has. To be imported before whatever is measured.

const memories = new Set();

const Memory = WebAssembly.Memory;
WebAssembly.Memory = class extends Memory {
  constructor(descriptor) {
    super(descriptor);
    memories.add(this);
  }
};

for (const name of ["instantiate", "instantiateStreaming"]) {
  const original = WebAssembly[name];
  WebAssembly[name] = async (...given) => {
    const made = await original.apply(WebAssembly, given);
    for (const exported of Object.values((made.instance ?? made).exports)) {
      if (exported instanceof Memory) memories.add(exported);
    }
    return made;
  };
}

/** The bytes of all memories so far. None of them ever shrinks. */
export function bytes() {
  return [...memories].reduce((sum, memory) => sum + memory.buffer.byteLength, 0);
}

// node weigh.mjs FILE...: what each file weighs as it travels, in bytes, as a JSON list.

import { readFileSync } from "node:fs";
import { brotliCompressSync, constants } from "node:zlib";

const params = { [constants.BROTLI_PARAM_QUALITY]: 9 };
const weights = process.argv.slice(2).map((path) => brotliCompressSync(readFileSync(path), { params }).length);
console.log(JSON.stringify(weights));

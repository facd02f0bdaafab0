// @ts-check
/**
 * What the worker of `spilling.mjs` does, by hand: values are made one after the other, each is written to the end of one file when it is made,
 * and then they are read back in the same order. In Node and in workers of pages, so there are no imports.
 */

/**
 * @typedef {object} OpenFile
 * @property {(bytes: Uint8Array, at: number) => unknown} write
 * @property {(into: Uint8Array, at: number) => unknown} read
 */

/**
 * Making them is measured apart, as there.
 *
 * @param {OpenFile} file @param {number} count @param {number} size
 */
export async function throughFile(file, count, size) {
  const length = size / 8;
  let sum = 0;
  const beganMs = performance.now();
  for (let i = 0; i < count; i++) sum += new Float64Array(length).fill(i)[5] ?? 0;
  const madeMs = performance.now();
  for (let i = 0; i < count; i++) await file.write(new Uint8Array(new Float64Array(length).fill(i).buffer), i * size);
  const writtenMs = performance.now();
  for (let i = 0; i < count; i++) {
    const back = new Float64Array(length);
    await file.read(new Uint8Array(back.buffer), i * size);
    sum -= back[length - 1] ?? 0;
  }
  const readMs = performance.now();
  if (sum !== 0) throw new Error("it was not read as it was written");
  const bytes = count * size;
  return {
    makingMs: madeMs - beganMs,
    writingMs: writtenMs - madeMs,
    readingMs: readMs - writtenMs,
    writtenBytes: bytes,
    readBytes: bytes,
  };
}

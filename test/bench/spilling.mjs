// @ts-check
/** One worker with little memory writes values out and reads them back: how fast. In Node and in pages, so there are no imports. */

/** @typedef {import("manyhands").Client} Client */

/** @param {() => Promise<void>} run */
async function timed(run) {
  const beganMs = performance.now();
  await run();
  return performance.now() - beganMs;
}

/** @param {() => Promise<boolean>} isSo */
async function until(isSo) {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** @param {Client} client */
async function bytesIn(client) {
  let [held, spilled] = [0, 0];
  for (const worker of Object.values((await client.schedulerInfo()).workers)) {
    held += worker.heldBytes ?? 0;
    spilled += worker.spilledBytes ?? 0;
  }
  return { held, spilled };
}

/**
 * What it takes to write values out and to read them back. Making them is measured apart: it goes on while they are written.
 *
 * @param {Pick<typeof import("manyhands"), "Client" | "LocalCluster">} library
 * @param {number} count @param {number} size
 */
export async function spilled({ Client, LocalCluster }, count, size) {
  // All is written but what there is room for anyway.
  const cluster = new LocalCluster({ nWorkers: 1, memoryLimit: 2 * size });
  const client = new Client(cluster);
  await client.waitForWorkers(1);
  const length = size / 8;
  const make = (/** @type {number} */ seed, /** @type {number} */ length) => new Float64Array(length).fill(seed);
  const nothing = await client.submit((/** @type {number} */ x) => x, 1).result();
  if (nothing !== 1) throw new Error("no answer");
  const seeds = Array.from({ length: count }, (_, i) => i);
  // What it takes to make them is not what is to be measured, nor what it takes until there is a file: by hand, it is open by then as well.
  const warm = client.map(make, [1, 2, 3], [length, length, length]);
  await client.gather(client.map((/** @type {Float64Array} */ a) => a.length, warm));
  await until(async () => (await bytesIn(client)).spilled > 0);
  for (const future of warm) future.release();
  // The store may still be at one of them.
  await new Promise((resolve) => setTimeout(resolve, 50));
  const making = await timed(async () => {
    const cheap = client.submit(
      (/** @type {number} */ n, /** @type {number} */ length) => {
        let sum = 0;
        for (let i = 0; i < n; i++) sum += new Float64Array(length).fill(i)[5] ?? 0;
        return sum;
      },
      count,
      length,
    );
    await cheap.result();
    cheap.release();
  });
  /** @type {import("manyhands").Future<Float64Array>[]} */
  let values = [];
  const writing = await timed(async () => {
    values = client.map(make, seeds, new Array(count).fill(length));
    await client.gather(client.map((/** @type {Float64Array} */ a) => a.length, values));
    await until(async () => (await bytesIn(client)).held <= 2 * size);
  });
  const written = (await bytesIn(client)).spilled;
  if (written === 0) throw new Error("nothing was written out");
  let sum = 0;
  const reading = await timed(async () => {
    const ends = client.map((/** @type {Float64Array} */ a) => a[a.length - 1] ?? 0, values);
    for (const end of await client.gather(ends)) sum += end;
  });
  if (sum !== (count * (count - 1)) / 2) throw new Error("a value was not read as it was written");
  await client.close();
  await cluster.close();
  return { makingMs: making, writingMs: writing, writtenBytes: written, readingMs: reading, readBytes: written };
}

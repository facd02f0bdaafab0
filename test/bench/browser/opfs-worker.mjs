/** The private file system of the origin, by hand: one file, written and read from end to end, as a worker would that has nothing else to do. */
addEventListener("message", async ({ data: { count, size } }) => {
  try {
    postMessage(await byHand(count, size));
  } catch (error) {
    postMessage({ failed: String(error) });
  }
});

async function byHand(count, size) {
  const root = await navigator.storage.getDirectory();
  const handle = await root.getFileHandle("by-hand", { create: true });
  const file = await handle.createSyncAccessHandle();
  const bytes = new Uint8Array(size).fill(7);
  const beganMs = performance.now();
  for (let i = 0; i < count; i++) file.write(bytes, { at: i * size });
  const writtenMs = performance.now();
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const back = new Uint8Array(size);
    file.read(back, { at: i * size });
    sum += back[size - 1];
  }
  const readMs = performance.now();
  file.close();
  await root.removeEntry("by-hand");
  if (sum !== 7 * count) throw new Error("it was not read as it was written");
  const speed = (ms) => (1000 * count * size) / Math.max(1, ms);
  return { write: speed(writtenMs - beganMs), read: speed(readMs - writtenMs) };
}

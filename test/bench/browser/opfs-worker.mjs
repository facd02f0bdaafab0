/** The private file system of the origin, by hand: a file for each value, written and read from end to end, as a worker would that has nothing else to do. */
addEventListener("message", async ({ data: { count, size } }) => {
  try {
    postMessage(await byHand(count, size));
  } catch (error) {
    postMessage({ failed: String(error) });
  }
});

async function byHand(count, size) {
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle("by-hand", { create: true });
  const bytes = new Uint8Array(size).fill(7);
  const open = async (i) => (await folder.getFileHandle(String(i), { create: true })).createSyncAccessHandle();
  const beganMs = performance.now();
  for (let i = 0; i < count; i++) {
    const file = await open(i);
    file.write(bytes, { at: 0 });
    file.close();
  }
  const writtenMs = performance.now();
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const file = await open(i);
    const back = new Uint8Array(size);
    file.read(back, { at: 0 });
    file.close();
    sum += back[size - 1];
  }
  const readMs = performance.now();
  await root.removeEntry("by-hand", { recursive: true });
  if (sum !== 7 * count) throw new Error("it was not read as it was written");
  const speed = (ms) => (1000 * count * size) / Math.max(1, ms);
  return { write: speed(writtenMs - beganMs), read: speed(readMs - writtenMs) };
}

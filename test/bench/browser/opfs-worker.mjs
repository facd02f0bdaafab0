/** The private file system of the origin, by hand, as a worker would that has nothing else to do. */
import { throughFile } from "../by-hand.mjs";

addEventListener("message", async ({ data: { count, size } }) => {
  try {
    const root = await navigator.storage.getDirectory();
    const handle = await root.getFileHandle("by-hand", { create: true });
    const file = await handle.createSyncAccessHandle();
    const measured = await throughFile(
      { write: (bytes, at) => file.write(bytes, { at }), read: (into, at) => file.read(into, { at }) },
      count,
      size,
    );
    file.close();
    await root.removeEntry("by-hand");
    postMessage(measured);
  } catch (error) {
    postMessage({ failed: String(error) });
  }
});

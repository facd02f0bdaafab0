/** A worker that tries a store in the private file system of its origin: runs the promise it is told, or opens a store and stays. */
import { openOpfsStore } from "../../src/adapters/opfs-store.ts";
import { storePromises } from "../compliance/value-store.ts";

const scope = globalThis as unknown as {
  onmessage: (event: { readonly data: { readonly promise?: string; readonly stay?: string } }) => void;
  postMessage(message: unknown): void;
};
let places = 0;

scope.onmessage = async ({ data: { promise, stay } }) => {
  try {
    if (stay !== undefined) await (await openOpfsStore({ name: stay })).write(1, [new Uint8Array(10)]);
    else {
      const open = () => openOpfsStore({ name: `trial-${places++}` });
      await storePromises.find(({ name }) => name === promise)?.run(open);
    }
    scope.postMessage({});
  } catch (error) {
    scope.postMessage({ failed: String(error) });
  }
};

/** A worker that tries a store in the private file system of its origin: does what it is told to, or opens a store and stays. */
import { openOpfsStore } from "../../src/adapters/opfs-store.ts";
import { demandThrift, storePromises } from "../compliance/value-store.ts";

const scope = globalThis as unknown as {
  onmessage: (event: {
    readonly data: { readonly promise?: string; readonly stay?: string; readonly thrift?: string };
  }) => void;
  postMessage(message: unknown): void;
};
let places = 0;

/** Of the files in a directory of ours. */
async function sizesIn(name: string): Promise<number[]> {
  const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("manyhands-values");
  const directory = (await folder.getDirectoryHandle(name)) as unknown as {
    values(): AsyncIterable<{ getFile(): Promise<File> }>;
  };
  const sizes: number[] = [];
  for await (const file of directory.values()) sizes.push((await file.getFile()).size);
  return sizes;
}

scope.onmessage = async ({ data: { promise, stay, thrift } }) => {
  try {
    if (thrift !== undefined) {
      const store = await openOpfsStore({ name: thrift });
      await demandThrift(store, () => sizesIn(thrift));
      await store.close();
    } else if (stay !== undefined) await (await openOpfsStore({ name: stay })).write(1, [new Uint8Array(10)]);
    else {
      const open = () => openOpfsStore({ name: `trial-${places++}` });
      await storePromises.find(({ name }) => name === promise)?.run(open);
    }
    scope.postMessage({});
  } catch (error) {
    scope.postMessage({ failed: String(error) });
  }
};

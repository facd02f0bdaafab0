/** Stores of pages' workers, in real browsers: what every store promises, and what becomes of those whose worker was ended. */
import { opfsStores } from "../../src/adapters/opfs-folder.ts";
import { storePromises } from "../compliance/value-store.ts";
import { equal } from "./cases/check.ts";

interface Trying extends Disposable {
  tell(word: object): Promise<void>;
}

function startWorker(): Trying {
  const worker = new Worker(new URL("./opfs-store-worker.ts", import.meta.url), { type: "module" });
  return {
    tell: (word) =>
      new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => (data.failed === undefined ? resolve() : reject(new Error(data.failed)));
        worker.onerror = ({ message }) => reject(new Error(message));
        worker.postMessage(word);
      }),
    [Symbol.dispose]: () => worker.terminate(),
  };
}

async function inside(): Promise<string[]> {
  const root = await navigator.storage.getDirectory();
  const folder = (await root.getDirectoryHandle("manyhands-values", { create: true })) as unknown as {
    keys(): AsyncIterable<string>;
  };
  const names: string[] = [];
  for await (const name of folder.keys()) names.push(name);
  return names;
}

describe("a store in the private file system of a page", () => {
  for (const { name } of storePromises) {
    it(name, async () => {
      using worker = startWorker();
      await worker.tell({ promise: name });
    });
  }

  it("uses again what was given back, and gives the browser what it does not need", async () => {
    using worker = startWorker();
    await worker.tell({ thrift: "thrift" });
  });

  it("leaves nothing behind", async () => {
    equal(await inside(), []);
  });

  it("is cleared away by its owner when its worker was ended", async () => {
    const place = { name: "ended" };
    {
      using worker = startWorker();
      await worker.tell({ stay: place.name });
      equal(await inside(), ["ended"]);
    }
    await opfsStores.expect(place)();
    equal(await inside(), []);
  });

  it("of a worker that nobody looked after is cleared away by the next, and that of one that lives is not", async () => {
    using living = startWorker();
    await living.tell({ stay: "living" });
    {
      using worker = startWorker();
      await worker.tell({ stay: "left" });
      equal((await inside()).sort(), ["left", "living"]);
    }
    // Its lock is free once it has really ended.
    await navigator.locks.request("manyhands-values/left", () => {});
    using next = startWorker();
    await next.tell({ stay: "next" });
    equal((await inside()).sort(), ["living", "next"]);
  });
});

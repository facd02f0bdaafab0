/** What every store of values promises, in Node and in workers of pages. */
import type { ValueStore } from "../../src/ports/value-store.ts";
import { equal, ok, rejects } from "../platform/cases/check.ts";

export interface StorePromise {
  readonly name: string;
  /** `open`: a store of its own each time. */
  run(open: () => Promise<ValueStore>): Promise<void>;
}

const filled = (length: number, seed: number) => Uint8Array.from({ length }, (_, i) => (i * 31 + seed * 7) & 255);
const lengthsOf = (chunks: readonly Uint8Array[]) => chunks.map(({ length }) => length);

async function demandSame(store: ValueStore, number: number, chunks: readonly Uint8Array[]): Promise<void> {
  const back = await store.read(number, lengthsOf(chunks));
  equal(back.length, chunks.length);
  for (const [i, chunk] of chunks.entries()) {
    const read = new Uint8Array(back[i] as ArrayBuffer);
    ok(read.length === chunk.length && read.every((byte, at) => byte === chunk[at]), `chunk ${i} is as it was`);
  }
}

export const storePromises: readonly StorePromise[] = [
  {
    name: "gives back what was written, as often as it is asked, each chunk in a buffer of its own",
    async run(open) {
      const store = await open();
      const chunks = [filled(10, 1), filled(0, 2), filled(70_000, 3), filled(1, 4), filled(3_000_000, 5)];
      await store.write(1, chunks);
      await demandSame(store, 1, chunks);
      const [one, other] = [await store.read(1, lengthsOf(chunks)), await store.read(1, lengthsOf(chunks))];
      new Uint8Array(one[0] as ArrayBuffer).fill(0);
      equal([...new Uint8Array(other[0] as ArrayBuffer)], [...filled(10, 1)]);
      await store.close();
    },
  },
  {
    name: "writes what views show, and not what is around it",
    async run(open) {
      const store = await open();
      const around = filled(5000, 9);
      const chunks = [around.subarray(100, 4000), around.subarray(4999), around.subarray(0, 1)];
      await store.write(7, chunks);
      await demandSame(store, 7, chunks);
      await store.close();
    },
  },
  {
    name: "takes many short chunks",
    async run(open) {
      const store = await open();
      const chunks = Array.from({ length: 5000 }, (_, i) => filled(i % 300, i));
      await store.write(3, chunks);
      await demandSame(store, 3, chunks);
      await store.close();
    },
  },
  {
    name: "keeps several apart, written and read at once",
    async run(open) {
      const store = await open();
      const values = Array.from({ length: 8 }, (_, i) => [filled(100_000 + i, i), filled(i, i)]);
      await Promise.all(values.map((chunks, i) => store.write(i, chunks)));
      await Promise.all(values.map((chunks, i) => demandSame(store, i, chunks)));
      await Promise.all([1, 3, 5].map((i) => store.remove(i)));
      for (const i of [0, 2, 4, 6, 7]) await demandSame(store, i, values[i] as Uint8Array[]);
      await store.close();
    },
  },
  {
    name: "does not find what was removed, what was never there, and what was longer",
    async run(open) {
      const store = await open();
      await store.write(1, [filled(1000, 1)]);
      await store.write(2, [filled(1000, 2)]);
      await store.remove(1);
      await store.remove(1);
      await store.remove(99);
      const attempts = [store.read(1, [1000]), store.read(99, [1]), store.read(2, [1001])];
      for (const { status } of await Promise.allSettled(attempts)) equal(status, "rejected");
      await demandSame(store, 2, [filled(1000, 2)]);
      await store.close();
    },
  },
  {
    name: "lets its thread do other things while it writes and reads much",
    async run(open) {
      const store = await open();
      const chunks = [filled(24 * 2 ** 20, 1)];
      for (const act of [() => store.write(1, chunks), () => store.read(1, lengthsOf(chunks))]) {
        let turns = 0;
        let isDone = false;
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => {
          turns += 1;
          if (!isDone) port2.postMessage(0);
        };
        port2.postMessage(0);
        await act();
        isDone = true;
        port1.close();
        ok(turns >= 2, `${turns} turns were had meanwhile`);
      }
      await store.close();
    },
  },
  {
    name: "is empty after it was closed",
    async run(open) {
      const store = await open();
      await store.write(1, [filled(1000, 1)]);
      await store.close();
      await rejects(
        store.read(1, [1000]).catch((cause) => Promise.reject(new Error("gone", { cause }))),
        "Error",
        /gone/,
      );
    },
  },
];

/** What every store of values promises, in Node and in workers of pages. */
import type { ValueStore } from "../../src/ports/value-store.ts";
import { equal, ok, rejects } from "../platform/cases/check.ts";
import { Random } from "../support/random.ts";

export interface StorePromise {
  readonly name: string;
  /** `open`: a store of its own each time. */
  run(open: () => Promise<ValueStore>): Promise<void>;
}

/** So often the same is done, until others have had their turns. */
const MOST_TIMES = 10;

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
      for (const act of [(number: number) => store.write(number, chunks), () => store.read(1, lengthsOf(chunks))]) {
        let turns = 0;
        let isDone = false;
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => {
          turns += 1;
          if (!isDone) port2.postMessage(0);
        };
        port2.postMessage(0);
        // A fast disk is through with it before it is anybody else's turn: those that follow at once are one piece of work with it.
        for (let times = 1; times <= MOST_TIMES && turns < 2; times++) await act(times);
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

/** A store on a disk never takes up much more than what is in it, and little when that is gone. `sizes`: of all files it has. */
export async function demandThrift(
  store: ValueStore,
  sizes: () => readonly number[] | Promise<readonly number[]>,
): Promise<void> {
  const onDisk = async () => (await sizes()).reduce((sum, size) => sum + size, 0);
  const random = new Random(7);
  const there = new Map<number, Uint8Array>();
  let [live, most, mostOnDisk] = [0, 0, 0];
  const drop = async (number: number) => {
    live -= there.get(number)?.length ?? 0;
    there.delete(number);
    await store.remove(number);
  };
  for (let number = 1; number <= 300; number++) {
    // Many short ones and few long ones, of which any may stay for long.
    const chunk = new Uint8Array(Math.ceil(2 ** random.between(9, 20))).fill(number);
    await store.write(number, [chunk]);
    there.set(number, chunk);
    live += chunk.length;
    while (live > 4 * 2 ** 20) await drop([...there.keys()][random.integer(0, there.size)] as number);
    most = Math.max(most, live);
    if (number % 20 === 0) mostOnDisk = Math.max(mostOnDisk, await onDisk());
  }
  ok(mostOnDisk < 2.5 * most, `${mostOnDisk} bytes on disk for ${most}`);
  for (const [number, chunk] of there) await demandSame(store, number, [chunk]);
  // One that lies behind all others keeps no more than its own.
  const long = new Uint8Array(80 * 2 ** 20);
  await store.write(1001, [long]);
  await store.write(1002, [filled(1000, 2)]);
  ok((await onDisk()) > long.length, "it is there");
  await store.remove(1002);
  await store.remove(1001);
  while ((await onDisk()) > 2.5 * most) await new Promise((resolve) => setTimeout(resolve, 1));
  for (const number of [...there.keys()]) await drop(number);
  while ((await onDisk()) > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  equal((await sizes()).length, 1);
}

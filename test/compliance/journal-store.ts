/** What every store of journals promises. Told as cases, for it is tried in Node and in pages alike. */
import type { JournalBytes, JournalStore, JournalStores } from "../../src/ports/journal-store.ts";
import { equal, ok, rejects } from "../platform/cases/check.ts";

export interface JournalSetup {
  readonly stores: JournalStores;
  /** As if whoever has the store were gone without a word; not every store can be left so from inside. */
  readonly abandon?: (store: JournalStore) => Promise<void> | void;
}

interface JournalCase {
  readonly name: string;
  run(setup: JournalSetup, name: string): Promise<void>;
}

export const promisesOfJournalStore: readonly JournalCase[] = [
  {
    name: "is empty at first, and has what was appended, in order, when it is opened again",
    run: async ({ stores }, name) => {
      const first = await stores.open(name);
      equal((await first.read()).length, 0);
      await first.append(text("one "));
      const two = first.append(text("two "));
      const three = first.append(text("three"));
      equal(textOf(await first.read()), "one two three", "what was asked for before is read");
      await Promise.all([two, three]);
      await first.sync();
      await first.close();
      const again = await stores.open(name);
      equal(textOf(await again.read()), "one two three");
      await again.append(text("!"));
      await again.close();
      const third = await stores.open(name);
      equal(textOf(await third.read()), "one two three!");
      await third.close();
    },
  },
  {
    name: "is what replaced it, and what was appended after that",
    run: async ({ stores }, name) => {
      const store = await stores.open(name);
      for (let i = 0; i < 20; i++) await store.append(text(`${i} `));
      await store.replace(text("instead"));
      equal(textOf(await store.read()), "instead");
      await store.append(text(", and more"));
      await store.close();
      const again = await stores.open(name);
      equal(textOf(await again.read()), "instead, and more");
      await again.close();
    },
  },
  {
    name: "keeps values by name, apart from the journal",
    run: async ({ stores }, name) => {
      const store = await stores.open(name);
      const large = new Uint8Array(3_000_000).map((_, i) => (i * 7919) % 251);
      await store.keep("1", large);
      await store.keep("a/b %~", text("odd"));
      await store.append(text("journal"));
      await store.close();
      const again = await stores.open(name);
      equal([...(await again.names())].sort(), ["1", "a/b %~"]);
      const back = await again.fetch("1");
      ok(back !== undefined && back.length === large.length && back.every((byte, i) => byte === large[i]), "as it was");
      await again.keep("1", text("other"));
      equal(textOf(await again.fetch("1")), "other");
      await again.discard(["1", "never there"]);
      await again.discard([]);
      equal(await again.fetch("1"), undefined);
      equal(await again.names(), ["a/b %~"]);
      await again.replace(text("new"));
      equal(textOf(await again.fetch("a/b %~")), "odd");
      await again.close();
    },
  },
  {
    name: "takes a view of a larger buffer for what it shows, as it is at the call",
    run: async ({ stores }, name) => {
      const store = await stores.open(name);
      const whole = text("0123456789");
      await store.append(whole.subarray(2, 5));
      await store.keep("view", whole.subarray(7));
      equal(textOf(await store.read()), "234");
      equal(textOf(await store.fetch("view")), "789");
      await store.close();
    },
  },
  {
    name: "is one's own until it is closed, and stores of other names are others",
    run: async ({ stores }, name) => {
      const store = await stores.open(name);
      await store.append(text("mine"));
      await rejects(stores.open(name), "Error", /in use by .*one at a time/);
      const other = await stores.open(`${name} another/..`);
      equal((await other.read()).length, 0);
      await other.append(text("other"));
      equal(textOf(await store.read()), "mine");
      await other.close();
      await store.close();
      const again = await stores.open(name);
      equal(textOf(await again.read()), "mine");
      await again.close();
    },
  },
  {
    name: "is somebody else's when whoever had it is gone",
    run: async ({ stores, abandon }, name) => {
      const store = await stores.open(name);
      await store.append(text("left behind"));
      if (abandon === undefined) await store.close();
      else await abandon(store);
      const again = await stores.open(name);
      equal(textOf(await again.read()), "left behind");
      await again.close();
    },
  },
];

export function text(letters: string): JournalBytes {
  return new TextEncoder().encode(letters);
}

export function textOf(bytes: JournalBytes | undefined): string | undefined {
  return bytes && new TextDecoder().decode(bytes);
}

/**
 * Journals in IndexedDB, in pages: a database for each. What is appended is an entry with the next number for its key; a value has its
 * name with a mark before it.
 *
 * A Web Lock, which goes with its page, says whose it is. The browser may close a database under our feet: then it is opened again.
 */

import { createStore, del, delMany, get, keys, promisifyRequest, set, type UseStore } from "idb-keyval";
import type { JournalBytes, JournalStore, JournalStores } from "../ports/journal-store.ts";

/** A page that is being reloaded may have its lock for a moment longer. Milliseconds. */
const PATIENCE_MS = 3_000;

const VALUE = "value ";
const STORE = "journal";

export const indexedDbJournals: JournalStores = {
  open: async (name) => {
    const unlock = await lock(name);
    try {
      const store = new IndexedDbJournal(name, unlock);
      await store.begin().catch((cause) => {
        const why = "cannot be kept: the browser does not open its database here, as in some private windows";
        throw new Error(`the durable cluster "${name}" ${why} (${cause})`, { cause });
      });
      return store;
    } catch (error) {
      unlock();
      throw error;
    }
  },
};

/** How long what is kept will last, if that is not for good: private windows keep it until they are closed. */
export async function reservation(): Promise<string | undefined> {
  const { storage } = navigator;
  if (storage?.persisted === undefined || (await storage.persisted())) return undefined;
  const isPrivate = await storage.getDirectory?.().then(
    () => false,
    ({ name }) => name === "SecurityError",
  );
  if (isPrivate) return "this is a private window: what is durable is gone once it is closed";
  return (
    "the browser may remove what is durable when its disk is full, unless navigator.storage.persist() is granted; " +
    "in a private window it is gone once that is closed"
  );
}

async function lock(name: string): Promise<() => void> {
  const { locks } = navigator;
  if (locks === undefined || globalThis.indexedDB === undefined) {
    throw new Error(
      `the durable cluster "${name}" needs IndexedDB and Web Locks, which pages have over https: and on localhost, but not in a sandbox`,
    );
  }
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), PATIENCE_MS);
  return new Promise((resolve, reject) => {
    const held = locks.request(
      `manyhands durable ${name}`,
      { signal: patience.signal },
      () => new Promise<void>((unlock) => resolve(unlock)),
    );
    held.catch((error) => {
      const isTaken = (error as Error).name === "AbortError";
      const why =
        "is in use by another tab or window: one at a time may have it. Close it there, or give this one another name";
      reject(isTaken ? new Error(`the durable cluster "${name}" ${why}`) : error);
    });
  }).finally(() => clearTimeout(timer)) as Promise<() => void>;
}

/** The keys of what was appended. */
function appended(): IDBKeyRange {
  return IDBKeyRange.bound(0, Number.MAX_SAFE_INTEGER);
}

class IndexedDbJournal implements JournalStore {
  readonly place: string;
  readonly #database: string;
  readonly #unlock: () => void;
  #store: UseStore;
  /** The key of what is appended next. */
  #next = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(name: string, unlock: () => void) {
    this.#database = `manyhands ${name}`;
    this.place = `the database "${this.#database}"`;
    this.#store = createStore(this.#database, STORE);
    this.#unlock = unlock;
  }

  /** Looks where the journal ends. */
  async begin(): Promise<void> {
    const all = await this.#do((store) => keys<IDBValidKey>(store));
    this.#next = 1 + all.reduce<number>((last, key) => (typeof key === "number" ? Math.max(last, key) : last), -1);
  }

  read(): Promise<JournalBytes> {
    return this.#do(async (store) => {
      const parts = await store("readonly", (entries) => promisifyRequest<JournalBytes[]>(entries.getAll(appended())));
      return joined(parts);
    });
  }

  append(bytes: JournalBytes): Promise<void> {
    return this.#do(async (store) => {
      await set(this.#next, bytes, store);
      this.#next += 1;
    });
  }

  sync(): Promise<void> {
    return this.#do(async () => {});
  }

  replace(bytes: JournalBytes): Promise<void> {
    return this.#do(async (store) => {
      await store("readwrite", (entries) => {
        entries.delete(appended());
        entries.put(bytes, 0);
        return promisifyRequest(entries.transaction);
      });
      this.#next = 1;
    });
  }

  keep(name: string, bytes: JournalBytes): Promise<void> {
    return this.#do((store) => set(VALUE + name, bytes, store));
  }

  fetch(name: string): Promise<JournalBytes | undefined> {
    return this.#do((store) => get<JournalBytes>(VALUE + name, store));
  }

  discard(names: readonly string[]): Promise<void> {
    if (names.length === 1) return this.#do((store) => del(VALUE + names[0], store));
    return this.#do((store) =>
      delMany(
        names.map((name) => VALUE + name),
        store,
      ),
    );
  }

  async names(): Promise<readonly string[]> {
    const all = await this.#do((store) => keys<IDBValidKey>(store));
    return all.flatMap((key) => (typeof key === "string" ? [key.slice(VALUE.length)] : []));
  }

  close(): Promise<void> {
    const closed = this.#last.then(() => this.#unlock());
    this.#last = closed;
    return closed;
  }

  #do<T>(act: (store: UseStore) => Promise<T>): Promise<T> {
    const next = this.#last.then(async () => {
      try {
        return await act(this.#store);
      } catch (error) {
        if ((error as Error)?.name !== "InvalidStateError") throw error;
        this.#store = createStore(this.#database, STORE);
        return await act(this.#store);
      }
    });
    this.#last = next.catch(() => {});
    return next;
  }
}

function joined(parts: readonly JournalBytes[]): JournalBytes {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

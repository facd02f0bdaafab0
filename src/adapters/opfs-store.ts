/**
 * A store in the private file system of an origin, for workers of pages: a directory for each worker, and a file for each value.
 *
 * Access is synchronous there, so it goes in small pieces, with turns for others in between. Who has a directory holds a lock of its name
 * for as long as it lives, which is how others see whether what is in it has been left behind.
 */

import type { StoreKeeper, StorePlace, ValueStore } from "../ports/value-store.ts";

/** What all directories of ours are in. */
const FOLDER = "manyhands-values";
/** Bytes that are written or read at once. */
const PIECE = 512 * 1024;
/** Pieces follow each other for so long without a turn for others. Milliseconds. */
const SLICE_MS = 4;

/** What TypeScript's library for pages does not know: it is there for workers alone. */
interface SyncAccess {
  read(into: Uint8Array, options: { readonly at: number }): number;
  write(from: Uint8Array, options: { readonly at: number }): number;
  truncate(size: number): void;
  flush(): void;
  close(): void;
}

interface SyncFile {
  createSyncAccessHandle(): Promise<SyncAccess>;
}

interface Directory {
  getDirectoryHandle(name: string, options: { readonly create: boolean }): Promise<Directory>;
  getFileHandle(name: string, options: { readonly create: boolean }): Promise<SyncFile>;
  removeEntry(name: string, options?: { readonly recursive: boolean }): Promise<void>;
  keys(): AsyncIterable<string>;
}

interface Locks {
  request(
    name: string,
    options: { readonly ifAvailable?: boolean },
    hold: (lock: object | null) => Promise<void>,
  ): Promise<void>;
}

function nameOf({ name }: StorePlace): string {
  return name.replace(/[^A-Za-z0-9]+/g, "_");
}

function lockOf(directory: string): string {
  return `${FOLDER}/${directory}`;
}

function locks(): Locks {
  const { locks } = navigator as { readonly locks?: Locks };
  if (locks === undefined) throw new Error("this page has no locks, for it is not a secure context");
  return locks;
}

/** @throws if the browser has none for this page: an older one, a private window, a page over http, a sandbox. */
async function folder(): Promise<Directory> {
  const { storage } = navigator as { readonly storage?: { getDirectory?(): Promise<unknown> } };
  if (storage?.getDirectory === undefined) throw new Error("this browser has no file system for this page");
  const root = (await storage.getDirectory()) as Directory;
  return answerOf(root, root.getDirectoryHandle(FOLDER, { create: true }));
}

const asked = new Set<object>();

/** Chromium forgets what a file or directory was asked once nobody knows of that any more, and never answers: so it is kept until then. */
async function answerOf<T>(handle: object, answer: Promise<T>): Promise<T> {
  asked.add(handle);
  try {
    return await answer;
  } finally {
    asked.delete(handle);
  }
}

/** Rejects if nothing can be written here. */
export async function openOpfsStore(place: StorePlace): Promise<ValueStore> {
  const all = await folder();
  const name = nameOf(place);
  let letGo = () => {};
  await new Promise<void>((resolve, reject) => {
    const held = new Promise<void>((release) => {
      letGo = release;
    });
    locks()
      .request(lockOf(name), {}, () => {
        resolve();
        return held;
      })
      .catch(reject);
  });
  await clearAfterTheDead(all, name).catch(() => {});
  return new OpfsStore(all, name, await all.getDirectoryHandle(name, { create: true }), letGo);
}

/** Removes what those have left whose locks nobody holds any more. */
async function clearAfterTheDead(all: Directory, mine: string): Promise<void> {
  const names: string[] = [];
  for await (const name of all.keys()) if (name !== mine) names.push(name);
  for (const name of names) {
    await locks().request(lockOf(name), { ifAvailable: true }, async (lock) => {
      if (lock !== null) await all.removeEntry(name, { recursive: true }).catch(() => {});
    });
  }
}

class OpfsStore implements ValueStore {
  readonly #all: Directory;
  readonly #name: string;
  readonly #directory: Directory;
  readonly #letGo: () => void;
  constructor(all: Directory, name: string, directory: Directory, letGo: () => void) {
    this.#all = all;
    this.#name = name;
    this.#directory = directory;
    this.#letGo = letGo;
  }

  async write(number: number, chunks: readonly Uint8Array[]): Promise<void> {
    try {
      const access = await this.#access(number, true);
      try {
        await throughPieces(gathered(chunks), (piece, at) => {
          if (access.write(piece, { at }) < piece.length) throw new Error("the browser takes no more");
        });
      } finally {
        access.close();
      }
    } catch (error) {
      await this.remove(number);
      throw error;
    }
  }

  async read(number: number, lengths: readonly number[]): Promise<ArrayBuffer[]> {
    const access = await this.#access(number, false);
    try {
      const buffers = lengths.map((length) => new ArrayBuffer(length));
      await throughPieces(
        buffers.map((buffer) => new Uint8Array(buffer)),
        (piece, at) => {
          if (access.read(piece, { at }) < piece.length) throw new Error("the file is shorter than what was written");
        },
      );
      return buffers;
    } finally {
      access.close();
    }
  }

  async #access(number: number, create: boolean): Promise<SyncAccess> {
    const file = await this.#directory.getFileHandle(String(number), { create });
    return answerOf(file, file.createSyncAccessHandle());
  }

  async remove(number: number): Promise<void> {
    await this.#directory.removeEntry(String(number)).catch(() => {});
  }

  async close(): Promise<void> {
    await this.#all.removeEntry(this.#name, { recursive: true }).catch(() => {});
    this.#letGo();
  }
}

/** Short chunks put together: each piece is a call of its own, and there may be many thousands. */
function* gathered(chunks: readonly Uint8Array[]): Iterable<Uint8Array> {
  let room = new Uint8Array(PIECE);
  let filled = 0;
  for (const chunk of chunks) {
    if (filled + chunk.length > PIECE || chunk.length > PIECE / 2) {
      if (filled > 0) yield room.subarray(0, filled);
      if (filled > 0) room = new Uint8Array(PIECE);
      filled = 0;
    }
    if (chunk.length > PIECE / 2) yield chunk;
    else {
      room.set(chunk, filled);
      filled += chunk.length;
    }
  }
  if (filled > 0) yield room.subarray(0, filled);
}

async function throughPieces(
  chunks: Iterable<Uint8Array>,
  act: (piece: Uint8Array, at: number) => void,
): Promise<void> {
  let at = 0;
  let beganMs = performance.now();
  for (const chunk of chunks) {
    for (let from = 0; from < chunk.length; from += PIECE) {
      const piece = chunk.subarray(from, from + PIECE);
      act(piece, at);
      at += piece.length;
      if (performance.now() - beganMs < SLICE_MS) continue;
      await nextTurn();
      beganMs = performance.now();
    }
  }
}

/** Timers of workers wait as well; a message to oneself does not. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}

/** For pages that start threads: clears away after one that is gone, once the browser has let go of what it had open. */
export const opfsStores: StoreKeeper = {
  expect: (place) => async () => {
    try {
      const all = await folder();
      const name = nameOf(place);
      await locks().request(lockOf(name), {}, () => all.removeEntry(name, { recursive: true }).catch(() => {}));
    } catch {
      // Where there is no such file system, nothing was left in it.
    }
  },
};

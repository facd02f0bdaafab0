/** The private file system of an origin, from both sides: the directory that all of ours are in, whose each is, and what becomes of those of the dead. */

import type { StoreKeeper, StorePlace } from "../ports/value-store.ts";

/** What all directories of ours are in. */
const FOLDER = "manyhands-values";
/** Once a thread has ended, the browser takes a while to let go of what it had open: it is tried again so often, and after so long. */
const MOST_REMOVALS = 50;
const AGAIN_MS = 100;

/** What TypeScript's library for pages does not know: it is there for workers alone. */
export interface SyncAccess {
  read(into: Uint8Array, options: { readonly at: number }): number;
  write(from: Uint8Array, options: { readonly at: number }): number;
  truncate(size: number): void;
  flush(): void;
  close(): void;
}

interface SyncFile {
  createSyncAccessHandle(): Promise<SyncAccess>;
}

export interface Directory {
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

export function nameOf({ name }: StorePlace): string {
  return name.replace(/[^A-Za-z0-9]+/g, "_");
}

export function lockOf(directory: string): string {
  return `${FOLDER}/${directory}`;
}

export function locks(): Locks {
  const { locks } = navigator as { readonly locks?: Locks };
  if (locks === undefined) throw new Error("this page has no locks, for it is not a secure context");
  return locks;
}

/** @throws if the browser has none for this page: an older one, a private window, a page over http, a sandbox. */
export async function folder(): Promise<Directory> {
  const { storage } = navigator as { readonly storage?: { getDirectory?(): Promise<unknown> } };
  if (storage?.getDirectory === undefined) throw new Error("this browser has no file system for this page");
  const root = (await storage.getDirectory().catch((cause) => {
    if ((cause as Error).name !== "SecurityError") throw cause;
    throw new Error("this browser gives pages no file system in private windows", { cause });
  })) as Directory;
  return answerOf(root, root.getDirectoryHandle(FOLDER, { create: true }));
}

const asked = new Set<object>();

/** Chromium forgets what a file or directory was asked once nobody knows of that any more, and never answers: so it is kept until then. */
export async function answerOf<T>(handle: object, answer: Promise<T>): Promise<T> {
  asked.add(handle);
  try {
    return await answer;
  } finally {
    asked.delete(handle);
  }
}

/** Removes what those have left whose locks nobody holds any more. */
export async function clearAfterTheDead(all: Directory, mine: string): Promise<void> {
  const names: string[] = [];
  for await (const name of all.keys()) if (name !== mine) names.push(name);
  for (const name of names) {
    await locks().request(lockOf(name), { ifAvailable: true }, async (lock) => {
      if (lock !== null) await removeDirectory(all, name);
    });
  }
}

export async function removeDirectory(all: Directory, name: string): Promise<void> {
  for (let i = 0; i < MOST_REMOVALS; i++) {
    try {
      return await all.removeEntry(name, { recursive: true });
    } catch (error) {
      // Something in it is still open; whatever else may be the matter does not pass.
      if (!(error instanceof Error) || error.name !== "NoModificationAllowedError") return;
    }
    await new Promise<void>((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

/** For pages that start threads: clears away after one that is gone, once the browser has let go of what it had open. */
export const opfsStores: StoreKeeper = {
  expect: (place) => async () => {
    try {
      const all = await folder();
      const name = nameOf(place);
      await locks().request(lockOf(name), {}, () => removeDirectory(all, name));
    } catch {
      // Where there is no such file system, nothing was left in it.
    }
  },
};

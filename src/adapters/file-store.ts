/**
 * A store of files, in Node: a directory for each worker, with few files that many values share.
 *
 * A file that is open already can be written to at once, while the thread goes on with its next task; and bytes that were given back are
 * written over sooner than new ones are to be had. What is free at the end of a file the disk gets back.
 *
 * The directory is named after the machine and the process, so that whoever comes later can see whether that is still there. Of processes
 * that were killed, the next to open a store in the same place clears away what they have left.
 */

import { readlinkSync, rmSync } from "node:fs";
import { mkdir, open, readdir, rm } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { Extents } from "../collections/extents.ts";
import type { StoreKeeper, StorePlace, ValueStore } from "../ports/value-store.ts";

/** What all directories of ours are in. */
const FOLDER = "manyhands-values";
/** Buffers that are handed to the system at once. */
const MOST_PARTS = 512;
/** Short pieces are put together into ones of this size. Bytes. */
const GATHER = 256 * 1024;

/** What processes see each other by: those of another machine, or of a container that shares the directory, cannot be told from dead ones. */
function machineName(): string {
  let space = "";
  try {
    space = readlinkSync("/proc/self/ns/pid").replace(/\D+/g, "");
  } catch {
    // Not on Linux, where there are no such things.
  }
  return `${hostname()}${space}`.replace(/[^A-Za-z0-9]+/g, "_");
}

function folderOf({ directory = tmpdir() }: StorePlace): string {
  return join(directory, FOLDER);
}

function pathOf(place: StorePlace): string {
  return join(folderOf(place), `${machineName()}-${process.pid}-${place.name.replace(/[^A-Za-z0-9]+/g, "_")}`);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** Removes what processes of this machine have left that are not there any more. */
async function clearAfterTheDead(folder: string): Promise<void> {
  const mine = `${machineName()}-`;
  for (const name of await readdir(folder)) {
    const pid = name.startsWith(mine) ? Number.parseInt(name.slice(mine.length), 10) : Number.NaN;
    if (!Number.isInteger(pid) || pid === process.pid || isAlive(pid)) continue;
    await rm(join(folder, name), { recursive: true, force: true }).catch(() => {}); // Somebody else may be at it.
  }
}

/** What a file comes to, unless one value is larger. Bytes. */
const FILE_BYTES = 256 * 2 ** 20;
/** Values begin where systems begin theirs: one that had to be read to write a part of it would take its time. Bytes. */
const BLOCK = 4096;
/** What is free at the end of a file is given back in pieces of this size. Bytes. */
const CUT_BYTES = 64 * 2 ** 20;

/** Rejects if nothing can be written there. */
export async function openFileStore(place: StorePlace): Promise<ValueStore> {
  const path = pathOf(place);
  await mkdir(path, { recursive: true, mode: 0o700 });
  await clearAfterTheDead(folderOf(place)).catch(() => {});
  const store = new FileStore(path);
  await store.open().catch(() => {}); // What is in the way may be gone when something is written.
  return store;
}

/** A file that is open, and what is in it. */
interface ValueFile {
  readonly path: string;
  readonly file: File;
  readonly extents: Extents;
  /** As far as anything was written. */
  length: number;
  /** It is being made shorter: until then, nothing is written to it. */
  cutting: Promise<void> | undefined;
  /** That has failed: others are written to instead. */
  isDoubtful: boolean;
}

interface Place {
  readonly file: ValueFile;
  readonly at: number;
  readonly bytes: number;
  /** With what there is to the next block. */
  readonly room: number;
}

class FileStore implements ValueStore {
  readonly #folder: string;
  readonly #places = new Map<number, Place>();
  readonly #files = new Set<ValueFile>();
  #opening: Promise<void> | undefined;
  #nextFile = 1;
  #isClosed = false;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Whatever can be is begun before it returns: the thread may be kept busy by others until it has an answer. */
  async write(number: number, chunks: readonly Uint8Array[]): Promise<void> {
    const bytes = chunks.reduce((sum, { length }) => sum + length, 0);
    const place = this.#takeNow(bytes) ?? (await this.#take(bytes));
    const { file, at } = place;
    try {
      if (file.cutting !== undefined) await file.cutting;
      let next = at;
      for (const parts of portions(chunks)) next = await writeAll(file, parts, next);
    } catch (error) {
      this.#giveBack(place);
      this.#cut(file, 1); // Of what was written of it.
      throw error;
    }
    this.#places.set(number, place);
  }

  async read(number: number, lengths: readonly number[]): Promise<ArrayBuffer[]> {
    const place = this.#places.get(number);
    if (place === undefined) throw new Error("it is not there any more");
    if (lengths.reduce((sum, length) => sum + length, 0) > place.bytes)
      throw new Error("it is longer than what was written");
    const buffers = lengths.map((length) => new ArrayBuffer(length));
    let at = place.at;
    for (let from = 0; from < buffers.length; from += MOST_PARTS) {
      at = await readAll(place.file.file, buffers.slice(from, from + MOST_PARTS), at);
    }
    return buffers;
  }

  async remove(number: number): Promise<void> {
    const place = this.#places.get(number);
    if (place === undefined) return;
    this.#places.delete(number);
    this.#giveBack(place);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#places.clear();
    const files = [...this.#files];
    this.#files.clear();
    await Promise.all(files.map(({ file }) => file.close().catch(() => {})));
    await rm(this.#folder, { recursive: true, force: true }).catch(() => {});
  }

  #takeNow(bytes: number): Place | undefined {
    const room = Math.ceil(bytes / BLOCK) * BLOCK;
    for (const file of this.#files) {
      const at = file.isDoubtful ? undefined : file.extents.take(room);
      if (at !== undefined) return { file, at, bytes, room };
    }
    return undefined;
  }

  async #take(bytes: number): Promise<Place> {
    for (;;) {
      const place = this.#takeNow(bytes);
      if (place !== undefined) return place;
      // One at a time: others may fit into it as well.
      this.#opening ??= this.open(bytes).finally(() => {
        this.#opening = undefined;
      });
      await this.#opening;
    }
  }

  /** Begins a file that has room for so much. */
  async open(bytes = 0): Promise<void> {
    const path = join(this.#folder, String(this.#nextFile++));
    const file = await open(path, "wx+", 0o600);
    if (this.#isClosed) {
      await file.close();
      await rm(this.#folder, { recursive: true, force: true }).catch(() => {});
      throw new Error("the store is closed");
    }
    const extents = new Extents(Math.max(FILE_BYTES, bytes + BLOCK));
    this.#files.add({ path, file, extents, length: 0, cutting: undefined, isDoubtful: false });
  }

  /** A file that nothing is in goes, but for one that the next value can be written to at once. */
  #giveBack({ file, at, room }: Place): void {
    file.extents.giveBack(at, room);
    if (file.extents.end === 0 && (this.#files.size > 1 || file.isDoubtful)) this.#discard(file);
    else this.#cut(file, CUT_BYTES);
  }

  async #discard(file: ValueFile): Promise<void> {
    if (!this.#files.delete(file)) return;
    await file.cutting;
    await file.file.close().catch(() => {});
    await rm(file.path, { force: true }).catch(() => {}); // Else it goes with its folder.
  }

  /** Gives back what is behind the last that is in use, if it is so much, or all there is. */
  #cut(file: ValueFile, least: number): void {
    const { end } = file.extents;
    const free = file.length - end;
    if (free <= 0 || (end > 0 && free < least) || file.cutting !== undefined || !this.#files.has(file)) return;
    file.length = end;
    file.cutting = file.file.truncate(end).then(
      () => {
        file.cutting = undefined;
        this.#cut(file, CUT_BYTES); // Of what was given back meanwhile.
      },
      () => {
        file.cutting = undefined;
        file.isDoubtful = true;
        if (file.extents.end === 0) this.#discard(file);
      },
    );
  }
}

type File = Awaited<ReturnType<typeof open>>;

/** The system may take less than it is given. */
async function writeAll(file: ValueFile, parts: readonly Uint8Array[], from: number): Promise<number> {
  const due = parts.reduce((sum, part) => sum + part.length, 0);
  let written = 0;
  for (let left = [...parts]; written < due; left = after(parts, written)) {
    const { bytesWritten } = await file.file.writev(left, from + written);
    if (bytesWritten === 0) throw new Error("the system takes no more");
    written += bytesWritten;
    file.length = Math.max(file.length, from + written);
  }
  return from + due;
}

async function readAll(file: File, buffers: readonly ArrayBuffer[], from: number): Promise<number> {
  const parts = buffers.filter(({ byteLength }) => byteLength > 0).map((buffer) => new Uint8Array(buffer));
  const due = parts.reduce((sum, part) => sum + part.length, 0);
  for (let done = 0; done < due; ) {
    const { bytesRead } = await file.readv(after(parts, done), from + done);
    if (bytesRead === 0) throw new Error("the file is shorter than what was written");
    done += bytesRead;
  }
  return from + due;
}

/** What is left of `parts` after so many bytes. */
function after(parts: readonly Uint8Array[], bytes: number): Uint8Array[] {
  const left: Uint8Array[] = [];
  let skip = bytes;
  for (const part of parts) {
    if (skip >= part.length) skip -= part.length;
    else {
      left.push(part.subarray(skip));
      skip = 0;
    }
  }
  return left;
}

/** The same bytes in portions that the system can be given at once: short chunks put together, long ones as they are. */
function* portions(chunks: readonly Uint8Array[]): Iterable<Uint8Array[]> {
  let parts: Uint8Array[] = [];
  let short: Uint8Array[] = [];
  let shortBytes = 0;
  const gather = () => {
    if (short.length === 1) parts.push(short[0] as Uint8Array);
    else if (short.length > 1) parts.push(Buffer.concat(short));
    short = [];
    shortBytes = 0;
  };
  for (const chunk of chunks) {
    if (chunk.length === 0) continue;
    if (chunk.length >= GATHER) {
      gather();
      parts.push(chunk);
    } else {
      short.push(chunk);
      shortBytes += chunk.length;
      if (shortBytes >= GATHER) gather();
    }
    if (parts.length < MOST_PARTS) continue;
    yield parts;
    parts = [];
  }
  gather();
  if (parts.length > 0) yield parts;
}

/** Places of threads that are there. */
const expected = new Set<string>();
let isAtExit = false;

/** For whoever starts threads: clears away after each that is gone, and after all of them when the process ends. */
export const fileStores: StoreKeeper = {
  expect(place) {
    const path = pathOf(place);
    expected.add(path);
    if (!isAtExit)
      process.once("exit", () => expected.forEach((left) => void rmSync(left, { recursive: true, force: true })));
    isAtExit = true;
    return async () => {
      await rm(path, { recursive: true, force: true }).catch(() => {});
      expected.delete(path); // Not before: the process may end meanwhile.
    };
  },
};

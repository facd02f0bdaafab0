/**
 * A store of files, in Node: a directory for each worker, and a file for each value.
 *
 * The directory is named after the machine and the process, so that whoever comes later can see whether that is still there. Of processes
 * that were killed, the next to open a store in the same place clears away what they have left.
 */

import { readlinkSync, rmSync } from "node:fs";
import { mkdir, open, readdir, rm } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
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

/** Rejects if nothing can be written there. */
export async function openFileStore(place: StorePlace): Promise<ValueStore> {
  const path = pathOf(place);
  await mkdir(path, { recursive: true, mode: 0o700 });
  await clearAfterTheDead(folderOf(place)).catch(() => {});
  return new FileStore(path);
}

class FileStore implements ValueStore {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async write(number: number, chunks: readonly Uint8Array[]): Promise<void> {
    const path = this.#fileOf(number);
    try {
      const file = await open(path, "wx", 0o600);
      try {
        let at = 0;
        for (const parts of portions(chunks)) {
          const due = parts.reduce((sum, part) => sum + part.length, 0);
          at = await writeAll(file, parts, due, at);
        }
      } finally {
        await file.close();
      }
    } catch (error) {
      await rm(path, { force: true }).catch(() => {});
      throw error;
    }
  }

  async read(number: number, lengths: readonly number[]): Promise<ArrayBuffer[]> {
    const file = await open(this.#fileOf(number), "r");
    try {
      const buffers = lengths.map((length) => new ArrayBuffer(length));
      let at = 0;
      for (let from = 0; from < buffers.length; from += MOST_PARTS) {
        at = await readAll(file, buffers.slice(from, from + MOST_PARTS), at);
      }
      return buffers;
    } finally {
      await file.close();
    }
  }

  async remove(number: number): Promise<void> {
    await rm(this.#fileOf(number), { force: true }).catch(() => {});
  }

  async close(): Promise<void> {
    await rm(this.#path, { recursive: true, force: true }).catch(() => {});
  }

  #fileOf(number: number): string {
    return join(this.#path, String(number));
  }
}

type File = Awaited<ReturnType<typeof open>>;

/** The system may take less than it is given. */
async function writeAll(file: File, parts: readonly Uint8Array[], due: number, from: number): Promise<number> {
  let { bytesWritten } = await file.writev([...parts], from);
  for (let left = [...parts]; bytesWritten < due; ) {
    left = after(parts, bytesWritten);
    const more = await file.writev(left, from + bytesWritten);
    if (more.bytesWritten === 0) throw new Error("the system takes no more");
    bytesWritten += more.bytesWritten;
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
      expected.delete(path);
      await rm(path, { recursive: true, force: true }).catch(() => {});
    };
  },
};

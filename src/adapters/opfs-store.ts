/**
 * A store in the private file system of an origin, for workers of pages: a directory for each worker, with few files that many values share.
 *
 * To open and to close a file there is to ask another process, and takes as long as writing some megabytes: so files stay open, and what is
 * not needed any more makes room in them for others. Access is synchronous, so it goes in small pieces, with turns for others in between. Who
 * has a directory holds a lock of its name for as long as it lives, which is how others see whether what is in it has been left behind.
 */

import { Extents } from "../collections/extents.ts";
import type { StorePlace, ValueStore } from "../ports/value-store.ts";
import {
  answerOf,
  clearAfterTheDead,
  type Directory,
  folder,
  lockOf,
  locks,
  nameOf,
  removeDirectory,
  type SyncAccess,
} from "./opfs-folder.ts";

/** Short chunks are put together into pieces of this size. Bytes. */
const GATHER = 512 * 1024;
/** Bytes that are written or read at once: each time costs something, and nothing else can be done meanwhile. */
const LEAST_PIECE = 128 * 1024;
const MOST_PIECE = 4 * 2 ** 20;
/** Pieces become larger while they take less than this, and smaller when they take more than twice as long. Milliseconds. */
const PIECE_MS = 2;
/** Pieces follow each other for so long without a turn for others, those of one value and of the next. Milliseconds. */
const SLICE_MS = 4;
/** What a file comes to, unless one value is larger. Bytes. */
const FILE_BYTES = 256 * 2 ** 20;
/** What is free at the end of a file is given back in pieces of this size. Bytes. */
const CUT_BYTES = 64 * 2 ** 20;

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
  const directory = await answerOf(all, all.getDirectoryHandle(name, { create: true }));
  const store = new OpfsStore(all, name, directory, letGo);
  // So that the first value need not wait for it. What is in the way may be gone when something is written.
  await store.open().catch(() => {});
  return store;
}

/** A file that is open, and what is in it. */
interface ValueFile {
  readonly name: string;
  readonly access: SyncAccess;
  readonly extents: Extents;
  /** As far as anything was written. */
  length: number;
  /** Nothing can be done with it any more: others are written to instead. */
  isDoubtful: boolean;
}

interface Place {
  readonly file: ValueFile;
  readonly at: number;
  readonly bytes: number;
}

class OpfsStore implements ValueStore {
  readonly #all: Directory;
  readonly #name: string;
  readonly #directory: Directory;
  readonly #letGo: () => void;
  readonly #places = new Map<number, Place>();
  readonly #files = new Set<ValueFile>();
  #opening: Promise<void> | undefined;
  #nextFile = 1;
  #isClosed = false;

  constructor(all: Directory, name: string, directory: Directory, letGo: () => void) {
    this.#all = all;
    this.#name = name;
    this.#directory = directory;
    this.#letGo = letGo;
  }

  async write(number: number, chunks: readonly Uint8Array[]): Promise<void> {
    const place = await this.#take(chunks.reduce((sum, { length }) => sum + length, 0));
    const { file } = place;
    try {
      await throughPieces(gathered(chunks), place.at, (piece, at) => {
        file.length = Math.max(file.length, at + piece.length);
        if (file.access.write(piece, { at }) < piece.length) throw new Error("the browser takes no more");
      });
    } catch (error) {
      this.#giveBack(place);
      this.#cut(place.file, 1); // Of what was written of it.
      throw error;
    }
    this.#places.set(number, place);
  }

  async read(number: number, lengths: readonly number[]): Promise<ArrayBuffer[]> {
    const place = this.#places.get(number);
    if (place === undefined) throw new Error("it is not there any more");
    const { at, bytes, file } = place;
    if (lengths.reduce((sum, length) => sum + length, 0) > bytes) throw new Error("it is longer than what was written");
    const buffers = lengths.map((length) => new ArrayBuffer(length));
    await throughPieces(
      buffers.map((buffer) => new Uint8Array(buffer)),
      at,
      (piece, from) => {
        if (file.access.read(piece, { at: from }) < piece.length) throw new Error("the file has become shorter");
      },
    );
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
    for (const { access } of this.#files) access.close();
    this.#files.clear();
    await removeDirectory(this.#all, this.#name);
    this.#letGo();
  }

  async #take(bytes: number): Promise<Place> {
    for (;;) {
      for (const file of this.#files) {
        const at = file.isDoubtful ? undefined : file.extents.take(bytes);
        if (at !== undefined) return { file, at, bytes };
      }
      // One at a time: others may fit into it as well.
      this.#opening ??= this.open(bytes).finally(() => {
        this.#opening = undefined;
      });
      await this.#opening;
    }
  }

  /** Begins a file that has room for so much. */
  async open(bytes = 0): Promise<void> {
    const name = String(this.#nextFile++);
    const directory = this.#directory;
    const file = await answerOf(directory, directory.getFileHandle(name, { create: true }));
    const access = await answerOf(file, file.createSyncAccessHandle());
    if (this.#isClosed) {
      access.close();
      throw new Error("the store is closed");
    }
    const extents = new Extents(Math.max(bytes, FILE_BYTES));
    this.#files.add({ name, access, extents, length: 0, isDoubtful: false });
  }

  #giveBack({ file, at, bytes }: Place): void {
    file.extents.giveBack(at, bytes);
    if (!this.#files.has(file)) return;
    if (file.extents.end > 0 || (this.#files.size === 1 && !file.isDoubtful)) return this.#cut(file, CUT_BYTES);
    this.#files.delete(file);
    file.access.close();
    this.#directory.removeEntry(file.name).catch(() => {}); // It goes with its directory.
  }

  /** Gives back what is behind the last that is in use, if it is so much, or all there is. */
  #cut(file: ValueFile, least: number): void {
    const { end } = file.extents;
    const free = file.length - end;
    if (free <= 0 || (end > 0 && free < least) || !this.#files.has(file)) return;
    try {
      file.access.truncate(end);
      file.length = end;
    } catch {
      file.isDoubtful = true;
    }
  }
}

/** Short chunks put together: each piece is a call of its own, and there may be many thousands. */
function* gathered(chunks: readonly Uint8Array[]): Iterable<Uint8Array> {
  let short: Uint8Array[] = [];
  let bytes = 0;
  for (const chunk of chunks) {
    if (short.length > 0 && bytes + chunk.length > GATHER) {
      yield joined(short, bytes);
      short = [];
      bytes = 0;
    }
    if (chunk.length > GATHER / 2) {
      if (short.length > 0) yield joined(short, bytes);
      yield chunk;
      short = [];
      bytes = 0;
    } else {
      short.push(chunk);
      bytes += chunk.length;
    }
  }
  if (short.length > 0) yield joined(short, bytes);
}

function joined(chunks: readonly Uint8Array[], bytes: number): Uint8Array {
  if (chunks.length === 1) return chunks[0] as Uint8Array;
  const all = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

/** What this thread has found out about the disk. Bytes. */
let pieceBytes = 2 ** 20;
/** Since when pieces have followed each other, and when the last one was done: of several values, too. */
let sliceBeganMs = Number.NEGATIVE_INFINITY;
let lastPieceMs = Number.NEGATIVE_INFINITY;

async function throughPieces(
  chunks: Iterable<Uint8Array>,
  from: number,
  act: (piece: Uint8Array, at: number) => void,
): Promise<void> {
  let at = from;
  for (const chunk of chunks) {
    for (let done = 0; done < chunk.length; ) {
      const piece = chunk.subarray(done, done + pieceBytes);
      let beganMs = performance.now();
      if (beganMs - lastPieceMs > SLICE_MS) sliceBeganMs = beganMs;
      else if (beganMs - sliceBeganMs >= SLICE_MS) {
        await nextTurn();
        beganMs = performance.now();
        sliceBeganMs = beganMs;
      }
      act(piece, at);
      lastPieceMs = performance.now();
      const tookMs = lastPieceMs - beganMs;
      if (tookMs > 2 * PIECE_MS) pieceBytes = Math.max(LEAST_PIECE, pieceBytes / 2);
      else if (tookMs < PIECE_MS && piece.length === pieceBytes) pieceBytes = Math.min(MOST_PIECE, pieceBytes * 2);
      at += piece.length;
      done += piece.length;
    }
  }
}

const turns: (() => void)[] = [];
let turnChannel: MessageChannel | undefined;

/** Timers of workers wait as well; a message to oneself does not. */
function nextTurn(): Promise<void> {
  if (turnChannel === undefined) {
    turnChannel = new MessageChannel();
    turnChannel.port1.onmessage = () => turns.shift()?.();
  }
  const { port2 } = turnChannel;
  return new Promise((resolve) => {
    turns.push(resolve);
    port2.postMessage(undefined);
  });
}

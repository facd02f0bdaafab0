/**
 * A store in the private file system of an origin, for workers of pages: a directory for each worker, with few files that many values share.
 *
 * To open and to close a file there is to ask another process, and takes as long as writing some megabytes: so files stay open, and what is
 * not needed any more makes room in them for others. Access is synchronous, so it goes in small pieces, with turns for others in between. Who
 * has a directory holds a lock of its name for as long as it lives, which is how others see whether what is in it has been left behind.
 */

import type { StorePlace, ValueStore } from "../ports/value-store.ts";
import { Extents } from "./opfs-extents.ts";
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
/** Pieces follow each other for so long without a turn for others. Milliseconds. */
const SLICE_MS = 4;
/** What a file comes to, unless one value is larger. Bytes. */
const FILE_BYTES = 256 * 2 ** 20;
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

/** A file that is open, and what is in it. */
interface ValueFile {
  readonly name: string;
  readonly access: SyncAccess;
  readonly extents: Extents;
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
    const { access } = place.file;
    try {
      await throughPieces(gathered(chunks), place.at, (piece, at) => {
        if (access.write(piece, { at }) < piece.length) throw new Error("the browser takes no more");
      });
    } catch (error) {
      this.#giveBack(place);
      this.#cut(place.file); // Of what was written of it.
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
      this.#opening ??= this.#open(Math.max(bytes, FILE_BYTES)).finally(() => {
        this.#opening = undefined;
      });
      await this.#opening;
    }
  }

  async #open(capacity: number): Promise<void> {
    const name = String(this.#nextFile++);
    const file = await this.#directory.getFileHandle(name, { create: true });
    const access = await answerOf(file, file.createSyncAccessHandle());
    if (this.#isClosed) {
      access.close();
      throw new Error("the store is closed");
    }
    this.#files.add({ name, access, extents: new Extents(capacity), isDoubtful: false });
  }

  #giveBack({ file, at, bytes }: Place): void {
    file.extents.giveBack(at, bytes);
    if (file.extents.end > 0 || !this.#files.has(file)) return;
    if (file.isDoubtful || this.#files.size > 1) {
      this.#files.delete(file);
      file.access.close();
      this.#directory.removeEntry(file.name).catch(() => {}); // It goes with its directory.
    } else this.#cut(file);
  }

  /** Gives back what is behind the last that is in use. */
  #cut(file: ValueFile): void {
    if (!this.#files.has(file)) return;
    try {
      file.access.truncate(file.extents.end);
    } catch {
      file.isDoubtful = true;
    }
  }
}

/** Short chunks put together: each piece is a call of its own, and there may be many thousands. */
function* gathered(chunks: readonly Uint8Array[]): Iterable<Uint8Array> {
  let room = new Uint8Array(GATHER);
  let filled = 0;
  for (const chunk of chunks) {
    if (filled + chunk.length > GATHER || chunk.length > GATHER / 2) {
      if (filled > 0) yield room.subarray(0, filled);
      if (filled > 0) room = new Uint8Array(GATHER);
      filled = 0;
    }
    if (chunk.length > GATHER / 2) yield chunk;
    else {
      room.set(chunk, filled);
      filled += chunk.length;
    }
  }
  if (filled > 0) yield room.subarray(0, filled);
}

/** What this thread has found out about the disk. Bytes. */
let pieceBytes = 2 ** 20;

async function throughPieces(
  chunks: Iterable<Uint8Array>,
  from: number,
  act: (piece: Uint8Array, at: number) => void,
): Promise<void> {
  let at = from;
  let sliceBeganMs = performance.now();
  for (const chunk of chunks) {
    for (let done = 0; done < chunk.length; ) {
      const piece = chunk.subarray(done, done + pieceBytes);
      const beganMs = performance.now();
      act(piece, at);
      const nowMs = performance.now();
      if (nowMs - beganMs > 2 * PIECE_MS) pieceBytes = Math.max(LEAST_PIECE, pieceBytes / 2);
      else if (nowMs - beganMs < PIECE_MS && piece.length === pieceBytes)
        pieceBytes = Math.min(MOST_PIECE, pieceBytes * 2);
      at += piece.length;
      done += piece.length;
      if (nowMs - sliceBeganMs < SLICE_MS) continue;
      await nextTurn();
      sliceBeganMs = performance.now();
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

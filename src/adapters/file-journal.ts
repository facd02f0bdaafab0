/**
 * Journals as files, in Node: a directory for each, with `journal`, which is only appended to or replaced as a whole, a file for each value in
 * `values/`, and a `lock`.
 */

import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { JournalBytes, JournalStore, JournalStores } from "../ports/journal-store.ts";
import { lockFile } from "./file-lock.ts";

type FileHandle = Awaited<ReturnType<typeof open>>;

/** Journals in `directory`, or where programs keep such things on this system: see {@link stateDirectory}. */
export function fileJournals(directory = stateDirectory()): JournalStores {
  return {
    open: async (name) => {
      const place = join(directory, encodeURIComponent(name).replace(/^\./, "%2E"));
      await mkdir(join(place, "values"), { recursive: true });
      const unlock = await lockFile(join(place, "lock"), `the durable cluster "${name}" (${place})`);
      return new FileJournal(place, unlock);
    },
  };
}

/**
 * `$XDG_STATE_HOME/manyhands`, else `~/.local/state/manyhands`; on macOS `~/Library/Application Support/manyhands`, on Windows
 * `%LOCALAPPDATA%\manyhands`.
 */
export function stateDirectory(): string {
  const { env } = process;
  if (process.platform === "win32")
    return join(env["LOCALAPPDATA"] ?? join(homedir(), "AppData", "Local"), "manyhands");
  if (env["XDG_STATE_HOME"]) return join(env["XDG_STATE_HOME"], "manyhands");
  const inHome = process.platform === "darwin" ? ["Library", "Application Support"] : [".local", "state"];
  return join(homedir(), ...inHome, "manyhands");
}

class FileJournal implements JournalStore {
  readonly place: string;
  readonly #unlock: () => Promise<void>;
  #journal: FileHandle | undefined;
  /** Something was written that may not be on the disk yet. */
  #isUnsafe = false;
  #syncing: Promise<void> | undefined;
  #failure: unknown;
  /** What was asked for last; everything waits for what was before it. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(place: string, unlock: () => Promise<void>) {
    this.place = place;
    this.#unlock = unlock;
  }

  read(): Promise<JournalBytes> {
    return this.#next(async () => (await contentsOf(this.#path)) ?? new Uint8Array(0));
  }

  append(bytes: JournalBytes): Promise<void> {
    return this.#next(async () => {
      this.#demandSafe();
      this.#journal ??= await open(this.#path, "a");
      await writeAll(this.#journal, bytes);
      this.#isUnsafe = true;
      // Others need not wait for the disk.
      this.#syncing ??= this.#sync(this.#journal);
    });
  }

  sync(): Promise<void> {
    return this.#next(() => this.#synced());
  }

  replace(bytes: JournalBytes): Promise<void> {
    return this.#next(async () => {
      await this.#closeJournal();
      await this.#put(this.#path, bytes);
      await syncDirectory(this.place);
    });
  }

  keep(name: string, bytes: JournalBytes): Promise<void> {
    return this.#next(async () => {
      await this.#put(this.#valuePath(name), bytes);
      await syncDirectory(join(this.place, "values"));
    });
  }

  fetch(name: string): Promise<JournalBytes | undefined> {
    return this.#next(() => contentsOf(this.#valuePath(name)));
  }

  discard(names: readonly string[]): Promise<void> {
    return this.#next(async () => {
      for (const name of names) await rm(this.#valuePath(name), { force: true });
    });
  }

  names(): Promise<readonly string[]> {
    return this.#next(async () => {
      const files = await readdir(join(this.place, "values"));
      return files.filter((file) => !file.endsWith(UNFINISHED)).map(decodeURIComponent);
    });
  }

  close(): Promise<void> {
    return this.#next(async () => {
      await this.#closeJournal();
      await this.#unlock();
    });
  }

  get #path(): string {
    return join(this.place, "journal");
  }

  /** What was written meanwhile goes together to the disk. */
  async #sync(journal: FileHandle): Promise<void> {
    try {
      for (; this.#isUnsafe; ) {
        this.#isUnsafe = false;
        await journal.datasync();
      }
    } catch (error) {
      this.#failure = error;
    } finally {
      this.#syncing = undefined;
    }
  }

  async #synced(): Promise<void> {
    while (this.#syncing !== undefined) await this.#syncing;
    this.#demandSafe();
  }

  /** Throws once what kept something from the disk. */
  #demandSafe(): void {
    const error = this.#failure;
    this.#failure = undefined;
    if (error !== undefined) throw error;
  }

  async #closeJournal(): Promise<void> {
    // All of it is written anew, or was said to be safe or not.
    await this.#synced().catch(() => {});
    await this.#journal?.close();
    this.#journal = undefined;
  }

  #valuePath(name: string): string {
    return join(this.place, "values", encodeURIComponent(name));
  }

  /** All or nothing: the file gets its name when everything is in it. */
  async #put(path: string, bytes: JournalBytes): Promise<void> {
    const file = await open(`${path}${UNFINISHED}`, "w");
    try {
      await writeAll(file, bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}${UNFINISHED}`, path);
  }

  #next<T>(act: () => Promise<T>): Promise<T> {
    const next = this.#last.then(act);
    this.#last = next.catch(() => {});
    return next;
  }
}

/** No value has such a name, for `encodeURIComponent` leaves no tilde after it alone that we would write. */
const UNFINISHED = ".unfinished~";

async function contentsOf(path: string): Promise<JournalBytes | undefined> {
  try {
    const { buffer, byteOffset, length } = await readFile(path);
    return new Uint8Array(buffer as ArrayBuffer, byteOffset, length);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

async function writeAll(file: FileHandle, bytes: JournalBytes): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at, bytes.length - at)).bytesWritten;
}

/** That a file has a new name is safe only when its directory is. Windows knows no such thing. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/**
 * JournalStore: bytes that outlive the page or process. One journal, which only grows at its end or is replaced as a whole, and values beside
 * it, by name.
 *
 * A store promises:
 * - what `append` and `replace` have settled for is read by whoever opens the store next, in this order, also if the process is killed; what
 *   `sync` has settled for also if the power goes;
 * - of what they had not settled for, there may be any part of it from its beginning, and of `replace` all or nothing;
 * - calls take effect in the order in which they were made;
 * - one store of a name is open at a time: see {@link JournalStores.open}.
 */

export type JournalBytes = Uint8Array<ArrayBuffer>;

export interface JournalStore {
  /** Where it is, for messages about it. */
  readonly place: string;
  /** All of the journal; empty if there is none yet. */
  read(): Promise<JournalBytes>;
  append(bytes: JournalBytes): Promise<void>;
  /** Settles when all that was appended is safe, as far as the platform can tell. */
  sync(): Promise<void>;
  /** The journal is these bytes from now on. */
  replace(bytes: JournalBytes): Promise<void>;
  /** Keeps a value under a name, in place of what had that name. */
  keep(name: string, bytes: JournalBytes): Promise<void>;
  /** Undefined if there is none of this name. */
  fetch(name: string): Promise<JournalBytes | undefined>;
  discard(names: readonly string[]): Promise<void>;
  /** Names of all values there are. */
  names(): Promise<readonly string[]>;
  /** Once everything asked of it is done. Then others may open it. */
  close(): Promise<void>;
}

export interface JournalStores {
  /**
   * Settles with the store of that name, made if there is none, once nobody else has it; nobody else gets it until it is closed, or whoever
   * opened it is gone.
   *
   * @throws Error if somebody else has it and keeps it, which says who. Nothing is written then.
   */
  open(name: string): Promise<JournalStore>;
}

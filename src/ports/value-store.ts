/**
 * ValueStore: where a worker puts values that it has no room for, to have them back later.
 *
 * What every store promises:
 * - What was written under a number is read back as it was, any number of times, until it is removed.
 * - A write that fails leaves nothing behind, and harms nothing else: the store goes on to take what it has room for.
 * - While it writes or reads much, the thread goes on with other things.
 * - Nothing is kept for anybody else: once it is closed, all is gone; so it is some time after a thread has ended that could not close it.
 */

export interface ValueStore {
  /**
   * Writes the chunks, one after the other, as what goes by this number, which nothing has gone by before. Settles when it can be read.
   *
   * Rejects if there is no room for it, or what it would be written to is gone.
   */
  write(number: number, chunks: readonly Uint8Array[]): Promise<void>;
  /** Reads back what was written in chunks of these lengths: each in a buffer of its own. Rejects if it cannot be read, or is not there. */
  read(number: number, lengths: readonly number[]): Promise<ArrayBuffer[]>;
  /** What goes by this number is not needed any more. Never rejects. */
  remove(number: number): Promise<void>;
  /** Removes all there is. Never rejects. */
  close(): Promise<void>;
}

/** Where a worker's store is to be. */
export interface StorePlace {
  /** Nobody else's: of a worker that is gone, its owner removes what is left there. */
  readonly name: string;
  /** In Node: the directory it is in, that for temporary files unless said. */
  readonly directory?: string;
}

/** Opens a store, and clears away what others left that have ended without doing so. Rejects where the platform has none, saying why. */
export type OpenStore = (place: StorePlace) => Promise<ValueStore>;

/** The owner's side: sees to it that nothing is left of threads that were ended. */
export interface StoreKeeper {
  /** A worker has this place. Returns what is to be called when it is gone, which never rejects. */
  expect(place: StorePlace): () => Promise<void>;
}

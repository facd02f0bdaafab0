/** worker_threads: what a thread is told of its code, and what it shares with its owner. */

export interface ThreadData {
  /** Where the text is from: errors and imports go by it. */
  readonly filename: string;
  /** A function of {@link NAMES}. */
  readonly text: string;
  /** What V8 has made of it, with how far that is before it. */
  readonly shared: SharedArrayBuffer;
}

/**
 * What the code finds beside what is everywhere. Functions from V8's cache have forgotten from where they import, and so have those that they
 * make: the thread has others make and import in their place.
 */
export const NAMES = "exports, require, module, Function, importHere";

/** In `shared`: how far it is, how many bytes it has, and where these begin. */
export const STATE = 0;
export const LENGTH = 1;
export const BYTES_FROM = 8;

/** How far it is: not begun is 0; then whoever asks may wait; in the end it is there, or there will be none. */
export const UNDERWAY = 1;
export const USABLE = 2;
export const UNAVAILABLE = 3;

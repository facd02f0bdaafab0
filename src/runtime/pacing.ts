/** How long a thread works on end, and how often it tells what has gathered. */

/** So long tasks and generators may run on end before the thread listens again. Milliseconds. */
export const SLICE_MS = 5;
/** What has gathered is sent at least this often in between. Milliseconds. */
export const FLUSH_MS = 1;
/** Before something expected to take longer, everything that is known is sent, and that it begins. Milliseconds. */
export const LONG_MS = 0.5;
/** Plain tasks are run on end for so long, or until there are so many results. Microseconds. */
export const MANY_US = 500;
export const MOST_AT_ONCE = 256;

/** Which clients are open in this thread, and what each speaks through. */

import type { DirectLinks } from "../ports/direct-links.ts";
import type { Revive } from "../shipping/plain-data.ts";
import type { FutureOwner } from "./future.ts";

export const openSessions = new Set<FutureOwner>();

/** One for every copy of the library in a thread: the worker's own, and the one that a user's module imports there. */
const PLACE = Symbol.for("manyhands.sessions");
const places = globalThis as { [PLACE]?: WeakMap<object, FutureOwner> };
places[PLACE] ??= new WeakMap();

/** By client. */
export const sessions = places[PLACE];

/** How sessions reach workers past the scheduler. */
export const directLinks = new WeakMap<FutureOwner, DirectLinks>();

/** How handles are made of descriptions that come to a session, where that is known; a promise if the code has to be loaded first. */
export const revivers = new WeakMap<FutureOwner, Revive>();

/** The same for a session that may speak for a task. */
export function reviverOf(owner: FutureOwner): Revive | undefined {
  return revivers.get(owner.client ?? owner);
}

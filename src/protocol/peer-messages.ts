/** What workers say to one another, and clients to workers whose actors they call. */

import type { ActorMessage } from "./actors.ts";
import type { TaskId } from "./identity.ts";

/** Worker to worker: please send these. */
export interface PeerGetData {
  readonly type: "get-data";
  readonly request: number;
  readonly ids: readonly TaskId[];
}

/** Worker to worker: here they are; an id that is missing here is not held any more. */
export interface PeerData {
  readonly type: "data";
  readonly request: number;
  readonly ids: readonly TaskId[];
  readonly values: readonly unknown[];
  /** These are some of them, and others are to follow. */
  readonly isMoreToCome?: boolean;
}

/**
 * Worker to worker, on a link of which there is another beside it: I have no use for this one. Answered by `agree`, after which neither says
 * anything on it, or by `refuse`: it is in use.
 */
export interface PeerRest {
  readonly type: "rest";
  readonly how: "ask" | "agree" | "refuse";
}

/** On a direct link: between two workers, or a client and a worker, who only speak of actors. */
export type PeerMessage = PeerGetData | PeerData | PeerRest | ActorMessage;

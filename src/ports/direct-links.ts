/** DirectLinks: how a client reaches workers past the scheduler, to call actors. */

import type { ActorMessage, ActorResults } from "../protocol/actors.ts";
import type { WorkerAddress } from "../protocol/identity.ts";

/** What calls go through, as the link it speaks by sees it. */
export interface Calling {
  /** Something that was begun by the link is not over. */
  readonly isWaiting: boolean;
  /** Nothing is to go by the link any more: whoever calls is to ask for another. */
  retire(): void;
}

/** One link as its caller sees it; what it promises is what a `Comm` promises. */
export interface ActorLink {
  send(message: ActorMessage, transfer?: readonly object[]): void;
  /** `calling`: whom a link asks that may be let go of. */
  listen(hear: (message: ActorResults) => void, calling: Calling): void;
  readonly closed: Promise<string>;
}

export interface DirectLinks {
  /** The link that was made last; there is one once the scheduler has said where an actor is, unless the worker is gone again. */
  to(worker: WorkerAddress): Promise<ActorLink | undefined>;
  /** Calls `run` in a moment: nobody who is answered before needs it. */
  soon?(run: () => void): void;
}

/** The end of a link that a client has not taken yet, as the spawner's `channel()` makes it, or a comm: to be closed. */
export interface LinkEnd {
  close(reason: string): void;
}

export type LinkEnds = Map<WorkerAddress, LinkEnd>;

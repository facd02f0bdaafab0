/**
 * What a client has submitted and is not looked at yet: while plenty is queued, more of it need not become records.
 *
 * A map over a million elements is a few thousand messages; kept as they came, they take a fifth of what records would. They are
 * taken up in order when the queue runs low, or at once when something is asked that concerns them.
 */

import { Deque } from "../collections/deque.ts";
import type { ClientMessage, Gather, UpdateGraph } from "../protocol/client-messages.ts";
import type { ClientTaskId } from "../protocol/identity.ts";

/** Tasks queued from which on new ones wait here. */
export const ENOUGH_QUEUED = 2048;

type Deferrable = UpdateGraph | Gather;

export class Intake {
  readonly #messages = new Deque<Deferrable>();
  /** The first task that is not a record yet. */
  #from: ClientTaskId = Number.POSITIVE_INFINITY;

  get isEmpty(): boolean {
    return this.#messages.length === 0;
  }

  /** Puts the message off, if that changes nothing for anybody. False if it is to be heard now, after {@link concerns} was asked. */
  defer(message: ClientMessage, queued: number): boolean {
    if (message.type === "update-graph") {
      if (this.isEmpty && queued < ENOUGH_QUEUED) return false;
      // Names may mean other clients' tasks, what has a priority of its own may have to overtake, and what tasks refer to must
      // not be let go before they are entered with it: uniform ones refer to nothing.
      if (message.keys !== undefined || (message.options.priority ?? 0) !== 0 || message.uniform === undefined)
        return false;
      if (this.isEmpty) this.#from = message.first;
    } else if (message.type !== "gather" || this.isEmpty || !this.#reaches(message)) return false;
    this.#messages.push(message);
    return true;
  }

  /** Whether `message` may be about tasks that wait here, so that these have to be taken up first. */
  concerns(message: ClientMessage): boolean {
    if (this.isEmpty) return false;
    switch (message.type) {
      case "news-received":
      case "scatter":
      case "gather":
        return false;
      case "client-releases-keys":
        return message.ids.some((id) => id >= this.#from);
      default:
        return true;
    }
  }

  take(): Deferrable | undefined {
    const message = this.#messages.shift();
    if (this.isEmpty) this.#from = Number.POSITIVE_INFINITY;
    else if (message?.type === "update-graph") this.#from = message.first + message.count;
    return message;
  }

  /** Whether a task among those waiting here, or one that comes after them, is meant. */
  #reaches({ ranges }: Gather): boolean {
    for (let i = 0; i < ranges.length; i += 2) {
      if ((ranges[i] as number) + (ranges[i + 1] as number) > this.#from) return true;
    }
    return false;
  }
}

/** The clients that a worker's tasks speak through: made when the first of them asks for one, and made anew for another scheduler. */

import type { Clock } from "../ports/clock.ts";
import type {
  PackedResult,
  StartTaskClients,
  TaskClient,
  TaskClients,
  TaskClientsLine,
} from "../ports/task-clients.ts";
import type { ClientMessage, News } from "../protocol/client-messages.ts";
import type { ClientId } from "../protocol/identity.ts";
import type { WorkerMachine } from "../worker/machine.ts";
import type { Executor } from "./executor.ts";

/** A task that waits for an actor for longer gives its slot back. Milliseconds. */
const SOON_MS = 2;

export class WorkerClients {
  readonly #id: ClientId;
  readonly #start: StartTaskClients;
  readonly #line: TaskClientsLine;
  /** Waits for something on behalf of whoever asks. */
  readonly #pause: () => () => void;
  #open: TaskClients | undefined;
  #any: TaskClient | undefined;

  constructor(id: ClientId, start: StartTaskClients, line: TaskClientsLine, pause: () => () => void) {
    this.#id = id;
    this.#start = start;
    this.#line = line;
    this.#pause = pause;
  }

  get(): TaskClients {
    if (this.#open === undefined) {
      const clients: TaskClients = this.#start(this.#id, {
        ...this.#line,
        send: (messages) => {
          // Those of another scheduler's time have nobody to speak to.
          if (this.#open === clients) this.#line.send(messages);
        },
      });
      this.#open = clients;
    }
    return this.#open;
  }

  /** For whoever asks while nobody can tell which task that is. */
  any(): TaskClient {
    this.#any ??= this.get().open({ id: undefined, pause: this.#pause });
    return this.#any;
  }

  pack(value: unknown): PackedResult {
    return this.get().pack(value);
  }

  hear(news: News): void {
    this.#open?.hear(news);
  }

  flush(): void {
    this.#open?.flush();
  }

  refuse(message: ClientMessage, cause: unknown): void {
    this.#open?.refuse(message, cause);
  }

  beginAnew(reason: string): void {
    const clients = this.#open;
    this.#open = undefined;
    this.#any = undefined;
    clients?.close(reason);
  }
}

/** What such clients need of their worker. `wake`: something is to be said. */
export function clientsLine(
  machine: WorkerMachine,
  executor: Executor,
  clock: Clock,
  { wake, linkTo }: { readonly wake: () => void } & Pick<TaskClientsLine, "linkTo">,
): TaskClientsLine {
  return {
    send: (messages) => {
      machine.relay(messages);
      wake();
    },
    keep: (id, value) => {
      executor.guard(value);
      machine.scatter(id, value);
    },
    isKnown: (hash, name) => executor.isKnown(hash, name),
    linkTo,
    soon: (run) => void clock.after(SOON_MS, run),
  };
}

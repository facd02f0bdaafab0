/**
 * WorkerLine: the thread's end of a worker's conversation, which goes by way of its host until the thread has a wire of its own: see
 * `remote-worker-comm.ts`.
 */

import type { LineNews, LineOrder, LinePlan } from "../ports/spawner.ts";
import { lengthenOrders, shortenReports } from "../protocol/short-batches.ts";
import type { SchedulerToWorkerMessage, WorkerMessage } from "../protocol/worker-messages.ts";
import { LineTally } from "./line-tally.ts";
import { sendSound, type WorkerComm } from "./sending.ts";
import type { Trunk } from "./trunk.ts";

/** Opens a wire to the scheduler, which is let in. Rejects if it is not. */
export type OpenLine = (plan: LinePlan) => Promise<Trunk>;

interface Opening {
  readonly tally: LineTally;
  /** Undefined until it is let in. */
  trunk: Trunk | undefined;
  /** All that was sent by way of the host has come. */
  begins: boolean;
}

/** How often it is noted how many bytes went by it: each that many batches. */
const NOTED_EVERY = 16;

export class WorkerLine implements WorkerComm {
  readonly closed: Promise<string>;
  /** Its host, by way of which it speaks at first. */
  readonly #owner: WorkerComm;
  readonly #open: OpenLine;
  #hear: (messages: readonly SchedulerToWorkerMessage[]) => void = () => {};
  #opening: Opening | undefined;
  /** What it says goes by it; undefined before, and after it is over. */
  #line: WorkerComm | undefined;
  /** It is over, and with it all that was between the worker and this scheduler. */
  #isMute = false;
  /** Links that the host has made since it began, how many have to be there before what is held, and that. */
  #linksMade = 0;
  #linksDue = 0;
  #held: unknown[] = [];
  #sent = 0;

  constructor(owner: WorkerComm, open: OpenLine) {
    this.#owner = owner;
    this.#open = open;
    this.closed = owner.closed;
  }

  send(messages: readonly WorkerMessage[], transfer: readonly object[] = []): void {
    if (this.#isMute) return;
    if (this.#line === undefined) return this.#owner.send(messages, transfer);
    const opening = this.#opening as Opening;
    opening.tally.count(messages);
    sendSound(this.#line, { messages, transfer }, (_, cause) =>
      this.close(`a task of it said what cannot travel: ${String(cause)}`),
    );
    this.#sent += 1;
    if (this.#sent % NOTED_EVERY === 0) noteBytes(opening);
  }

  listen(onMessage: (messages: readonly SchedulerToWorkerMessage[]) => void): void {
    this.#hear = onMessage;
    this.#owner.listen((messages) => {
      // Another scheduler, or the same anew: it is spoken to by way of the host again.
      const first = messages[0] as SchedulerToWorkerMessage | LineOrder | undefined;
      if (first?.type === "rejoin") this.#leave("the host has another scheduler");
      if (first?.type === "line-open" || first?.type === "line-begins" || first?.type === "line-link-made")
        return this.#obey(first);
      onMessage(messages);
    });
  }

  close(reason: string): void {
    this.#owner.close(reason);
  }

  linger(): void {
    if (this.#opening === undefined) this.#owner.linger?.();
  }

  /** What the host says of it. */
  #obey(order: LineOrder): void {
    if (order.type === "line-open") void this.#begin(order.plan);
    else if (order.type === "line-begins") {
      if (this.#opening === undefined) return this.#end("it is not there");
      this.#opening.begins = true;
      this.#change(this.#opening);
    } else {
      this.#linksMade += 1;
      this.#goOn();
    }
  }

  async #begin(plan: LinePlan): Promise<void> {
    if (this.#opening !== undefined) return;
    const opening: Opening = { tally: new LineTally(plan.tally), trunk: undefined, begins: false };
    this.#opening = opening;
    try {
      const trunk = await this.#open(plan);
      if (this.#opening !== opening) return trunk.close("it is not wanted any more");
      opening.trunk = trunk;
      trunk.closed.then((reason) => {
        if (this.#opening === opening) this.#end(reason);
      });
      this.#change(opening);
    } catch (error) {
      if (this.#opening !== opening) return;
      // Whoever was let in without having heard of it is waited for by that way only.
      if (opening.begins) this.#end((error as Error).message);
      else this.#opening = undefined;
    }
  }

  /** From the way by the host to its own, once both are where they have to be for that. */
  #change(opening: Opening): void {
    const { trunk, begins } = opening;
    if (!begins || trunk === undefined) return;
    const channel = trunk.channel(0);
    this.#tell({ type: "line-begun" });
    this.#line = {
      send: (messages, moved) => channel.send(shortenReports(messages), moved),
      listen: () => {},
      close: (reason) => channel.close(reason),
      closed: channel.closed,
    };
    channel.listen((word) => {
      if (this.#opening !== opening) return;
      this.#held.push(word);
      this.#goOn();
    });
  }

  /** Hears what has come, up to what has to wait for a link. */
  #goOn(): void {
    while (this.#held.length > 0 && this.#linksMade >= this.#linksDue) {
      const word = this.#held.shift();
      if (typeof word === "number") this.#linksDue = word;
      else this.#hearBatch(lengthenOrders(word as readonly unknown[]) as readonly SchedulerToWorkerMessage[]);
    }
  }

  /** A worker that throws cannot be trusted to go on. */
  #hearBatch(messages: readonly SchedulerToWorkerMessage[]): void {
    try {
      this.#hear(messages);
    } catch (error) {
      this.close(`its worker failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Nothing is said or heard any more, until there is another scheduler. */
  #end(reason: string): void {
    this.#leave(reason);
    this.#isMute = true;
    this.#tell({ type: "line-over", reason });
  }

  /** To its host, in order with what it sends there. */
  #tell(news: LineNews): void {
    this.#owner.send([news as unknown as WorkerMessage]);
  }

  #leave(reason: string): void {
    const opening = this.#opening;
    this.#opening = undefined;
    this.#line = undefined;
    this.#isMute = false;
    this.#linksMade = 0;
    this.#linksDue = 0;
    this.#held = [];
    opening?.trunk?.close(reason);
  }
}

function noteBytes({ tally, trunk }: Opening): void {
  const { sentBytes = 0, receivedBytes = 0 } = trunk?.statistics() ?? {};
  tally.noteBytes(sentBytes, receivedBytes);
}

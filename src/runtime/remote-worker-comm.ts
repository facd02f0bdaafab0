/**
 * RemoteWorkerComm: the scheduler's end of a conversation with a worker elsewhere. Between the batches go words for its host.
 *
 * A worker that has much to do may be given a **line**: a wire from its thread to here, so that what it is sent and what it says need not
 * pass through its host, whose main thread would be woken twice for each. Words for the host still go by way of that. Nothing overtakes: what
 * went by the host comes first each way (`line-begins`, `line-begun`), and a batch that may need a link waits in the thread until its host
 * has made so many links as are said before it.
 */

import type { Comm } from "../ports/comm.ts";
import type { StackTaken } from "../protocol/call-stacks.ts";
import {
  isLineOfWorker,
  isWorkerGone,
  isWorkerStack,
  type WorkerGone,
  type WorkerWord,
} from "../protocol/host-messages.ts";
import { lengthenReports, shortenOrders } from "../protocol/short-batches.ts";
import { validateWorkerMessages } from "../protocol/validate.ts";
import type { SchedulerToWorkerMessage, WorkerMessage } from "../protocol/worker-messages.ts";
import type { Trunk } from "./trunk.ts";
import type { TrunkChannel } from "./trunk-channel.ts";

/** What becomes of what a worker's host says of it. */
export interface WorkerWords {
  wantsLine(): void;
  /** With its host's last word, or without if that said something else. */
  ended(gone: WorkerGone | undefined): void;
}

interface Line {
  readonly trunk: Trunk;
  readonly channel: TrunkChannel;
  /** Links that its host was told of since there is a line, and how many of them the worker knows it has to wait for. */
  links: number;
  saidLinks: number;
}

export class RemoteWorkerComm implements Comm<readonly SchedulerToWorkerMessage[], readonly WorkerMessage[]> {
  readonly closed: Promise<string>;
  readonly #channel: TrunkChannel;
  readonly #words: WorkerWords;
  #line: Line | undefined;
  #hear: ((messages: readonly WorkerMessage[]) => void) | undefined;
  readonly #held: (readonly WorkerMessage[])[] = [];
  #isRefused = false;
  #isOver = false;

  /** Who waits to hear where in its code it is. */
  #looking: ((stack?: StackTaken) => void)[] = [];

  constructor(channel: TrunkChannel, words: WorkerWords) {
    this.#channel = channel;
    this.#words = words;
    this.closed = channel.closed;
    channel.closed.then((reason) => {
      this.#isOver = true;
      this.#line?.trunk.close(reason);
    });
    channel.listen((word) => {
      if (Array.isArray(word)) this.#take(word);
      else if (isWorkerStack(word)) for (const tell of this.#looking.splice(0)) tell(word.stack);
      else if (isLineOfWorker(word)) this.#hearOfLine(word.type === "line-begun");
      else this.#end(isWorkerGone(word) ? word : undefined);
    });
  }

  #end(gone: WorkerGone | undefined): void {
    this.#words.ended(gone);
    this.#channel.close("it is gone");
  }

  #take(word: readonly unknown[]): void {
    const messages = lengthenReports(word);
    if (this.#isOver || !this.#isSound(messages)) return;
    if (this.#hear === undefined) this.#held.push(messages);
    else this.#hear(messages);
  }

  /** What is no word of the protocol ends the worker, and nobody else. */
  #isSound(messages: readonly unknown[]): messages is readonly WorkerMessage[] {
    if (this.#isRefused) return false;
    try {
      validateWorkerMessages(messages);
      return true;
    } catch (error) {
      this.#refuse(String(error));
      return false;
    }
  }

  #refuse(reason: string): void {
    this.#isRefused = true;
    this.close(reason);
  }

  #hearOfLine(hasBegun: boolean): void {
    if (!hasBegun) return this.#words.wantsLine();
    const line = this.#line;
    if (line === undefined) return this.#end(undefined);
    line.channel.listen((messages) => {
      if (Array.isArray(messages)) this.#take(messages);
      else this.#refuse("a worker said what is no word of the protocol");
    });
  }

  /** The worker has opened a wire of its own: it is spoken to by that from now on. Should that be over, so is the worker. */
  takeLine(trunk: Trunk): void {
    if (this.#isOver || this.#line !== undefined) return trunk.close("there is no worker that waits for it");
    this.tell({ type: "line-begins" });
    this.#line = { trunk, channel: trunk.channel(0), links: 0, saidLinks: 0 };
    trunk.closed.then((reason) => {
      if (!this.#isOver) this.#refuse(reason);
    });
  }

  /** Bytes that went by its line. */
  get lineBytes(): { readonly sent: number; readonly received: number } {
    const { sentBytes = 0, receivedBytes = 0 } = this.#line?.trunk.statistics() ?? {};
    return { sent: sentBytes, received: receivedBytes };
  }

  tell(word: WorkerWord): void {
    if (word.type === "link" && this.#line !== undefined) this.#line.links += 1;
    this.#channel.send(word);
  }

  lookInto(tell: (stack?: StackTaken) => void): void {
    this.#looking.push(tell);
    if (this.#looking.length === 1) this.tell({ type: "look" });
  }

  send(messages: readonly SchedulerToWorkerMessage[], transfer: readonly object[] = []): void {
    const line = this.#line;
    const word = shortenOrders(messages);
    if (line === undefined) return this.#channel.send(word, transfer);
    if (line.links > line.saidLinks) {
      line.saidLinks = line.links;
      line.channel.send(line.links);
    }
    line.channel.send(word, transfer);
  }

  listen(onMessage: (messages: readonly WorkerMessage[]) => void): void {
    // What came before is heard once whoever listens has been told that there is this worker.
    queueMicrotask(() => {
      this.#hear = onMessage;
      for (const messages of this.#held.splice(0)) onMessage(messages);
    });
  }

  /** Something could not be said to it: it cannot go on. */
  close(reason: string): void {
    this.tell({ type: "end", reason, isForGood: false });
  }
}

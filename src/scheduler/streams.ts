/**
 * Streams: tasks whose items go to a client as they come.
 *
 * A worker makes items of a stream for as long as it has credit, and gives its slot back while it has none. They are kept here
 * until the client asks for them, which it does when somebody waits for one: what has left here counts as used. Credit comes from the
 * client: at first as much as may lie unused, then what has been used.
 *
 * A run that ends early can be repeated as long as nothing of it has been used; then all that it made is dropped. When a stream has
 * ended, well or badly, it is run again for what it returns alone: when it is retried, or its value is lost.
 */

import type { Answer } from "../protocol/client-messages.ts";
import type { ErrorOnWire } from "../protocol/errors.ts";
import type { ClientTaskId, RunId, WorkerAddress } from "../protocol/identity.ts";
import type { StreamItems, StreamRequest } from "../protocol/requests.ts";
import { refuse } from "./answers.ts";
import type { ClientRecord, TaskRecord } from "./records.ts";
import type { RequestTools } from "./request-tools.ts";
import type { SchedulerState } from "./state.ts";

/** Credit of a stream whose items nobody wants. */
const ENDLESS = 2 ** 40;

interface Stream {
  readonly client: ClientRecord;
  readonly id: ClientTaskId;
  readonly task: TaskRecord;
  /** All the credit that the client has given to the run. */
  granted: number;
  /** Which run has been given it. */
  run: RunId;
  /** Items that were made and have not been asked for. */
  items: unknown[];
  /** How many have been used. */
  used: number;
  /** The client's question that is to be answered with items. */
  waiting: number | undefined;
  /** Its task has ended, and with which error. */
  hasEnded: boolean;
  error: ErrorOnWire | undefined;
  /** The client knows that it has ended. */
  isTold: boolean;
  /** Nobody will ask for items any more. */
  isClosed: boolean;
}

type AnswerClient = (client: ClientRecord, number: number, outcome: Answer["outcome"]) => void;

const NOTHING = { value: undefined };

export class Streams {
  readonly #state: SchedulerState;
  readonly #tools: RequestTools;
  readonly #answer: AnswerClient;
  readonly #streams = new Set<Stream>();

  constructor(state: SchedulerState, tools: RequestTools, answer: AnswerClient) {
    this.#state = state;
    this.#tools = tools;
    this.#answer = answer;
  }

  hear(client: ClientRecord, number: number, request: StreamRequest): void {
    const { id } = request;
    const stream = this.#find((each) => each.client === client && each.id === id);
    if (request.type === "stream-close") {
      if (stream !== undefined) this.#close(stream);
      return this.#answer(client, number, NOTHING);
    }
    const open = stream ?? this.#open(client, number, request.id, request.credit);
    if (open === undefined) return;
    if (stream !== undefined && request.credit > 0) this.#grant(stream, request.credit);
    if (request.type === "stream-items") open.waiting = number;
    else this.#answer(client, number, NOTHING);
  }

  /** It has been sent to a worker: if it is only needed for what it returns, and its client has gone, nobody else will give it credit. */
  follow(task: TaskRecord): void {
    const stream = this.#find((each) => each.task === task);
    // One that was taken back before it began has the same number again, and no credit where it is now.
    if (stream !== undefined && !isUsed(stream)) stream.run = 0;
    if (task.wanted || task.processingOn === undefined || stream !== undefined) return;
    const { id, runId: run } = task;
    this.#state.toWorker(task.processingOn).send({ type: "stream-credit", id, run, credit: ENDLESS });
  }

  /** Items have come from the worker that runs the task. */
  hearItems(task: TaskRecord, items: readonly unknown[]): void {
    const stream = this.#find((each) => each.task === task);
    if (stream !== undefined && !isUnwanted(stream)) stream.items.push(...items);
  }

  /** Whether a run of the task cannot be repeated, for what it gave has been used. */
  isUsed(task: TaskRecord): boolean {
    const stream = this.#find((each) => each.task === task);
    return stream !== undefined && isUsed(stream);
  }

  /** The worker that ran it is gone. True if it has failed with that, for its run cannot be repeated. */
  interrupt(task: TaskRecord, worker: WorkerAddress, reason: string): boolean {
    const stream = this.#find((each) => each.task === task);
    if (stream === undefined || !isUsed(stream)) return false;
    blame(stream, worker, `its worker ended (${reason})`);
    return true;
  }

  withdraw(client: ClientRecord, number: number): void {
    const stream = this.#find((each) => each.client === client && each.waiting === number);
    if (stream !== undefined) stream.waiting = undefined;
  }

  removeClient(client: ClientRecord): void {
    for (const stream of this.#streams) if (stream.client === client) this.#close(stream);
  }

  /** Whether somebody waits for something here. */
  get isWaiting(): boolean {
    return this.#streams.size > 0;
  }

  /** Sees what has become of the tasks, and hands out what is there. */
  settle(): void {
    for (const stream of this.#streams) {
      this.#follow(stream);
      this.#handOut(stream);
      const isForgotten = stream.task.state === "forgotten";
      if (isForgotten && (!stream.hasEnded || stream.isTold || stream.isClosed)) this.#streams.delete(stream);
    }
  }

  #find(accept: (stream: Stream) => boolean): Stream | undefined {
    for (const stream of this.#streams) if (accept(stream)) return stream;
    return undefined;
  }

  #open(client: ClientRecord, number: number, id: ClientTaskId, credit: number): Stream | undefined {
    const task = client.tasks.get(id);
    if (task === undefined) {
      // It was cancelled before it began, or has ended and is forgotten: the client knows which.
      this.#answer(client, number, { value: { items: [], ended: true } satisfies StreamItems });
      return undefined;
    }
    const isTaken = this.#find((each) => each.task === task && !each.isClosed) !== undefined;
    if (isTaken || (task.shape & this.#tools.STREAM) === 0) {
      const why = isTaken
        ? "its items go to another who gave it that name"
        : "it is no stream, but a task of that name";
      this.#answer(client, number, refuse(`${task.key} has no items for this client: ${why}`));
      return undefined;
    }
    const stream: Stream = {
      client,
      id,
      task,
      granted: credit,
      run: 0,
      items: [],
      used: 0,
      waiting: undefined,
      hasEnded: false,
      error: undefined,
      isTold: false,
      isClosed: false,
    };
    this.#streams.add(stream);
    return stream;
  }

  #grant(stream: Stream, credit: number): void {
    stream.granted += credit;
    const { task } = stream;
    if (task.runId === stream.run && task.processingOn !== undefined) this.#send(stream, credit);
  }

  #send({ task, run }: Stream, credit: number): void {
    if (task.processingOn === undefined) return;
    this.#state.toWorker(task.processingOn).send({ type: "stream-credit", id: task.id, run, credit });
  }

  #letGo(stream: Stream): void {
    if (stream.waiting !== undefined) {
      this.#answer(stream.client, stream.waiting, { value: { items: [], ended: true } satisfies StreamItems });
    }
    this.#close(stream);
  }

  /** Whoever needs the task's return value still gets it. */
  #close(stream: Stream): void {
    if (stream.isClosed) return;
    stream.isClosed = true;
    stream.waiting = undefined;
    stream.items = [];
    this.#grant(stream, ENDLESS);
  }

  #follow(stream: Stream): void {
    const { task } = stream;
    const { state } = task;
    // Whoever reads it has let go of it; others may want what it returns.
    const isLetGo = stream.client.tasks.get(stream.id) !== task;
    if (isLetGo && !stream.hasEnded && state !== "forgotten" && !stream.isClosed) this.#letGo(stream);
    if (!stream.hasEnded && (state === "memory" || state === "erred")) {
      stream.hasEnded = true;
      stream.error = task.error;
    }
    if (state === "processing" && task.runId !== stream.run) this.#beginAgain(stream);
    // What an interrupted run has made will be made again.
    else if (state !== "processing" && !stream.hasEnded) stream.items = [];
  }

  /** A new run: the first, or one that takes the place of another. */
  #beginAgain(stream: Stream): void {
    const { task } = stream;
    if (isUsed(stream)) {
      blame(stream, task.processingOn?.address ?? "", "its worker gave it up");
      this.#tools.move(this.#state, task, "released");
      this.#tools.move(this.#state, task, "erred");
      return;
    }
    stream.run = task.runId;
    if (!stream.hasEnded) stream.items = [];
    this.#send(stream, isUnwanted(stream) ? ENDLESS : stream.granted);
  }

  #handOut(stream: Stream): void {
    const { client, task, waiting, items } = stream;
    const ended = stream.hasEnded || task.state === "forgotten";
    if (waiting === undefined || (items.length === 0 && !ended)) return;
    stream.waiting = undefined;
    stream.items = [];
    stream.used += items.length;
    stream.isTold = ended;
    this.#answer(client, waiting, { value: { items, ended, error: stream.error } satisfies StreamItems });
  }
}

/** Whether what is under way gave something that has been used. */
function isUsed({ used, hasEnded, isClosed }: Stream): boolean {
  return used > 0 && !hasEnded && !isClosed;
}

function blame({ task, used }: Stream, worker: WorkerAddress, why: string): void {
  const message = `${task.key} cannot go on: ${why} after ${used} of its items had been used, and a new run would give them again`;
  task.error = refuse(message, "KilledWorkerError", { key: task.key, attempts: [worker] }).error;
}

/** Whether nobody will see what is made of it: it is only to come to its end. */
function isUnwanted(stream: Stream): boolean {
  return stream.isClosed || stream.hasEnded;
}

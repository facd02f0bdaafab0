/** The clients of the tasks that run in a thread: one session for all, whose messages go by the worker's own channel. */

import type { PackedResult, Speaker, TaskClient, TaskClients, TaskClientsLine } from "../ports/task-clients.ts";
import type { ClientMessage, News, SchedulerToClientMessage } from "../protocol/client-messages.ts";
import { type ErrorOnWire, encodeError, UnserializableError } from "../protocol/errors.ts";
import type { ClientId } from "../protocol/identity.ts";
import { hasPackedFutures } from "../protocol/packed-futures.ts";
import { type NumberedFunction, SMALL_VALUE_LIMIT } from "../protocol/task-spec.ts";
import { measure } from "../shipping/measure.ts";
import { ActorHosting } from "./actors/hosting.ts";
import { captureWithFutures } from "./argument-capture.ts";
import { Client } from "./client.ts";
import type { HandleDescription } from "./coordination/handle.ts";
import { revive } from "./coordination/revive.ts";
import { directLinks, reviverOf, revivers, sessions } from "./open-sessions.ts";
import { unpackFutures } from "./packed-futures.ts";
import { type ClientComm, Session } from "./session.ts";
import { speakFor } from "./task-session.ts";

export class ThreadClients implements TaskClients {
  readonly #session: Session;
  readonly #line: TaskClientsLine;
  readonly #flush: () => void;
  #tell: (news: News) => void = () => {};

  constructor(id: ClientId, line: TaskClientsLine) {
    this.#line = line;
    const comm: ClientComm = {
      send: (messages) => line.send(messages.map((message) => this.#lighten(message))),
      listen: (hear) => {
        this.#tell = hear;
      },
      close: () => {},
      closed: new Promise(() => {}),
    };
    this.#session = new Session(id, comm, () => () => {});
    revivers.set(this.#session, (description) => this.revive(description, undefined));
    directLinks.set(this.#session, { to: async (worker) => line.linkTo(worker), soon: (run) => line.soon(run) });
    this.#flush = this.#session.parts.flush;
  }

  open(speaker: Speaker): TaskClient {
    const { session, abandon, end } = speakFor(this.#session, speaker);
    const claim = (key: string) => session.claim(key);
    return {
      client: new Client({ session, ready: Promise.resolve(), close: async () => {} }),
      abandon,
      end,
      claim,
      hostActor: (name) => new ActorHosting(name, this.#session, speaker.id),
      // Other tasks get the same value, and its futures are not to be theirs.
      unpack: (value) =>
        hasPackedFutures(value) ? unpackFutures(structuredClone(value), claim, reviverOf(session)) : value,
    };
  }

  pack(result: unknown): PackedResult {
    const { value, futures } = captureWithFutures(result, "result");
    const { naming } = this.#session;
    return { value, nbytes: measure(value).nbytes, tasks: futures.map((future) => naming.refer(future)) };
  }

  revive(description: object, client: object | undefined): unknown {
    return revive(
      description as HandleDescription,
      client === undefined ? this.#session : (sessions.get(client) as Session),
    );
  }

  hear(news: News): void {
    this.#tell(news);
  }

  flush(): void {
    this.#flush();
  }

  close(reason: string): void {
    this.#session.close(reason);
  }

  async confirm(): Promise<void> {
    await this.#session.ask({ type: "wait-for-workers", count: 0 });
  }

  refuse(message: ClientMessage, cause: unknown): void {
    const problem = `what a task submitted cannot leave its worker: ${String(cause)}; pass plain data`;
    const error = encodeError(new UnserializableError(problem, { path: "" }, { cause }));
    this.#tell({ batch: 0, messages: refusalsOf(message, error) });
  }

  /** Without what the scheduler knows, and without large values: these stay here. */
  #lighten(message: ClientMessage): ClientMessage {
    if (message.type === "update-graph" && message.functions.length > 0) {
      const functions = message.functions.map(([id, { name, hash, ...rest }]): NumberedFunction => {
        return [id, this.#line.isKnown(hash, name) ? { name, hash } : { name, hash, ...rest }];
      });
      return { ...message, functions };
    }
    if (message.type !== "scatter" || message.nbytes <= SMALL_VALUE_LIMIT) return message;
    if (message.broadcast || message.workers !== undefined) return message;
    this.#line.keep(message.id, message.value);
    return { ...message, value: undefined, isLocal: true };
  }
}

/** What is heard of all that `message` asked for. */
function refusalsOf(message: ClientMessage, error: ErrorOnWire): SchedulerToClientMessage[] {
  switch (message.type) {
    case "update-graph":
      return Array.from({ length: message.count }, (_, i) => ({ type: "task-erred", id: message.first + i, error }));
    case "scatter":
      return [{ type: "task-erred", id: message.id, error }];
    case "request":
      return [{ type: "answer", number: message.number, outcome: { error } }];
    default:
      return [];
  }
}

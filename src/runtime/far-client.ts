/** A client's conversation with a scheduler elsewhere: when that is lost, the next one is looked for at the same address. */

import type { Clock } from "../ports/clock.ts";
import type { Comm } from "../ports/comm.ts";
import type { ConnectorOptions, Equipment } from "../ports/connector.ts";
import type { ClientMessage, News } from "../protocol/client-messages.ts";
import { CommClosedError, encodeError } from "../protocol/errors.ts";
import { CLIENT_CHANNEL, type ClientHello, isClientLink, isFarewell } from "../protocol/host-messages.ts";
import type { ClientId, WorkerAddress } from "../protocol/identity.ts";
import { validatePeerMessage } from "../protocol/peer-forms.ts";
import { checkedComm } from "./checked-comm.ts";
import { destinationOf, transportOf } from "./connectors.ts";
import { delay, isFinal, Tether } from "./tether.ts";

/** How a client connects to a scheduler elsewhere. */
export interface ConnectOptions extends ConnectorOptions {
  /** The token for those who submit; what stands behind `#` in the address unless said. */
  readonly token?: string;
  /** How long a scheduler that is lost is looked for, before what is pending is given up. Milliseconds; 120 000 unless said. */
  readonly reconnectForMs?: number;
}

/** What remembers what a client wants, and tells it to one scheduler after the other: `Recall` in `client/recall.ts`. */
export interface Conversation {
  /** See there. */
  readonly granted: number;
  attach(comm: Comm<readonly ClientMessage[], News>): void;
  end(reason: string): void;
  /** The client is closed. */
  readonly closed: Promise<string>;
}

export interface FarClientShell {
  readonly id: ClientId;
  readonly clock: Clock;
  readonly equipment: Equipment;
  readonly conversation: Conversation;
  /** There is a way to call actors of that worker. */
  readonly onLink: (worker: WorkerAddress, link: Comm<unknown, unknown>) => void;
}

/**
 * Connects a client to the scheduler at `address`, and to whoever takes its place; settles when it was let in for the first time.
 *
 * @throws UnauthorizedError, ProtocolError, CommClosedError.
 */
export async function converse(shell: FarClientShell, address: string, options: ConnectOptions): Promise<void> {
  const { reconnectForMs = 120_000 } = options;
  if (!(reconnectForMs >= 0)) throw new RangeError(`reconnectForMs must be a time, not ${reconnectForMs}`);
  const { clock } = shell;
  const letGo = clock.keepAlive();
  try {
    const caller = new FarClient(shell, address, options, reconnectForMs);
    await caller.call();
  } finally {
    letGo();
  }
}

class FarClient {
  readonly #shell: FarClientShell;
  readonly #address: string;
  readonly #options: ConnectOptions;
  readonly #patienceMs: number;
  #isOver = false;

  constructor(shell: FarClientShell, address: string, options: ConnectOptions, patienceMs: number) {
    this.#shell = shell;
    this.#address = address;
    this.#options = options;
    this.#patienceMs = patienceMs;
    shell.conversation.closed.then(() => {
      this.#isOver = true;
    });
  }

  async call(): Promise<void> {
    const { conversation, id, clock, equipment } = this.#shell;
    const destination = destinationOf(this.#address);
    const { connector } = await transportOf(destination);
    const { trunk } = await Tether.tie({
      connector,
      address: destination.address,
      options: this.#options,
      asking: { role: "client", id, secret: this.#options.token ?? destination.token ?? "" },
      threshold: { secrecy: equipment.secrecy, clock },
    });
    if (this.#isOver) return trunk.close("the client was closed");
    const channel = trunk.channel(CLIENT_CHANNEL);
    channel.send({ type: "hello", lastGrant: conversation.granted } satisfies ClientHello);
    let farewell: string | undefined;
    let hear: (news: News) => void = () => {};
    channel.listen((word) => {
      if (isClientLink(word))
        return this.#shell.onLink(word.worker, checkedComm(trunk.channel(word.pipe), validatePeerMessage));
      if (!isFarewell(word)) return hear(word as News);
      farewell = word.reason;
      conversation.end(farewell);
    });
    const send = (messages: readonly ClientMessage[]) => {
      try {
        channel.send(messages);
      } catch {
        for (const message of messages) sendOrRefuse(message, (each) => channel.send([each]), hear);
      }
    };
    conversation.attach({
      send,
      listen: (onNews) => {
        hear = onNews;
      },
      close: (reason) => trunk.close(reason),
      closed: trunk.closed,
    });
    trunk.closed.then((reason) => {
      if (!this.#isOver && farewell === undefined) void this.#callAgain(reason);
    });
  }

  async #callAgain(reason: string): Promise<void> {
    const { clock, equipment, conversation } = this.#shell;
    const untilMs = clock.now() + this.#patienceMs;
    let last = reason;
    for (let attempt = 0; !this.#isOver; attempt++) {
      if (clock.now() > untilMs) {
        return conversation.end(
          `the scheduler was lost (${reason}) and not found again within ${this.#patienceMs} ms: ${last}`,
        );
      }
      await delay(attempt, { clock, secrecy: equipment.secrecy });
      if (this.#isOver) return;
      try {
        return await this.call();
      } catch (error) {
        last = (error as Error).message;
        if (isFinal(error) || !(error instanceof CommClosedError)) return conversation.end(last);
      }
    }
  }
}

/** What cannot travel to another machine fails alone, and harms nothing beside it. */
function sendOrRefuse(
  message: ClientMessage,
  send: (message: ClientMessage) => void,
  hear: (news: News) => void,
): void {
  try {
    send(message);
  } catch (error) {
    // As news that nobody need acknowledge.
    hear({ batch: 0, messages: refusalsOf(message, error) });
  }
}

function refusalsOf(message: ClientMessage, cause: unknown): News["messages"] {
  const error = encodeError(cause);
  if (message.type === "request") return [{ type: "answer", number: message.number, outcome: { error } }];
  const [first, count] =
    message.type === "update-graph"
      ? [message.first, message.count]
      : message.type === "scatter"
        ? [message.id, 1]
        : [0, 0];
  return Array.from({ length: count }, (_, i) => ({ type: "task-erred", id: first + i, error }) as const);
}

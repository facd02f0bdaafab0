/** BypassWires: how a thread comes by a wire to a thread of another host: it calls it, or waits to be called by it. See `bypasses.ts`. */

import type { Transport } from "../ports/connector.ts";
import type { Wire } from "../ports/wire.ts";
import { CommClosedError } from "../protocol/errors.ts";
import { askIn, type Doorkeeper, letIn, type Threshold } from "./admission.ts";

/** For whoever is called to answer: a thread that computes answers afterwards. Milliseconds. */
const CALL_MS = 30_000;
/** For whoever is expected to come. Milliseconds. */
const EXPECT_MS = 60_000;
/** Wires of those who have not proved anything yet, and how many may be wrong before nobody is waited for any more. */
const MOST_UNKNOWN = 8;
const MOST_WRONG = 8;
/** What both say of themselves: there is one of each. */
const NAME = "bypass";

export interface Expected {
  /** Where it is waited. */
  readonly port: number;
  /** Rejects if nobody comes who knows the ticket. */
  readonly wire: Promise<Wire>;
  /** Nobody is waited for any more. */
  stop(reason: string): void;
}

export interface Bypassing {
  /** Waits at `at`, an address of an interface with any port, for one that knows the ticket. Rejects if that cannot be. */
  expect(at: string, ticket: Uint8Array): Promise<Expected>;
  /** Rejects if it is not let in. */
  call(address: string, ticket: Uint8Array): Promise<Wire>;
}

export class BypassWires implements Bypassing {
  readonly #transport: Transport;
  readonly #threshold: Threshold;

  constructor(transport: Transport, threshold: Threshold) {
    this.#transport = transport;
    this.#threshold = threshold;
  }

  async expect(at: string, ticket: Uint8Array): Promise<Expected> {
    const { listener } = this.#transport;
    if (listener === undefined) throw new CommClosedError("nobody can be waited for here");
    const visit = new Visit(ticket, this.#threshold);
    const post = await listener.listen(at, {}, (wire) => void visit.accept(wire));
    const callOff = this.#threshold.clock.after(EXPECT_MS, () => visit.end("nobody came in time"));
    const stop = () => {
      callOff();
      void post.close();
    };
    visit.wire.then(stop, stop);
    return {
      port: Number(new URL(post.address).port),
      wire: visit.wire,
      stop: (reason) => visit.end(reason),
    };
  }

  async call(address: string, ticket: Uint8Array): Promise<Wire> {
    const abort = new AbortController();
    const late = () => abort.abort(new CommClosedError(`nobody answered at ${address}`, { address }));
    const callOff = this.#threshold.clock.after(CALL_MS, late);
    try {
      const { wire } = await this.#transport.connector.connect(address, {}, abort.signal);
      return (await askIn(wire, { role: "line", id: NAME, secret: ticket }, this.#threshold)).wire;
    } finally {
      callOff();
    }
  }
}

/** Waits for one that knows the ticket, and lets nobody else in. */
class Visit {
  readonly wire: Promise<Wire>;
  readonly #threshold: Threshold;
  readonly #keeper: Doorkeeper;
  #settle: (wire: Wire) => void = () => {};
  #fail: (error: Error) => void = () => {};
  #unknown = 0;
  #wrong = 0;
  #isOver = false;

  constructor(ticket: Uint8Array, threshold: Threshold) {
    this.#threshold = threshold;
    this.wire = new Promise((resolve, reject) => {
      this.#settle = resolve;
      this.#fail = reject;
    });
    this.wire.catch(() => {});
    this.#keeper = {
      leaseMs: 0,
      secretFor: ({ role }) =>
        role === "line" ? ticket : { refused: "UnauthorizedError", message: `no ${role} is expected here` },
      find: () => undefined,
    };
  }

  async accept(candidate: Wire): Promise<void> {
    if (this.#isOver || this.#unknown >= MOST_UNKNOWN) return candidate.close("nobody else is expected here");
    this.#unknown += 1;
    try {
      const { wire } = await letIn(candidate, this.#keeper, this.#threshold);
      if (this.#isOver) return wire.close("somebody else has come");
      this.#isOver = true;
      this.#settle(wire);
    } catch {
      this.#wrong += 1;
      if (this.#wrong >= MOST_WRONG) this.end("too many came who were not expected");
    } finally {
      this.#unknown -= 1;
    }
  }

  end(reason: string): void {
    this.#isOver = true;
    this.#fail(new CommClosedError(reason));
  }
}

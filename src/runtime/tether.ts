/** Tether: this side's end of a trunk to an address. When its wire drops it opens another, and goes on where it was. */

import type { Connector, ConnectorOptions, OpenedWire } from "../ports/connector.ts";
import { CommClosedError, ProtocolError, UnauthorizedError } from "../protocol/errors.ts";
import { type Asking, askIn, type Session, SessionOverError, type Threshold } from "./admission.ts";
import { Trunk } from "./trunk.ts";

/** For an address to answer. Milliseconds. */
const CONNECT_MS = 10_000;
/** Before the second attempt to come back; doubled with each further one, up to the last. Milliseconds. */
const FIRST_DELAY_MS = 50;
const LAST_DELAY_MS = 5_000;
/** How many times as long as for others it is tried to come back on a worker's own wire. */
const LINE_LEASES = 3;

export interface TetherOptions {
  readonly connector: Connector;
  readonly address: string;
  readonly options: ConnectorOptions;
  readonly asking: Asking;
  readonly threshold: Threshold;
}

export class Tether {
  readonly trunk: Trunk;
  readonly session: Session;
  /** Where others that are as near as the other end could reach this side, if it listened. */
  readonly listenAt: string | undefined;
  readonly #plan: TetherOptions;

  /**
   * Opens a trunk.
   *
   * @throws CommClosedError if nobody answers, UnauthorizedError, ProtocolError, or the reason of `signal`.
   */
  static async tie(plan: TetherOptions, signal?: AbortSignal): Promise<Tether> {
    const opened = await open(plan, signal);
    const { wire, session, leaseMs } = await askIn(opened.wire, plan.asking, plan.threshold);
    if (plan.asking.role === "client") opened.unref?.();
    const tether = new Tether(plan, session, leaseMs, opened.listenAt);
    tether.trunk.attach(wire);
    return tether;
  }

  constructor(plan: TetherOptions, session: Session, leaseMs: number, listenAt: string | undefined) {
    this.#plan = plan;
    this.session = session;
    this.listenAt = listenAt;
    const isLine = plan.asking.role === "line";
    this.trunk = new Trunk({
      clock: plan.threshold.clock,
      ...(isLine ? livelinessOfLine(leaseMs, LINE_LEASES * leaseMs) : livelinessOf(leaseMs)),
      mayRest: plan.asking.role === "peer",
    });
    this.trunk.onDetached(() => this.#comeBack());
  }

  async #comeBack(): Promise<void> {
    const { trunk, session } = this;
    const { threshold, asking } = this.#plan;
    const letGo = threshold.clock.keepAlive();
    trunk.closed.then(letGo);
    for (let attempt = 0; !trunk.isClosed; attempt++) {
      if (attempt > 0) await delay(attempt - 1, threshold);
      if (trunk.isClosed) break;
      try {
        const { wire, unref } = await open(this.#plan);
        const resume = { session, received: trunk.received };
        const welcome = await askIn(wire, { ...asking, resume }, threshold);
        if (asking.role === "client") unref?.();
        if (trunk.isClosed) welcome.wire.close("it came back too late");
        else trunk.attach(welcome.wire, welcome.received);
        break;
      } catch (error) {
        if (isFinal(error)) trunk.close((error as Error).message);
      }
    }
    letGo();
  }
}

/**
 * How trunks between machines watch over their wires, given for how long a dropped one is waited for. A page that is stuck says nothing
 * for a while and then goes on, on the wire that it had; so that is kept for longer, and what is silent all the same is waited for less.
 */
export function livelinessOf(leaseMs: number) {
  return { leaseMs, pingMs: leaseMs / 4, silenceMs: 1.3 * leaseMs, silentLeaseMs: 0.4 * leaseMs };
}

/**
 * The same of a worker's own wire. A thread that computes is deaf, and hears only afterwards that its wire was let go of: whether it is there,
 * its host knows. So the other end waits for as long as there is that; the thread itself for longer than its host would.
 */
export function livelinessOfLine(leaseMs: number, waitMs: number) {
  return { ...livelinessOf(leaseMs), leaseMs: waitMs, silentLeaseMs: waitMs };
}

/** Waits before the next attempt: longer each time, and not as long as others that lost the same at the same moment. */
export function delay(attempt: number, { clock, secrecy }: Threshold): Promise<void> {
  const longest = Math.min(LAST_DELAY_MS, FIRST_DELAY_MS * 2 ** attempt);
  const chance = (secrecy.random(1)[0] as number) / 255;
  const letGo = clock.keepAlive();
  return new Promise((resolve) => {
    clock.after((longest * (1 + chance)) / 2, () => {
      letGo();
      resolve();
    });
  });
}

/** Whether it is of no use to try again. */
export function isFinal(error: unknown): boolean {
  return error instanceof SessionOverError || error instanceof UnauthorizedError || error instanceof ProtocolError;
}

async function open(
  { connector, address, options, threshold }: TetherOptions,
  signal?: AbortSignal,
): Promise<OpenedWire> {
  signal?.throwIfAborted();
  const givingUp = new AbortController();
  const late = () =>
    givingUp.abort(new CommClosedError(`nobody answered at ${address} within ${CONNECT_MS / 1000} s`, { address }));
  const callOff = threshold.clock.after(CONNECT_MS, late);
  const abort = () => givingUp.abort(signal?.reason);
  signal?.addEventListener("abort", abort, { once: true });
  try {
    return await connector.connect(address, options, givingUp.signal);
  } finally {
    callOff();
    signal?.removeEventListener("abort", abort);
  }
}

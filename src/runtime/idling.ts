/**
 * Idling: the way to another host is closed when nothing has gone by it for a while, and made again when something is to. What goes past the
 * hosts only their workers know of: they are asked, and let go of what they have, before the connection is closed which that is part of.
 */

import type { Clock } from "../ports/clock.ts";
import type { WorkerAddress } from "../protocol/identity.ts";
import type { PeerLinks } from "./peer-links.ts";
import type { Trunk } from "./trunk.ts";
import type { TrunkChannel } from "./trunk-channel.ts";

/** Of the links by which a host passes on what its workers say: what the worker says to the host itself. */
export const IDLE_CHANNEL = 1;

/** Whether nothing went past the hosts since this was asked before; and that the worker let go of the links by which it would. */
export type IdleQuestion = "quiet" | "rest";

/** A worker's end of such a channel. */
export function answerHost(channel: TrunkChannel, peer: WorkerAddress, links: PeerLinks): void {
  channel.listen((question) => {
    if (question === "quiet") channel.send(links.isQuiet(peer));
    else if (question === "rest") void links.rest(peer).then((isAgreed) => channel.send(isAgreed));
  });
}

/** The host's end, of a worker's link. False if the worker is gone. A worker that computes answers when it has done so. */
export function askWorker(link: Trunk, question: IdleQuestion): Promise<boolean> {
  const channel = link.channel(IDLE_CHANNEL);
  return new Promise((resolve) => {
    channel.closed.then(() => resolve(false));
    channel.listen((answer) => resolve(answer === true));
    channel.send(question);
  });
}

export interface IdlingOptions {
  readonly clock: Clock;
  readonly idleMs: number;
  /** Asks all workers that have links past the hosts, there. */
  ask(question: IdleQuestion): Promise<boolean>;
  /** It is not closed after all: workers that have let go of their links are to have others. */
  goOn(): void;
}

export class Idling {
  readonly #trunk: Trunk;
  readonly #options: IdlingOptions;

  /** For the end that can open the way again. */
  constructor(trunk: Trunk, options: IdlingOptions) {
    this.#trunk = trunk;
    this.#options = options;
    this.#watch();
  }

  #watch(): void {
    const { clock, idleMs } = this.#options;
    const { traffic } = this.#trunk;
    clock.after(idleMs, () => void this.#look(traffic));
  }

  async #look(traffic: number): Promise<void> {
    if (this.#trunk.isClosed) return;
    if (this.#trunk.isAttached && this.#trunk.traffic === traffic) await this.#rest(traffic);
    this.#watch();
  }

  async #rest(traffic: number): Promise<void> {
    const { ask, goOn } = this.#options;
    if (!(await ask("quiet"))) return;
    const isAgreed = await ask("rest");
    if (isAgreed && this.#trunk.traffic === traffic && this.#trunk.rest()) return;
    if (this.#trunk.isAttached) goOn();
  }
}

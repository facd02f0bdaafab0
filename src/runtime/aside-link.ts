/**
 * AsideLink: a worker's end of a link that leads past its host. Two workers let go of it when neither has use for it, so that their hosts can
 * close the connection it is part of; there is another link beside it, by way of both hosts, for whatever they want to say then.
 *
 * Whoever lets go says nothing more on it. That both have agreed is the last that comes, so that nothing is on its way when it is closed.
 */

import type { Comm } from "../ports/comm.ts";
import type { PeerMessage, PeerRest } from "../protocol/peer-messages.ts";

export type PeerComm = Comm<PeerMessage, PeerMessage>;

export interface AsideShell {
  /** Something that was begun on it is not over, or there is no other link. */
  isInUse(): boolean;
  /** Whether what is said to the peer is to go by it. */
  prefer(isPreferred: boolean): void;
}

export class AsideLink {
  /** To be spoken by. */
  readonly comm: PeerComm;
  readonly #shell: AsideShell;
  readonly #link: PeerComm;
  /** Messages, and how many there were when it was asked last. */
  #count = 0;
  #asked = -1;
  #answer: ((isAgreed: boolean) => void) | undefined;

  constructor(link: PeerComm, shell: AsideShell) {
    this.#link = link;
    this.#shell = shell;
    this.comm = {
      closed: link.closed,
      close: (reason) => link.close(reason),
      send: (message, transfer) => {
        this.#count += 1;
        link.send(message, transfer);
      },
      listen: (hear) => link.listen((message) => this.#hear(message, hear)),
    };
    link.closed.then(() => this.#settle(false));
  }

  /** Whether it is in no use, and nothing was said on it since this was asked before. */
  get isQuiet(): boolean {
    const isQuiet = this.#count === this.#asked && !this.#shell.isInUse();
    this.#asked = this.#count;
    return isQuiet;
  }

  /** Lets go of it, if the peer does. Settles with whether it has. */
  rest(): Promise<boolean> {
    if (this.#answer !== undefined || this.#shell.isInUse()) return Promise.resolve(false);
    this.#shell.prefer(false);
    this.#say("ask");
    return new Promise((resolve) => {
      this.#answer = resolve;
    });
  }

  #hear(message: PeerMessage, hear: (message: PeerMessage) => void): void {
    if (message.type !== "rest") {
      this.#count += 1;
      return hear(message);
    }
    if (message.how === "ask") {
      const isAgreed = !this.#shell.isInUse();
      if (isAgreed) this.#shell.prefer(false);
      this.#say(isAgreed ? "agree" : "refuse");
    } else if (this.#answer === undefined) this.#link.close("it answered what it was not asked");
    else if (message.how === "refuse") {
      this.#shell.prefer(true);
      this.#settle(false);
    } else {
      this.#settle(true);
      this.#link.close("nothing was to be said");
    }
  }

  #settle(isAgreed: boolean): void {
    this.#answer?.(isAgreed);
    this.#answer = undefined;
  }

  #say(how: PeerRest["how"]): void {
    this.#link.send({ type: "rest", how });
  }
}

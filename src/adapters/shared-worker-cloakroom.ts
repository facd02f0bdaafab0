/**
 * SharedWorker: the one that all pages of an origin have in common in a browser keeps what they leave for each other. It comes from a text, so that
 * nothing has to be served; pages that share no storage (other origins, other profiles, frames of other sites) have another one each.
 */

import type { Cloakroom } from "../ports/cloakroom.ts";

const NAME = "manyhands cloakroom";

/** Ends that were left for pages which never came, as those do that vanish: the oldest go first. */
const MOST_LEFT = 1_000;

/** What it runs. All pages have to have the same text, or they meet at different ones. */
const keeper = `const left = new Map();
const forget = (ticket) => { left.get(ticket)?.end.close(); left.delete(ticket); };
onconnect = ({ ports: [page] }) => {
  const leave = () => { for (const [ticket, { owner }] of left) if (owner === page) forget(ticket); };
  page.addEventListener("close", leave);
  page.onmessage = ({ data: [word, ticket], ports: [end] }) => {
    if (word === "leave") {
      left.set(ticket, { end, owner: page });
      if (left.size > ${MOST_LEFT}) forget(left.keys().next().value);
      page.postMessage([ticket]);
    } else if (word === "fetch") {
      const found = left.get(ticket);
      left.delete(ticket);
      page.postMessage([ticket], found ? [found.end] : []);
    } else if (word === "forget") forget(ticket);
    else leave();
  };
};`;

export class SharedWorkerCloakroom implements Cloakroom {
  #worker: SharedWorker | undefined;
  /** This page may have none, or the browser has none. */
  #isForbidden = false;
  /** Questions that are not answered, by ticket. */
  readonly #open = new Map<string, (found: MessagePort | undefined, isKept: boolean) => void>();

  channel(): readonly [object, object] {
    const { port1, port2 } = new MessageChannel();
    return [port1, port2];
  }

  leave(end: object): Promise<string | undefined> {
    const ticket = newTicket();
    return new Promise((resolve) => {
      const isSaid = this.#ask("leave", ticket, [end as MessagePort], (_, isKept) =>
        resolve(isKept ? ticket : undefined),
      );
      if (!isSaid) resolve(undefined);
    });
  }

  fetch(ticket: string): Promise<object | undefined> {
    return new Promise((resolve) => {
      // Nobody has to ask for the same twice.
      if (this.#open.has(ticket) || !this.#ask("fetch", ticket, [], (found) => resolve(found))) resolve(undefined);
    });
  }

  forget(ticket: string): void {
    this.#worker?.port.postMessage(["forget", ticket]);
  }

  #ask(
    word: string,
    ticket: string,
    ends: MessagePort[],
    answered: (found: MessagePort | undefined, isKept: boolean) => void,
  ): boolean {
    const worker = this.#start();
    if (worker === undefined) return false;
    this.#open.set(ticket, answered);
    worker.port.postMessage([word, ticket], ends);
    return true;
  }

  #start(): SharedWorker | undefined {
    if (this.#worker !== undefined || this.#isForbidden) return this.#worker;
    try {
      const worker = new SharedWorker(`data:text/javascript,${encodeURIComponent(keeper)}`, NAME);
      worker.onerror = (event) => {
        event.preventDefault();
        this.#isForbidden = true;
        this.#lose(worker);
      };
      worker.port.onmessage = ({ data: [ticket], ports: [found] }: MessageEvent<[string]>) => {
        const answered = this.#open.get(ticket);
        this.#open.delete(ticket);
        answered?.(found, true);
      };
      // Where the browser tells: it has come to an end. The next who has something to leave finds another.
      worker.port.addEventListener("close", () => this.#lose(worker));
      // What nobody has fetched from a page that is gone would lie there for as long as there are others.
      addEventListener("pagehide", () => worker.port.postMessage(["gone"]));
      this.#worker = worker;
    } catch {
      this.#isForbidden = true; // There are none here, or the page's policy forbids it.
    }
    return this.#worker;
  }

  #lose(worker: SharedWorker): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    const open = [...this.#open.values()];
    this.#open.clear();
    for (const answered of open) answered(undefined, false);
  }
}

function newTicket(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

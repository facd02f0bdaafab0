/**
 * ServerRoom: the room at the scheduler of the server that the page comes from, as `manyhands demo` has one. Clients elsewhere do not learn
 * who lends threads to a scheduler, and send nobody away; the server answers that beside it, to whoever has its secret.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { HostInfo } from "manyhands/peer";

/** Who lends threads to a cluster, and what is said to them: of a cluster in the page, what `listen` gives. */
export interface People {
  readonly hosts: readonly HostInfo[];
  announce(value: unknown): void;
  dismiss(host: string, why: string): unknown;
}

/** For an answer, before the server is taken for gone. Milliseconds. */
const PATIENCE_MS = 10_000;

export class ServerRoom implements People {
  hosts: readonly HostInfo[] = [];
  /** Of those who are invited. */
  workerToken = "";
  /** Follows from the token for clients, which need not be sent. */
  readonly #secret: string;
  /** What this page is known by there. */
  readonly #organiser = crypto.getRandomValues(new Uint32Array(4)).join("-");
  #announced: readonly unknown[] = [];
  #dismissals: (readonly [host: string, why: string])[] = [];

  constructor(token: string) {
    this.#secret = bytesToHex(sha256(utf8ToBytes(`the room of ${token}`)));
  }

  /** With the next look. */
  announce(value: unknown): void {
    this.#announced = [value];
  }

  /** With the next look. */
  dismiss(host: string, why: string): void {
    this.#dismissals.push([host, why]);
  }

  /** Says what is to be said, and learns who is there. @throws an error that says why that cannot be. */
  async look(): Promise<void> {
    const [announced, dismiss] = [this.#announced, this.#dismissals];
    const wish = { dismiss, ...(announced.length > 0 && { announce: announced[0] }) };
    const { hosts, token } = await this.#ask(wish, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (this.#announced === announced) this.#announced = [];
    this.#dismissals = this.#dismissals.filter((each) => !dismiss.includes(each));
    this.hosts = hosts;
    this.workerToken = token;
  }

  /** Gives the room back: another page need not wait for this one. */
  leave(): void {
    this.#ask({ isLeaving: true }, { keepalive: true }).catch(() => {}); // Then it waits.
  }

  async #ask(wish: object, how: RequestInit): Promise<{ readonly hosts: readonly HostInfo[]; readonly token: string }> {
    let answer: Response;
    try {
      answer = await fetch("room/", {
        ...how,
        method: "POST",
        headers: { authorization: `Bearer ${this.#secret}` },
        body: JSON.stringify({ organiser: this.#organiser, ...wish }),
      });
    } catch (error) {
      throw new Error("the server of this page cannot be reached", { cause: error });
    }
    if (answer.ok) return answer.json();
    if (answer.status === 401) throw new Error("the server of this page has another secret");
    if (answer.status === 404) throw new Error("the server of this page has no scheduler");
    if (answer.status === 409) throw new Error("another page has the room of the server");
    throw new Error(`the server of this page does not understand it (${answer.status})`);
  }
}

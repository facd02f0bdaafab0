/** BypassEnd: a worker's end of what is described in `bypasses.ts`: it says when a wire to a peer would pay, and puts a link on it. */

import type { Clock } from "../ports/clock.ts";
import type { Comm } from "../ports/comm.ts";
import type { Wire } from "../ports/wire.ts";
import type { WorkerAddress } from "../protocol/identity.ts";
import type { PeerMessage } from "../protocol/peer-messages.ts";
import type { PeerComm } from "./aside-link.ts";
import type { Bypassing, Expected } from "./bypass-wires.ts";
import { BYPASS_CHANNEL, type BypassNews, type BypassOrder } from "./bypass-words.ts";
import { checkedPeerComm } from "./checked-peer-comm.ts";
import type { PeerLinks } from "./peer-links.ts";
import { Trunk } from "./trunk.ts";
import type { TrunkChannel, TrunkMemory } from "./trunk-channel.ts";

/** For each time that so much has come from a peer by way of the hosts, it is said that a wire would pay. Bytes. */
const MUCH_BYTES = 1024 * 1024;
/**
 * Nothing heard for so long: it is asked whether the peer is there, and given up. A thread that computes is deaf, and may be there; then the
 * two speak by way of their hosts again, by which nothing is lost. Milliseconds.
 */
const PING_MS = 5_000;
const SILENCE_MS = 30_000;
/** How often it is told how fast it is. Milliseconds. */
const MEASURE_MS = 1_000;

export interface BypassEndShell {
  readonly clock: Clock;
  readonly peer: WorkerAddress;
  readonly links: Pick<PeerLinks, "link">;
  readonly bypassing: () => Promise<Bypassing>;
  readonly allocate: TrunkMemory["allocate"];
}

export class BypassEnd {
  /** By way of the hosts, to be listened to in place of what was given. */
  readonly comm: PeerComm;
  readonly #shell: BypassEndShell;
  readonly #channel: TrunkChannel;
  #trunk: Trunk | undefined;
  /** Whom it waits for: one at a time, however often it is told to. */
  #expected: Expected | undefined;
  #isClosed = false;
  /** What had come by way of the hosts when it was said last that another would pay. */
  #noted = 0;

  /** `link`: to the host; `given`: what the peer says by that. */
  constructor(link: Trunk, given: PeerComm, shell: BypassEndShell) {
    this.#shell = shell;
    this.comm = {
      closed: given.closed,
      close: (reason) => given.close(reason),
      send: (message, transfer) => given.send(message, transfer),
      listen: (hear) =>
        given.listen((message) => {
          hear(message);
          if (message.type === "data") this.#note(link.statistics().receivedBytes);
        }),
    };
    this.#channel = link.channel(BYPASS_CHANNEL);
    this.#channel.listen((order) => void this.#obey(order as BypassOrder));
    this.#channel.closed.then((reason) => {
      this.#isClosed = true;
      this.#expected?.stop(reason);
      this.#trunk?.close(reason);
    });
  }

  #note(bytes: number): void {
    if (this.#trunk !== undefined || bytes - this.#noted < MUCH_BYTES) return;
    this.#noted = bytes;
    this.#say({ type: "wanted" });
  }

  async #obey(order: BypassOrder): Promise<void> {
    const { number, ticket } = order;
    try {
      const bypassing = await this.#shell.bypassing();
      if (order.type === "call") return this.#begin(number, await bypassing.call(order.address, ticket));
      const expected = await bypassing.expect(order.at, ticket);
      this.#expected?.stop("another is expected");
      this.#expected = expected;
      if (this.#isClosed) expected.stop("the worker has no use for it any more");
      this.#say({ type: "expecting", number, port: expected.port });
      this.#begin(number, await expected.wire);
    } catch {
      if (order.type === "expect") this.#say({ type: "expecting", number, port: 0 });
      this.#say({ type: "over", number });
    }
  }

  #begin(number: number, wire: Wire): void {
    if (this.#isClosed) return wire.close("the worker has no use for it any more");
    const { clock, peer, links, allocate } = this.#shell;
    this.#trunk?.close("there is a new one");
    // Nothing is kept to be sent again: what it leaves unanswered is asked by way of the hosts.
    const trunk = new Trunk({ clock, pingMs: PING_MS, silenceMs: SILENCE_MS, memory: { borrows: true, allocate } });
    this.#trunk = trunk;
    const comm = checkedPeerComm(trunk.channel(0) as Comm<PeerMessage, PeerMessage>);
    trunk.attach(wire);
    links.link(peer, comm, "bypass");
    comm.closed.then((reason) => trunk.close(reason));
    trunk.closed.then(() => {
      if (this.#trunk === trunk) this.#trunk = undefined;
      this.#say({ type: "over", number });
    });
    this.#say({ type: "made", number });
    this.#measure(trunk, undefined);
  }

  #measure(trunk: Trunk, before: number | undefined): void {
    if (trunk.isClosed) return;
    const { bandwidth } = trunk.statistics();
    if (bandwidth !== undefined && bandwidth !== before) this.#say({ type: "measured", bandwidth });
    this.#shell.clock.after(MEASURE_MS, () => this.#measure(trunk, bandwidth));
  }

  #say(news: BypassNews): void {
    this.#channel.send(news);
  }
}

/** Connector, Listener: open wires to others by their address, and accept those that others open. One of each for a scheme of addresses. */

import type { Secrecy } from "./secrecy.ts";
import type { Wire } from "./wire.ts";

/** What both may be told; each technology looks at what is its own. */
export interface ConnectorOptions {
  /** Where those that meet at a name find each other: the URL of a signalling server. */
  readonly signaling?: string | undefined;
  readonly iceServers?: readonly object[];
  /** In PEM: what a listener shows, so that `wss://` can be spoken to it; and whose word a connector takes beside those it knows. */
  readonly cert?: string;
  readonly key?: string;
  readonly ca?: string;
  /** Everybody is let in: a listener accepts wires of this machine only. */
  readonly isOpen?: boolean;
}

/** What listeners may be told beside. */
export interface ListenerOptions extends ConnectorOptions {
  /** A server of Node's for HTTP, which listens already: `ws:` shares its port, and has there the path of its address. */
  readonly server?: object;
  /** Called when nobody new can find the way any more, and when that is over. */
  readonly onReachable?: (isReachable: boolean) => void;
}

/** As far as connectors need an `AbortSignal`. */
export interface GivingUp {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: "abort", listener: () => void): void;
}

/** Opens wires. */
export interface Connector {
  /**
   * Settles with a wire that is open.
   *
   * @throws CommClosedError, which names the address and what is wrong, if nobody can be reached there; the reason of `signal` if that
   * comes first.
   */
  connect(address: string, options: ConnectorOptions, signal: GivingUp): Promise<OpenedWire>;
}

export interface OpenedWire {
  readonly wire: Wire;
  /** An address at which this side could listen for others that are as near as the other end; undefined if it can nowhere. */
  readonly listenAt?: string | undefined;
  /** From now on a process need not stay because of this wire. */
  readonly unref?: () => void;
}

/** What a listener found out about who opened a wire. */
export interface Caller {
  /** Those that come from one place share this: attempts to get in are counted by it. */
  readonly origin: string;
}

/** Accepts wires. */
export interface Listener {
  /** Settles when others can open wires; with a port in the address, if any would do. Rejects if it cannot listen there. */
  listen(
    address: string,
    options: ListenerOptions,
    onWire: (wire: Wire, caller: Caller) => void,
  ): Promise<ListeningPost>;
}

/** A place at which it is listened. */
export interface ListeningPost {
  /** By which others reach it. */
  readonly address: string;
  /** Whether only this machine can. */
  readonly isLoopback: boolean;
  /** Wires that are open stay so. */
  close(): Promise<void>;
}

/** All there is for the addresses of one scheme. */
export interface Transport {
  readonly connector: Connector;
  /** Where it can be listened; pages cannot, by most schemes. */
  readonly listener?: Listener;
  /** How long it is waited for somebody whose connection dropped, unless said. Milliseconds. */
  readonly leaseMs?: number;
  /** Whether threads can connect, too. */
  readonly hasLines?: boolean;
}

/** What is needed beside, for whoever has to do with other pages or machines. */
export interface Equipment {
  readonly secrecy: Secrecy;
  /** A wire out of one end of what `Spawner.channel` makes. */
  wireOf(end: object): Wire;
}

/** Listening: a cluster's scheduler, reachable for clients and hosts elsewhere. */

import type { Clock } from "../ports/clock.ts";
import type { Comm } from "../ports/comm.ts";
import type { ConnectorOptions, Equipment } from "../ports/connector.ts";
import type { ClientMessage, News } from "../protocol/client-messages.ts";
import { CommClosedError } from "../protocol/errors.ts";
import type { Refusal } from "../protocol/handshake.ts";
import { CLIENT_CHANNEL } from "../protocol/host-messages.ts";
import { hex } from "./admission.ts";
import { destinationOf, transportOf } from "./connectors.ts";
import { receiveClient } from "./far-client-comm.ts";
import type { Host } from "./host.ts";
import { type Party, Reception } from "./reception.ts";
import { type HostInfo, RemoteHosts } from "./remote-hosts.ts";
import type { SchedulerRuntime } from "./scheduler-runtime.ts";
import { SchedulerVoice } from "./scheduler-voice.ts";
import { Trunk } from "./trunk.ts";

/** How a cluster is made reachable. */
export interface ListenOptions extends ConnectorOptions {
  /**
   * What those have to know who lend threads (`worker`) and who submit (`client`); made by chance unless given. `false` lets in everybody, on
   * this machine only.
   */
  readonly tokens?: { readonly worker?: string; readonly client?: string } | false;
  /** How long it is waited for somebody whose connection dropped, and how long a silent one is believed in. Milliseconds; 10 000 unless said, 2500 for rooms. */
  readonly leaseMs?: number;
  /** A server of Node's for HTTP, which listens already: `ws:` shares its port, and has there the path of its address. */
  readonly server?: object;
  /** Told of who comes, who goes, and who was refused and why; and when nobody new finds the way, because the signalling server is gone. */
  readonly onEvent?: (event: ListenEvent) => void;
}

/** What happens at an address. */
export interface ListenEvent {
  readonly type: "joined" | "left" | "refused" | "unreachable" | "reachable";
  /** `client` or `host`, if it was let in. */
  readonly role?: string;
  /** What it goes by; for who was refused, where it came from; the address that nobody finds, or that is found again. */
  readonly id: string;
  readonly reason?: string;
}

/** Where a cluster is reached. */
export interface Listening {
  /** For `new Client(address, { token })` and `join(address, { token })`. */
  readonly address: string;
  /** The address with the token for those who lend threads: `join(invitation)`. Whoever has it can lend threads, and see what these are given to do. */
  readonly invitation: string;
  readonly tokens: { readonly worker: string; readonly client: string };
  /** The hosts that lend threads to the cluster at the moment, by whichever address they came. */
  readonly hosts: readonly HostInfo[];
  /**
   * Tells something to all hosts of the cluster, and the last that was told to those who come later: they hear it by `onAnnouncement` of `join`.
   *
   * @throws DataCloneError if it cannot be cloned; then nobody is told.
   */
  announce(value: unknown): void;
  /** Sends a host away, by its id: what it had in hand runs elsewhere, and it is not let in again by that id. False if there is no such host. */
  dismiss(host: string, reason?: string): boolean;
  /** Lets nobody in any more. Who is there stays. */
  close(): Promise<void>;
}

/** What it needs of the cluster. */
export interface ListeningShell {
  readonly scheduler: SchedulerRuntime;
  readonly host: Host;
  readonly clock: Clock;
  readonly equipment: Equipment;
  readonly connect: () => Comm<readonly ClientMessage[], News>;
}

export class Reachable {
  readonly #shell: ListeningShell;
  readonly #hosts: RemoteHosts;
  readonly #receptions = new Set<Reception>();
  #closed: string | undefined;

  constructor(shell: ListeningShell) {
    this.#shell = shell;
    const { scheduler, host, clock, equipment } = shell;
    const comm = shell.connect();
    comm.closed.then((reason) => this.#close(reason));
    this.#hosts = new RemoteHosts({
      scheduler,
      clock,
      secrecy: equipment.secrecy,
      voice: new SchedulerVoice(comm),
      handOver: (worker, peer, channel) => host.handOver(worker, peer, channel),
      isClient: (id) => host.clients.has(id),
      handLink: (client, worker, link) => host.handLink(client, worker, link),
      openLink: (worker, peer) => {
        const end = host.openLink(worker, peer);
        if (end === undefined) return undefined;
        const trunk = new Trunk({ clock });
        trunk.attach(equipment.wireOf(end));
        return trunk;
      },
    });
    host.elsewhere = this.#hosts;
  }

  async listen(
    address: string,
    { tokens, leaseMs: givenLeaseMs, onEvent, ...options }: ListenOptions,
  ): Promise<Listening> {
    if (givenLeaseMs !== undefined && !(givenLeaseMs >= 100))
      throw new RangeError(`leaseMs must be at least 100 milliseconds, not ${givenLeaseMs}`);
    const destination = destinationOf(address);
    const { listener, leaseMs: usualLeaseMs = 10_000 } = await transportOf(destination);
    const leaseMs = givenLeaseMs ?? usualLeaseMs;
    if (listener === undefined) throw new TypeError(`nobody can listen at ${destination.scheme}: addresses here`);
    const { secrecy } = this.#shell.equipment;
    const hosts = this.#hosts;
    const made = () => hex(secrecy.random(16));
    const secrets =
      tokens === false
        ? { worker: "", client: "" }
        : { worker: tokens?.worker ?? made(), client: tokens?.client ?? made() };
    if (tokens !== false) demandTokens(secrets);
    await this.#shell.scheduler.learnHosts();
    if (this.#closed !== undefined) throw new CommClosedError(this.#closed);
    const reception = new Reception(
      { secrecy, clock: this.#shell.clock },
      {
        leaseMs,
        secretFor: ({ role, id }): string | Uint8Array | Refusal => {
          if (role === "client") return secrets.client;
          if (role === "host" && hosts.isDismissed(id)) return SENT_AWAY;
          if (role === "host") return secrets.worker;
          if (role === "line") return hosts.ticketFor(id) ?? NO_LINE;
          return { refused: "UnauthorizedError", message: "this is a scheduler, and no host" };
        },
        onParty: (party) => {
          if (party.role === "line") return hosts.addLine(party.id, party.trunk);
          onEvent?.({ type: "joined", role: party.role, id: party.id });
          party.trunk.closed.then((reason) => onEvent?.({ type: "left", role: party.role, id: party.id, reason }));
          this.#welcome(party, destination.scheme);
        },
        onRefused: (origin, { message }) => onEvent?.({ type: "refused", id: origin, reason: message }),
      },
    );
    this.#receptions.add(reception);
    const letGo = this.#shell.clock.keepAlive();
    try {
      const post = await reception.listen(listener, destination.address, {
        ...options,
        isOpen: tokens === false,
        onReachable: (isReachable) =>
          onEvent?.({ type: isReachable ? "reachable" : "unreachable", id: destination.address }),
      });
      const { address: reached } = post;
      return {
        address: reached,
        invitation: tokens === false ? reached : `${reached}#${secrets.worker}`,
        tokens: secrets,
        get hosts() {
          return hosts.list;
        },
        announce: (value) => hosts.announce(value),
        dismiss: (host, reason = "whoever has the cluster wants it so") => hosts.dismiss(host, reason),
        close: () => post.close(),
      };
    } catch (error) {
      this.#receptions.delete(reception);
      throw error;
    } finally {
      letGo();
    }
  }

  /** The cluster is closed. */
  #close(reason: string): void {
    this.#closed = reason;
    for (const reception of this.#receptions) void reception.close(reason);
  }

  #welcome(party: Party, scheme: string): void {
    if (party.role === "host") return this.#hosts.add(party, scheme);
    const channel = party.trunk.channel(CLIENT_CHANNEL);
    receiveClient(channel, (comm, granted) => {
      this.#hosts.addClient(party.id, { trunk: party.trunk, tell: (word) => channel.send(word) });
      this.#shell.scheduler.addClient(party.id, comm, { isForeign: true, granted });
      comm.closed.then((reason) => party.trunk.close(reason));
    });
  }
}

const NO_LINE: Refusal = { refused: "UnauthorizedError", message: "no worker is waited for by that name" };

const SENT_AWAY: Refusal = { refused: "UnauthorizedError", message: "it was sent away" };

function demandTokens({ worker, client }: { readonly worker: string; readonly client: string }): void {
  for (const [name, token] of Object.entries({ worker, client })) {
    if (typeof token !== "string" || token.length < 8) {
      throw new TypeError(`tokens.${name} must be a text of at least 8 characters; leave it out to have one made`);
    }
  }
  if (worker === client)
    throw new TypeError("tokens.worker and tokens.client must differ: one lends threads, the other submits");
}

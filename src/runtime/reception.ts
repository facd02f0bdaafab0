/** Reception: lets in those who come to an address, gives each a trunk, and knows again those who come back. */

import type { Caller, Listener, ListenerOptions, ListeningPost } from "../ports/connector.ts";
import type { Wire } from "../ports/wire.ts";
import { CommClosedError } from "../protocol/errors.ts";
import type { Greeting, Refusal, Role } from "../protocol/handshake.ts";
import {
  type Doorkeeper,
  FailedAttempts,
  letIn,
  type Session,
  type Threshold,
  TOO_MANY_ATTEMPTS,
} from "./admission.ts";
import { livelinessOf, livelinessOfLine } from "./tether.ts";
import { Trunk } from "./trunk.ts";

/** Wires of those who have not proved anything yet. */
const MOST_UNKNOWN = 512;
/** No timer of a platform waits for longer: as good as for ever. */
const MOST_MS = 2 ** 31 - 1;

/** Somebody who was let in. */
export interface Party {
  readonly role: Role;
  readonly id: string;
  readonly session: Session;
  readonly trunk: Trunk;
}

export interface House {
  readonly leaseMs: number;
  /** Whether those who come may let go of their wires while they say nothing: see `TrunkOptions`. */
  readonly mayRest?: boolean;
  /** What somebody must know to be let in, or why nobody is let in as that. */
  secretFor(greeting: Greeting): string | Uint8Array | Refusal;
  onParty(party: Party): void;
  /** Somebody was not let in. Nothing secret is told. */
  onRefused?(origin: string, error: Error): void;
}

export class Reception {
  readonly #threshold: Threshold;
  readonly #house: House;
  readonly #attempts: FailedAttempts;
  readonly #parties = new Map<string, Party>();
  readonly #posts = new Set<ListeningPost>();
  #unknown = 0;
  #closed: string | undefined;

  constructor(threshold: Threshold, house: House) {
    this.#threshold = threshold;
    this.#house = house;
    this.#attempts = new FailedAttempts(threshold.clock);
  }

  /** Settles when others can come. */
  async listen(listener: Listener, address: string, options: ListenerOptions): Promise<ListeningPost> {
    const post = await listener.listen(address, options, (wire, caller) => void this.#accept(wire, caller));
    if (this.#closed !== undefined) {
      await post.close();
      throw new CommClosedError(this.#closed);
    }
    this.#posts.add(post);
    return post;
  }

  /** Everybody is told, and nobody let in any more. */
  async close(reason: string): Promise<void> {
    this.#closed = reason;
    for (const { trunk } of this.#parties.values()) trunk.close(reason);
    await Promise.all([...this.#posts].map((post) => post.close()));
  }

  async #accept(wire: Wire, { origin }: Caller): Promise<void> {
    if (this.#closed !== undefined) return wire.close(this.#closed);
    if (this.#unknown >= MOST_UNKNOWN) return wire.close("too many others are trying to get in");
    this.#unknown += 1;
    try {
      const { wire: known, session, role, id, received } = await letIn(wire, this.#keeperFor(origin), this.#threshold);
      if (this.#closed !== undefined) return known.close(this.#closed);
      const party = this.#parties.get(session.id);
      if (party !== undefined) party.trunk.attach(known, received);
      else if (received !== undefined) known.close("what was to be gone on with is over");
      else this.#welcome({ role, id, session }, known);
    } catch (error) {
      this.#house.onRefused?.(origin, error as Error);
    } finally {
      this.#unknown -= 1;
    }
  }

  #keeperFor(origin: string): Doorkeeper {
    const { leaseMs } = this.#house;
    return {
      leaseMs,
      secretFor: (greeting) => {
        if (this.#attempts.isBarred(origin)) return TOO_MANY_ATTEMPTS;
        return this.#namesakeOf(greeting) ?? this.#house.secretFor(greeting);
      },
      find: (id) => {
        const party = this.#parties.get(id);
        return party && { session: party.session, release: () => party.trunk.detach("it came back on another wire") };
      },
      noteFailure: () => this.#attempts.note(origin),
    };
  }

  /** Somebody of the same name who is here has to go first; one whose wire dropped, and who begins anew, has gone. */
  #namesakeOf({ role, id }: Greeting): Refusal | undefined {
    const namesake = [...this.#parties.values()].find((party) => party.role === role && party.id === id);
    if (namesake?.trunk.isAttached !== true) return undefined;
    return { refused: "CommClosedError", message: `somebody called ${id} is here already` };
  }

  #welcome(who: Omit<Party, "trunk">, wire: Wire): void {
    for (const { role, id, trunk } of this.#parties.values()) {
      if (role === who.role && id === who.id) trunk.close("it came back and began anew");
    }
    const { leaseMs, mayRest = false } = this.#house;
    const liveliness = who.role === "line" ? livelinessOfLine(leaseMs, MOST_MS) : livelinessOf(leaseMs);
    const trunk = new Trunk({ clock: this.#threshold.clock, ...liveliness, mayRest });
    const party = { ...who, trunk };
    this.#parties.set(who.session.id, party);
    trunk.closed.then(() => this.#parties.delete(who.session.id));
    this.#house.onParty(party);
    trunk.attach(wire);
  }
}

/** Lock, MultiLock and Semaphore: what only so many may hold at a time. */

import type { Acquire, Granted } from "../../protocol/coordination.ts";
import { demandCount } from "../../protocol/counts.ts";
import { CommClosedError } from "../../protocol/errors.ts";
import { goByNames } from "../../shipping/own-names.ts";
import {
  demandName,
  Handle,
  type HandleOptions,
  linkOf,
  type Making,
  nameAndOptions,
  type WaitingOptions,
} from "./handle.ts";

/** What was acquired, until it is released. */
export class Lease {
  /**
   * Higher than that of every earlier holder. Send it along with what you write elsewhere: whoever keeps that can refuse a holder
   * which was given up for dead and is merely late.
   */
  readonly token: number;
  /** What it stands for; of several locks, those that were to be had first. */
  readonly names: readonly string[];
  readonly #giveBack: (lease: Lease) => Promise<void>;
  #isHeld = true;

  /** Leases come from `acquire()`. */
  constructor({ token, names }: Granted, giveBack: (lease: Lease) => Promise<void>) {
    this.token = token;
    this.names = names;
    this.#giveBack = giveBack;
  }

  /**
   * Gives it back: whoever is next has it.
   *
   * @throws Error if it has been released before.
   */
  async release(): Promise<void> {
    if (!this.#isHeld) throw new Error(`${this.names.join(", ")} has been released before`);
    this.#isHeld = false;
    await this.#giveBack(this);
  }

  /** The same, unless it has been released before. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isHeld) return;
    try {
      await this.release();
    } catch (error) {
      // What a client held has been given back when it ended.
      if (!(error instanceof CommClosedError)) throw error;
    }
  }
}

/** What can be held. A client that is gone, or a worker, has given back what it held. */
abstract class Holdable<O extends WaitingOptions> extends Handle {
  /** Held through this handle, the oldest first. */
  readonly #leases = new Set<Lease>();
  readonly #wanted: (options: O | undefined) => Acquire;

  protected constructor(making: Making, options: HandleOptions, wanted: (options: O | undefined) => Acquire) {
    super(making, options);
    this.#wanted = wanted;
  }

  /**
   * Waits until it is this one's turn: first come, first served. Acquired again before it is released, it waits for itself.
   *
   * @throws the reason of `signal`; Error if the handle is closed; {@link CommClosedError} if the client is.
   * @example
   * ```ts
   * await using lease = await lock.acquire();
   * ```
   */
  acquire(options?: O): Promise<Lease> {
    return linkOf(this).run(() => this.#acquire(options));
  }

  /** Calls `fn` when it is this one's turn, and gives back what it held meanwhile when `fn` is through. Returns what `fn` returned. */
  async request<R>(fn: (lease: Lease) => R, options?: O): Promise<Awaited<R>> {
    const lease = await this.acquire(options);
    try {
      return await fn(lease);
    } finally {
      await lease[Symbol.asyncDispose]();
    }
  }

  /**
   * Gives back what was acquired first through this handle.
   *
   * @throws Error if nothing is held through this handle; it takes the one through which it was acquired.
   */
  async release(): Promise<void> {
    const [lease] = this.#leases;
    if (lease === undefined)
      throw new Error(`${this.name} is not held through this handle: there is nothing to release`);
    await lease.release();
  }

  /** That of what was acquired first through this handle, if anything is held: see {@link Lease.token}. */
  get token(): number | undefined {
    const [lease] = this.#leases;
    return lease?.token;
  }

  /** Lets go of the handle, and of what is held through it. */
  override close(): void {
    linkOf(this).close(() => {
      for (const lease of this.#leases) lease.release().catch(() => {});
    });
  }

  async #acquire(options: O | undefined): Promise<Lease> {
    const link = linkOf(this);
    const { task } = link.speaker;
    const giveBack = async ({ token }: { readonly token: number }) => {
      await link.giveBack({ type: "release", token });
    };
    const late = (granted: Granted) => void giveBack(granted).catch(() => {});
    const granted = await link.ask<Granted>(this.#wanted(options), options, late);
    let forget: (() => void) | undefined;
    const lease = new Lease(granted, () => {
      forget?.();
      this.#leases.delete(lease);
      return giveBack(lease);
    });
    this.#leases.add(lease);
    forget = task?.atEnd(() => {
      console.warn(`manyhands: ${task.key} ended without releasing ${granted.names.join(", ")}: it was given back`);
      lease.release().catch(() => {});
    });
    return lease;
  }
}

/**
 * A lock that one holder has at a time, in the whole cluster.
 *
 * @example
 * ```ts
 * const lock = new Lock("printer");
 * await lock.request(() => print(page));
 * ```
 */
export class Lock extends Holdable<WaitingOptions> {
  /** @throws Error if no client is named, and none or several are open. */
  constructor(name?: string | HandleOptions, options?: HandleOptions) {
    const { names, options: given } = nameAndOptions(name, options);
    super({ kind: "lock", names }, given, () => ({ type: "acquire" }));
  }

  /** Whether anybody holds it. */
  async locked(): Promise<boolean> {
    return (await linkOf(this).ask<number>({ type: "count-holders" })) > 0;
  }
}

export interface MultiLockAcquireOptions extends WaitingOptions {
  /** How many of the locks will do, whichever are free first; all unless said. */
  readonly count?: number | undefined;
}

/**
 * Several locks at once: those that {@link Lock} knows by these names. They are acquired together or not at all, so that nobody waits
 * for one while holding another.
 *
 * @example
 * ```ts
 * const seats = new MultiLock(["a1", "a2", "a3"]);
 * await using two = await seats.acquire({ count: 2 });
 * two.names; // ["a1", "a3"]
 * ```
 */
export class MultiLock extends Holdable<MultiLockAcquireOptions> {
  /** @throws TypeError if there are no names. */
  constructor(names: Iterable<string>, options: HandleOptions = {}) {
    const all = [...new Set(names)].map(demandName);
    if (all.length === 0) throw new TypeError("MultiLock() takes the names of the locks, and there are none");
    super({ kind: "lock", names: all, isMultiple: true }, options, ({ count = all.length } = {}) => {
      if (demandCount("count", count) <= all.length) return { type: "acquire", names: all, count };
      throw new RangeError(`there are ${all.length} locks: ${count} of them can never be acquired`);
    });
  }
}

export interface SemaphoreOptions extends HandleOptions {
  /** Leases that may be out at a time; 1 if nobody says. Whoever says it must say the same. */
  readonly maxLeases?: number | undefined;
}

/**
 * Something that so many may hold at a time, as connections to a database. Leases of whoever dies come back.
 *
 * @example
 * ```ts
 * const connections = new Semaphore("database", { maxLeases: 4 });
 * await connections.request(() => query("…"));
 * ```
 */
export class Semaphore extends Holdable<WaitingOptions> {
  constructor(name?: string | SemaphoreOptions, options?: SemaphoreOptions) {
    const { names, options: given } = nameAndOptions(name, options);
    const limit = demandCount("maxLeases", given.maxLeases);
    super({ kind: "semaphore", names, limit }, given, () => ({ type: "acquire" }));
  }

  /** How many leases are out. */
  leases(): Promise<number> {
    return linkOf(this).ask<number>({ type: "count-holders" });
  }
}

goByNames({ Lock, MultiLock, Semaphore });

/** What simulated users do with what they share, and a look at whether everybody gets what is due: no two hold a lock, no item is lost. */
import assert from "node:assert/strict";
import { Barrier, Event } from "../../src/client/coordination/event.ts";
import type { Handle } from "../../src/client/coordination/handle.ts";
import { type Lease, Lock, MultiLock, Semaphore } from "../../src/client/coordination/lock.ts";
import { Queue } from "../../src/client/coordination/queue.ts";
import { Variable } from "../../src/client/coordination/variable.ts";
import type { Random } from "../support/random.ts";
import type { User } from "./user.ts";
import type { World } from "./world.ts";

const LOCKS = ["lock 1", "lock 2", "lock 3"] as const;
const LEASES = 2;

/** Somebody who holds something. */
interface Holder {
  readonly user: User;
  readonly lease: Lease;
}

/** Everything that is shared in one world. */
export class Meetings {
  readonly #random: Random;
  readonly #holders = new Map<string, Set<Holder>>();
  readonly #waits = new Map<AbortController, string>();
  readonly #lastToken = new Map<string, number>();
  /** Items by what has become of them. */
  readonly #put = new Set<number>();
  readonly #got = new Set<number>();
  /** Who got nothing, and how many items may have been on the way to them: these are put back unless they left. */
  readonly #inVain: { readonly user: User; readonly count: number }[] = [];
  #items = 0;
  problem: unknown;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Draws when users do something with what is shared. */
  plan(world: World, users: readonly User[], spanMs: number): void {
    for (const user of users) {
      for (let i = this.#random.integer(4, 40); i > 0; i--) {
        world.at(this.#random.next() * spanMs, () => this.#act(user));
      }
    }
  }

  #act(user: User): void {
    if (user.session.closed !== undefined) return;
    switch (this.#random.integer(0, 12)) {
      case 0:
      case 1:
        return this.#lock(user);
      case 2:
        return this.#manyLocks(user);
      case 3:
        return this.#semaphore(user);
      case 4:
        return this.#event(user);
      case 5:
        return this.#variable(user);
      case 6:
        return this.#barrier(user);
      case 7:
      case 8:
        return this.#putItem(user);
      case 9:
        return this.#getBatch(user);
      default:
        return this.#getItem(user);
    }
  }

  /** Gives up all waits. */
  giveUp(): void {
    for (const wait of this.#waits.keys()) wait.abort(new Error("it is over"));
  }

  get waits(): readonly string[] {
    return [...this.#waits.values()];
  }

  /** Whether everything can be had, and nothing is missing of what was put into the queue. */
  async takeStock(user: User): Promise<void> {
    const all = new MultiLock(LOCKS, { client: user.session as never });
    await all.acquire();
    all.close();
    const semaphore = new Semaphore("s", { client: user.session as never, maxLeases: LEASES });
    for (let i = 0; i < LEASES; i++) await semaphore.acquire();
    semaphore.close();
    const queue = this.#queue(user);
    for (const item of await queue.getBatch()) this.#take(item);
    queue.close();
    const lost = [...this.#put].filter((item) => !this.#got.has(item));
    const gone = this.#inVain.filter(({ user }) => user.session.closed !== undefined);
    const mayBeLost = gone.reduce((sum, { count }) => sum + count, 0);
    assert.ok(lost.length <= mayBeLost, `no item is lost: ${lost}`);
    for (const name of this.#holders.keys()) assert.equal(this.#holdersOf(name).size, 0, `nobody holds ${name}`);
  }

  #lock(user: User): void {
    const lock = new Lock(this.#random.pick(LOCKS), { client: user.session as never });
    this.#hold(user, lock, lock.name, (signal) => lock.acquire({ signal }));
  }

  #manyLocks(user: User): void {
    const names = LOCKS.filter(() => this.#random.chance(0.7));
    if (names.length === 0) return;
    const locks = new MultiLock(names, { client: user.session as never });
    const count = this.#random.integer(1, names.length + 1);
    this.#hold(user, locks, locks.name, (signal) => locks.acquire({ count, signal }));
  }

  #semaphore(user: User): void {
    const semaphore = new Semaphore("s", { client: user.session as never, maxLeases: LEASES });
    this.#hold(user, semaphore, "s", (signal) => semaphore.acquire({ signal }));
  }

  #hold(user: User, handle: Handle, what: string, acquire: (signal: AbortSignal) => Promise<Lease>): void {
    this.#await(user, handle, `to have ${what}`, async (signal) => {
      const lease = await acquire(signal);
      const holder: Holder = { user, lease };
      user.tell(() => `has ${lease.names} with token ${lease.token}`);
      for (const name of lease.names) this.#enter(name, holder);
      await new Promise<void>((resolve) => user.world.at(user.world.nowMs + this.#random.next() * 5, resolve));
      for (const name of lease.names) this.#holders.get(name)?.delete(holder);
      await lease[Symbol.asyncDispose]();
    });
  }

  #enter(name: string, holder: Holder): void {
    const holders = this.#holdersOf(name);
    holders.add(holder);
    assert.ok(holders.size <= (name === "s" ? LEASES : 1), `${name} is held by as many as may hold it`);
    const { token } = holder.lease;
    if (name !== "s") assert.ok(token > (this.#lastToken.get(name) ?? 0), `tokens of ${name} rise`);
    this.#lastToken.set(name, token);
  }

  /** Those who left have given back what they held. */
  #holdersOf(name: string): Set<Holder> {
    let holders = this.#holders.get(name);
    if (holders === undefined) {
      holders = new Set();
      this.#holders.set(name, holders);
    }
    for (const holder of holders) if (holder.user.session.closed !== undefined) holders.delete(holder);
    return holders;
  }

  #event(user: User): void {
    const event = new Event("e", { client: user.session as never });
    const deed = this.#random.pick(["wait", "wait", "set", "clear"] as const);
    this.#await(user, event, `to ${deed} e`, (signal) => (deed === "wait" ? event.wait({ signal }) : event[deed]()));
  }

  #variable(user: User): void {
    const variable = new Variable<number>("v", { client: user.session as never });
    const deed = this.#random.pick(["get", "get", "set", "delete"] as const);
    this.#await(user, variable, `to ${deed} v`, async (signal) => {
      if (deed === "get") assert.equal(typeof (await variable.get({ signal })), "number");
      else if (deed === "set") await variable.set(1);
      else await variable.delete();
    });
  }

  #barrier(user: User): void {
    const barrier = new Barrier("b", 2, { client: user.session as never });
    this.#await(user, barrier, "to pass b", async (signal) => {
      const place = await barrier.wait({ signal });
      assert.ok(place === 0 || place === 1, "it is the first or the second");
    });
  }

  #queue(user: User): Queue<number> {
    return new Queue("q", { client: user.session as never, maxSize: 4 });
  }

  #putItem(user: User): void {
    const queue = this.#queue(user);
    const item = this.#items++;
    this.#await(user, queue, `to put ${item}`, async (signal) => {
      await queue.put(item, { signal });
      this.#put.add(item);
    });
  }

  #getItem(user: User): void {
    const queue = this.#queue(user);
    this.#get(user, queue, 1, async (signal) => [await queue.get({ signal })]);
  }

  #getBatch(user: User): void {
    const queue = this.#queue(user);
    const count = this.#random.integer(2, 6);
    this.#get(user, queue, count, (signal) => queue.getBatch(count, { signal }));
  }

  #get(user: User, queue: Queue<number>, count: number, get: (signal: AbortSignal) => Promise<number[]>): void {
    this.#await(user, queue, `to get ${count} items`, async (signal) => {
      try {
        for (const item of await get(signal)) this.#take(item);
      } catch (error) {
        this.#inVain.push({ user, count });
        throw error;
      }
    });
  }

  #take(item: number): void {
    assert.ok(!this.#got.has(item), `item ${item} is got once`);
    this.#got.add(item);
  }

  /** Waits for something, not always to the end; what it is used through is closed then. */
  #await(user: User, handle: Handle, what: string, wait: (signal: AbortSignal) => Promise<void>): void {
    const abort = new AbortController();
    this.#waits.set(abort, `${user.name} waits ${what}`);
    user.tell(() => `begins ${what}`);
    if (this.#random.chance(0.3)) {
      user.world.at(user.world.nowMs + this.#random.next() * 5, () => abort.abort(new Error("it takes too long")));
    }
    wait(abort.signal)
      .catch((error) => {
        const isDue = error === abort.signal.reason || user.session.closed !== undefined;
        if (!isDue) this.problem ??= error;
      })
      .finally(() => {
        this.#waits.delete(abort);
        handle.close();
      });
  }
}

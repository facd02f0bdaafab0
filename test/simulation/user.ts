/** A simulated user of a real client session: does what users do, and looks closely at what comes of it. */
import assert from "node:assert/strict";
import { type Future, futureAccess } from "../../src/client/future.ts";
import type { Session } from "../../src/client/session.ts";
import { CancelledError, KilledWorkerError } from "../../src/protocol/errors.ts";
import type { TaskOptions } from "../../src/protocol/task-spec.ts";
import type { AnyFunction } from "../../src/shipping/function-source.ts";
import { measure } from "../../src/shipping/measure.ts";
import {
  type Argument,
  digestOf,
  type Fault,
  functions,
  isNode,
  type Kind,
  type Node,
  type Work,
  withAncestors,
} from "./work.ts";
import type { World } from "./world.ts";

/** A future, and what its user knows of it. */
export interface Held {
  readonly future: Future;
  readonly node: Node;
  /** Got by key, or under a name that others use too, or made of such: others may have let go of it first. */
  readonly isShared: boolean;
  /** Its value has been written into, or its buffers are gone. */
  isSpoilt: boolean;
  /** It is not to be used as an input any more. */
  isRetired: boolean;
  isAsked: boolean;
}

/** What kinds of trouble there is, each as often as its number says. */
export interface Habits {
  readonly faults: Readonly<Record<Fault, number>>;
  readonly kinds: Readonly<Record<Kind, number>>;
  readonly deeds: Readonly<Record<Deed, number>>;
  readonly meanMs: number;
}

export type Deed = keyof typeof deeds;

export class User {
  readonly name: string;
  readonly session: Session;
  readonly held: Held[] = [];
  /** Nodes that it has asked to be run to the end, whatever becomes of its future. */
  readonly forgotten: Node[] = [];
  /** Results that were asked for and have not come. */
  readonly unsettled = new Map<Held, number>();
  problem: unknown;
  readonly world: World;
  readonly work: Work;
  readonly habits: Habits;
  /** Tasks that go by a name that all users know. */
  readonly named: readonly Node[];
  readonly #deathsOf: (addresses: readonly string[]) => boolean;
  readonly #options = new Map<string, TaskOptions>();

  constructor(
    name: string,
    session: Session,
    world: World,
    work: Work,
    habits: Habits,
    named: readonly Node[],
    haveDied: (addresses: readonly string[]) => boolean,
  ) {
    this.name = name;
    this.session = session;
    this.world = world;
    this.work = work;
    this.habits = habits;
    this.named = named;
    this.#deathsOf = haveDied;
  }

  /** Does one of the things that users do; `others` are those it might get keys from. */
  act(others: readonly User[]): void {
    if (this.session.closed !== undefined) return;
    const deed = this.world.random.weighted(this.habits.deeds);
    deeds[deed](this, others);
  }

  tell(line: () => string): void {
    this.world.tell(() => `${this.name}: ${line()}`);
  }

  submit(args: readonly Argument[], like: Partial<Node> = {}, key?: string): Held {
    const { random } = this.world;
    const fault = like.fault ?? random.weighted(this.habits.faults);
    const node = this.work.add({
      functionName: random.pick(["quick", "quick", "quick", "slow", "varied", "lasting"]),
      fault,
      failures: fault === "flaky" ? random.integer(1, 4) : 0,
      retries: random.chance(0.2) ? random.integer(1, 4) : 0,
      kind: random.weighted(this.habits.kinds),
      ms: random.next() ** 2 * 2 * this.habits.meanMs + 0.01,
      isData: false,
      ...like,
      args,
    });
    return this.submitNode(node, key);
  }

  submitNode(node: Node, key?: string): Held {
    const priority = this.world.random.chance(0.15) ? this.world.random.integer(-2, 3) : 0;
    const args = node.args.map((argument) => this.#argument(argument));
    const fn: AnyFunction = functions[node.functionName];
    const future = this.session.submit(fn, [node.id, node.ms, ...args], {
      task: this.#optionsFor({ ...(priority === 0 ? {} : { priority }), retries: node.retries }),
      key,
    });
    this.tell(() => `submits task ${node.id} as ${future.key}, ${node.fault}, ${node.kind}, needs ${inputIds(node)}`);
    const dependsOnShared = this.held.some((held) => held.isShared && withAncestors(node).has(held.node));
    return this.hold(future, node, key !== undefined || dependsOnShared);
  }

  hold(future: Future, node: Node, isShared: boolean): Held {
    const held = { future, node, isShared, isSpoilt: false, isRetired: false, isAsked: false };
    this.held.push(held);
    return held;
  }

  /** One of the futures it holds that may be used as an input. */
  pick(accept: (held: Held) => boolean = () => true): Held | undefined {
    const { random } = this.world;
    for (let attempt = 0; attempt < 4; attempt++) {
      // Mostly a recent one, so that graphs grow deep.
      const back = Math.floor(random.next() ** 2 * this.held.length);
      const held = this.held[this.held.length - 1 - back];
      if (held !== undefined && accept(held)) return held;
    }
    return undefined;
  }

  pickInput(): Node | undefined {
    return this.pick((held) => !held.isRetired)?.node;
  }

  ask(held: Held): void {
    held.isAsked = true;
    this.unsettled.set(held, (this.unsettled.get(held) ?? 0) + 1);
    this.tell(() => `asks for ${held.future.key}`);
    held.future.result().then(
      (value) => this.#settle(held, () => this.#checkValue(held, value)),
      (error) => this.#settle(held, () => this.#checkError(held, error)),
    );
  }

  release(held: Held): void {
    this.held.splice(this.held.indexOf(held), 1);
    this.tell(() => `releases ${held.future.key}`);
    held.future.release();
  }

  leave(): void {
    this.tell(() => "leaves");
    this.held.length = 0;
    this.session.close("its user left");
  }

  #settle(held: Held, check: () => void): void {
    const left = (this.unsettled.get(held) ?? 0) - 1;
    if (left > 0) this.unsettled.set(held, left);
    else this.unsettled.delete(held);
    // Whoever released a future, or has left, is owed no more than an answer.
    if (!this.held.includes(held)) return;
    try {
      check();
    } catch (problem) {
      this.problem ??= problem;
    }
  }

  #checkValue(held: Held, value: unknown): void {
    const { node, isSpoilt } = held;
    const key = `task ${node.id}, ${held.future.key}`;
    assert.ok(this.work.canSucceed(node), `${key} gave a value, though it cannot`);
    if (!isSpoilt) assert.equal(digestOf(value), this.work.digestOf(node), `the value of ${key}`);
  }

  #checkError({ node, isShared, future }: Held, error: unknown): void {
    const key = `task ${node.id}, ${future.key}`;
    assert.ok(error instanceof Error, `${key} fails with an error`);
    const ancestors = [...withAncestors(node)];
    if (error instanceof CancelledError) {
      assert.ok(isShared || ancestors.some((each) => each.isCancelled), `${key} was cancelled: ${error.message}`);
    } else if (error instanceof KilledWorkerError) {
      assert.ok(error.attempts.length >= 3, `${key} had its three attempts`);
      assert.ok(this.#deathsOf(error.attempts), `the workers died that ${key} is blamed for`);
    } else if (error.name === "UnserializableError") {
      const isDue = ancestors.some((each) => each.fault === "unserializable");
      assert.ok(isDue, `${key} has no reason to be unserializable: ${error.message}`);
    } else {
      assert.ok(this.work.errorsOf(node).has(error.message), `${key} failed with another's error: ${error.stack}`);
    }
  }

  #argument(argument: Argument): unknown {
    if (typeof argument === "number") return argument;
    if (isNode(argument)) return this.#futureOf(argument);
    if (argument instanceof Map) return new Map([...argument].map(([key, item]) => [key, this.#argument(item)]));
    if (Array.isArray(argument)) return argument.map((item) => this.#argument(item));
    return { of: this.#argument((argument as { of: Argument }).of) };
  }

  #futureOf(node: Node): Future {
    const held = this.held.find((each) => each.node === node && !each.isRetired);
    assert.ok(held !== undefined, `task ${node.id} is held`);
    return held.future;
  }

  /** Equal options are the same object, as they are for users who call `with` once. */
  #optionsFor(options: TaskOptions): TaskOptions {
    const text = JSON.stringify(options);
    const known = this.#options.get(text) ?? options;
    this.#options.set(text, known);
    return known;
  }
}

function inputIds(node: Node): string {
  const ids = [...withAncestors({ ...node })].map(({ id }) => id).filter((id) => id !== node.id);
  return ids.length === 0 ? "nothing" : ids.join(" ");
}

const deeds = {
  submit(user: User): void {
    const { random } = user.world;
    const args: Argument[] = [];
    for (let i = random.integer(0, 4); i > 0; i--) {
      const input = user.pickInput();
      if (input !== undefined) args.push(wrap(user, input));
    }
    const held = user.submit(args);
    if (random.chance(0.4)) user.ask(held);
  },

  chain(user: User): void {
    const { random } = user.world;
    let held = user.submit([]);
    for (let i = random.integer(2, 8); i > 0; i--) {
      const next = user.submit([wrap(user, held.node)]);
      if (random.chance(0.8)) user.release(held);
      held = next;
    }
    user.ask(held);
  },

  tree(user: User): void {
    let row = Array.from({ length: user.world.random.integer(3, 9) }, () => user.submit([]));
    const isTidy = user.world.random.chance(0.7);
    while (row.length > 1) {
      const above: Held[] = [];
      for (let i = 0; i < row.length; i += 2) {
        above.push(user.submit(row.slice(i, i + 2).map(({ node }) => wrap(user, node))));
      }
      if (isTidy) for (const held of row) user.release(held);
      row = above;
    }
    user.ask(row[0] as Held);
  },

  diamond(user: User): void {
    const top = user.submit([]);
    const middle = Array.from({ length: user.world.random.integer(2, 6) }, () => user.submit([wrap(user, top.node)]));
    const bottom = user.submit([middle.map(({ node }) => node)]);
    for (const held of [top, ...middle]) if (user.world.random.chance(0.6)) user.release(held);
    user.ask(bottom);
  },

  map(user: User): void {
    const input = user.world.random.chance(0.5) ? user.pickInput() : undefined;
    const isQuick = user.world.random.chance(0.5);
    const like: Partial<Node> = isQuick ? { functionName: "quick", kind: "number", ms: 0.02 } : {};
    const row = Array.from({ length: user.world.random.integer(4, 30) }, (_, i) =>
      user.submit(input === undefined ? [i] : [i, input], like),
    );
    for (const held of row) user.ask(held);
  },

  scatter(user: User): void {
    const kind = user.world.random.weighted(user.habits.kinds);
    const node = user.work.add({ ...data, kind });
    const future = user.session.scatter(user.work.valueOf(node), {}, undefined);
    user.tell(() => `scatters ${kind} as ${future.key}, task ${node.id}`);
    user.hold(future, node, false);
  },

  ask(user: User): void {
    const held = user.pick();
    if (held !== undefined) user.ask(held);
  },

  release(user: User): void {
    const held = user.pick();
    if (held !== undefined) user.release(held);
  },

  cancel(user: User): void {
    cancel(user, false);
  },

  forceCancel(user: User): void {
    cancel(user, true);
  },

  retry(user: User): void {
    const held = user.pick(({ future }) => futureAccess.state(future) === "error");
    if (held === undefined) return;
    user.tell(() => `retries ${held.future.key}`);
    held.future.retry();
    user.ask(held);
  },

  fireAndForget(user: User): void {
    const held = user.pick(({ future }) => !future.done());
    if (held === undefined) return;
    user.tell(() => `lets ${held.future.key} run on`);
    user.session.fireAndForget([held.future]);
    if (!held.isShared) user.forgotten.push(held.node);
    if (user.world.random.chance(0.7)) user.release(held);
  },

  claim(user: User, others: readonly User[]): void {
    const other = user.world.random.pick(others);
    const theirs = other?.pick();
    if (other === undefined || theirs === undefined || other.session.closed !== undefined) return;
    const future = user.session.claim(theirs.future.key);
    user.tell(() => `claims ${future.key}`);
    const held = user.hold(future, theirs.node, true);
    if (user.world.random.chance(0.7)) user.ask(held);
  },

  submitNamed(user: User): void {
    const node = user.world.random.pick(user.named);
    if (node === undefined) return;
    const held = user.submitNode(node, `shared-${node.id}`);
    if (user.world.random.chance(0.7)) user.ask(held);
  },

  /** Writes into a value it was given, which is its own. */
  spoil(user: User): void {
    const held = user.pick(({ future, isSpoilt }) => !isSpoilt && futureAccess.state(future) === "finished");
    if (held === undefined || !isChangeable(futureAccess.value(held.future))) return;
    user.tell(() => `writes into the value of ${held.future.key}`);
    held.isSpoilt = true;
    held.isRetired = true;
    spoil(futureAccess.value(held.future));
  },

  /** Transfers a value it was given away. Tasks may need it all the same. */
  detach(user: User): void {
    const held = user.pick(({ future, isRetired }) => !isRetired && futureAccess.state(future) === "finished");
    if (held === undefined) return;
    const { buffers } = measure(futureAccess.value(held.future));
    if (buffers.size === 0) return;
    user.tell(() => `transfers the value of ${held.future.key} away`);
    held.isSpoilt = true;
    structuredClone([...buffers], { transfer: [...buffers] });
    if (user.world.random.chance(0.7)) user.ask(user.submit([held.node]));
  },

  leave(user: User): void {
    user.leave();
  },
} satisfies Record<string, (user: User, others: readonly User[]) => void>;

const data = {
  functionName: "quick",
  fault: "none",
  failures: 0,
  retries: 0,
  ms: 0,
  args: [],
  isData: true,
} as const;

function cancel(user: User, force: boolean): void {
  const held = user.pick();
  if (held === undefined) return;
  user.tell(() => `cancels ${held.future.key}${force ? " by force" : ""}`);
  held.node.isCancelled = true;
  held.isRetired = true;
  held.future.cancel({ force });
}

/** The input as it is, or somewhere inside of something. */
function wrap(user: User, node: Node): Argument {
  if (user.world.random.chance(0.7)) return node;
  return user.world.random.pick<Argument>([[node, 3], { of: node }, new Map([["key", node]]), [[node], [node]]]);
}

function isChangeable(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

function spoil(value: unknown): void {
  if (value instanceof Float64Array) value.fill(-1);
  else for (const key of Object.keys(value as object)) (value as Record<string, unknown>)[key] = -1;
}

/** A simulated user of a real client session: does what users do, and looks closely at what comes of it. */
import assert from "node:assert/strict";
import type { Future } from "../../src/client/future.ts";
import type { Session } from "../../src/client/session.ts";
import { CancelledError, KilledWorkerError, NoValidWorkerError, TimeoutError } from "../../src/protocol/errors.ts";
import { type Demands, STREAM, type TaskOptions } from "../../src/protocol/task-spec.ts";
import type { AnyFunction } from "../../src/shipping/function-source.ts";
import type { Random } from "../support/random.ts";
import { leaveBehind, takeOver } from "./delegating.ts";
import { open, read } from "./streaming.ts";
import {
  type Argument,
  digestOf,
  type Fault,
  functions,
  isDemanded,
  isNode,
  isStream,
  type Kind,
  NOWHERE,
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

/** What the tasks of a world are like: each kind as often as its number says. */
export interface TaskHabits {
  readonly faults: Readonly<Record<Fault, number>>;
  readonly kinds: Readonly<Record<Kind, number>>;
  readonly meanMs: number;
  /** Whether tasks ask for more than to be run. */
  readonly isDemanding: boolean;
}

export class User {
  readonly name: string;
  readonly session: Session;
  readonly held: Held[] = [];
  /** Nodes that it has asked to be run to the end, whatever becomes of its future. */
  readonly forgotten: Node[] = [];
  /** Values that others may scatter, too. */
  readonly equal: readonly Node[];
  /** What any user has published, by key. */
  readonly published: Map<string, Node>;
  /** Questions to the scheduler that are not answered. */
  readonly unanswered = new Set<object>();
  /** Results that were asked for and have not come. */
  readonly unsettled = new Map<Held, number>();
  problem: unknown;
  readonly world: World;
  readonly work: Work;
  readonly habits: TaskHabits;
  /** Tasks that go by a name that all users know. */
  readonly named: readonly Node[];
  readonly #deathsOf: (addresses: readonly string[]) => boolean;
  readonly #options = new Map<string, TaskOptions>();

  constructor(
    name: string,
    session: Session,
    world: World,
    work: Work,
    habits: TaskHabits,
    named: readonly Node[],
    equal: readonly Node[],
    published: Map<string, Node>,
    haveDied: (addresses: readonly string[]) => boolean,
  ) {
    this.name = name;
    this.session = session;
    this.world = world;
    this.work = work;
    this.habits = habits;
    this.named = named;
    this.equal = equal;
    this.published = published;
    this.#deathsOf = haveDied;
  }

  tell(line: () => string): void {
    this.world.tell(() => `${this.name}: ${line()}`);
  }

  submit(args: readonly Argument[], like: Partial<Node> = {}, key?: string, priority?: number): Held {
    const { random } = this.world;
    const fault = like.fault ?? random.weighted(this.habits.faults);
    const demands = this.habits.isDemanding ? drawDemands(this.world.whims) : undefined;
    // What passes by itself need not pass everywhere.
    const isSteady = fault !== "flaky" && like.functionName === undefined;
    const isCopied = this.habits.isDemanding && demands === undefined && isSteady && this.work.nodes.length % 4 === 0;
    const quorum = { copies: 3, agree: 2 + (this.work.nodes.length % 8 === 0 ? 1 : 0) };
    // Some would go on for so long that their thread has to be ended.
    const isStuck = demands?.timeoutMs !== undefined && this.world.whims.chance(0.2);
    const node = this.work.add({
      functionName: random.pick(["quick", "quick", "quick", "slow", "varied", "lasting"]),
      fault,
      failures: fault === "flaky" ? random.integer(1, 4) : 0,
      retries: random.chance(0.2) ? random.integer(1, 4) : 0,
      demands: isCopied ? { quorum } : demands,
      kind: random.weighted(this.habits.kinds),
      ms: random.next() ** 2 * 2 * this.habits.meanMs + 0.01,
      isData: false,
      ...(isStuck && { ms: 5000 }),
      ...like,
      args,
    });
    return this.submitNode(node, key, priority);
  }

  submitNode(node: Node, key?: string, given?: number): Held {
    const priority = given ?? (this.world.random.chance(0.15) ? this.world.random.integer(-2, 3) : 0);
    const args = node.args.map((argument) => this.#argument(argument));
    const fn: AnyFunction = functions[node.functionName];
    const task = this.#optionsFor({
      ...(priority !== 0 && { priority }),
      ...(node.retries > 0 && { retries: node.retries }),
      ...(node.demands && { demands: node.demands }),
    });
    const future = this.session.submit(
      fn,
      [node.id, node.ms, ...args],
      { task, key },
      isStream(node) ? STREAM : undefined,
    );
    this.tell(() => `submits task ${node.id} as ${future.key}, ${node.fault}, ${node.kind}, needs ${inputIds(node)}`);
    const dependsOnShared = this.held.some((held) => held.isShared && withAncestors(node).has(held.node));
    const held = this.hold(future, node, key !== undefined || dependsOnShared);
    if (isStream(node)) {
      read(this, held, open(this.session, future, this.world.random.integer(1, 6)));
    }
    return held;
  }

  hold(future: Future, node: Node, isShared: boolean): Held {
    const isRetired = node.functionName === "handing"; // What it gives is nothing to compute with.
    const held: Held = { future, node, isShared, isSpoilt: false, isRetired, isAsked: false };
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

  /** Waits for an answer that must come in any case, unless the user has left. */
  expectAnswer<T>(
    answer: Promise<T>,
    use: (value: T) => void,
    isExpected: (error: Error) => boolean = () => false,
  ): void {
    const wait = {};
    this.unanswered.add(wait);
    answer
      .then(
        (value) => {
          if (this.session.closed === undefined) use(value);
        },
        (error) => assert.ok(this.session.closed !== undefined || isExpected(error), `it is answered: ${error.stack}`),
      )
      .catch((problem) => {
        this.problem ??= problem;
      })
      .finally(() => this.unanswered.delete(wait));
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
    leaveBehind(held);
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
    if (!this.held.includes(held)) return leaveBehind(held);
    try {
      check();
    } catch (problem) {
      this.problem ??= problem;
    }
  }

  #checkValue(held: Held, value: unknown): void {
    const { node, isSpoilt } = held;
    const key = `task ${node.id}, ${held.future.key}`;
    if (node.functionName === "handing") return takeOver(this, held, value);
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
      const isEnough = error.attempts.length >= 3 || ancestors.some(isStream);
      assert.ok(isEnough, `${key} had its three attempts`);
      assert.ok(this.#deathsOf(error.attempts), `the workers died that ${key} is blamed for`);
    } else if (error instanceof NoValidWorkerError || error instanceof TimeoutError) {
      assert.ok(isDemanded(node, error), `${key} may run anywhere, and has its time: ${error.message}`);
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

function drawDemands(whims: Random): Demands | undefined {
  const workers = ["host-0", "host-1", "thread://host", NOWHERE] as const;
  const demands: Demands = {
    ...(whims.chance(0.1) && { resources: { gpu: whims.pick([1, 1, 2]), ...(whims.chance(0.3) && { disk: 0.5 }) } }),
    ...(whims.chance(0.1) && { workers: [whims.pick(workers)], allowOtherWorkers: whims.chance(0.5) }),
    ...(whims.chance(0.1) && { timeoutMs: whims.pick([0.5, 5, 50]) }),
    ...(whims.chance(0.1) && { backoff: { delayMs: whims.pick([1, 20]), factor: 2, maxDelayMs: 30 } }),
  };
  return Object.keys(demands).length === 0 ? undefined : demands;
}

function inputIds(node: Node): string {
  const ids = [...withAncestors({ ...node })].map(({ id }) => id).filter((id) => id !== node.id);
  return ids.length === 0 ? "nothing" : ids.join(" ");
}

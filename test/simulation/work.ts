/** What simulated tasks do, and what a plain sequential run of the same tasks would give. */

import type { Future } from "../../src/client/future.ts";
import { NoValidWorkerError, TimeoutError } from "../../src/protocol/errors.ts";
import type { Demands } from "../../src/protocol/task-spec.ts";
import { gatherChildren, submitChildren } from "./delegating.ts";
import type { Sharing } from "./sharing.ts";

/** What a task finds around it where it runs. */
export interface Stage {
  /** Computes for so long; the thread hears nothing meanwhile. */
  spend(ms: number): void;
  wakeAfter(ms: number, wake: () => void): void;
  die(): never;
  /** A task has a future or a handle, which somebody must let go of some time. */
  remember(held: Disposable): void;
  readonly isOver: boolean;
  /** It gives wrong values for tasks where others have a say. */
  readonly isLiar: boolean;
}

/** What is in scope of every simulated task. */
export interface Performance {
  readonly perform: (node: number, ms: number, inputs: readonly unknown[]) => unknown;
  /** An item of a stream. */
  readonly make: (node: number, i: number, ms: number) => number;
  readonly last: (ms: number) => Promise<void>;
  readonly delegate: (node: number) => Promise<readonly unknown[]>;
  readonly handOut: (node: number) => readonly Future[];
  readonly underLock: (node: number, ms: number) => Promise<void>;
  readonly throughQueue: (node: number) => Promise<void>;
}

export type Fault = "none" | "throws" | "kills" | "flaky" | "unserializable";
export type Kind = "number" | "nothing" | "object" | "text" | "small array" | "large array" | "nested array";

/** An argument: plain data with tasks somewhere in it. */
export type Argument = number | Node | readonly Argument[] | ReadonlyMap<string, Argument> | { readonly of: Argument };

/** A task as the simulation knows it. */
export interface Node {
  readonly id: number;
  readonly functionName: keyof typeof functions;
  readonly fault: Fault;
  /** Times it fails before it succeeds, if it is flaky. */
  readonly failures: number;
  readonly retries: number;
  /** Where it may run, how long, and after what delay again. */
  readonly demands: Demands | undefined;
  readonly kind: Kind;
  readonly ms: number;
  readonly args: readonly Argument[];
  /** Tasks that it submits when it runs, and data that it scatters for them. */
  readonly children?: readonly Node[];
  /** Whether it was scattered rather than submitted. */
  readonly isData: boolean;
  /** Somebody has cancelled it. */
  isCancelled: boolean;
}

declare function perform(node: number, ms: number, inputs: readonly unknown[]): unknown;
declare function make(node: number, i: number, ms: number): number;
declare function last(ms: number): Promise<void>;
declare function delegate(node: number): Promise<readonly unknown[]>;
declare function handOut(node: number): readonly Future[];
declare function underLock(node: number, ms: number): Promise<void>;
declare function throughQueue(node: number): Promise<void>;

function quick(node: number, ms: number, ...inputs: unknown[]): unknown {
  return perform(node, ms, inputs);
}

/** Never takes long, or hardly ever. */
function brief(node: number, ms: number, ...inputs: unknown[]): unknown {
  return perform(node, ms, inputs);
}

function slow(node: number, ms: number, ...inputs: unknown[]): unknown {
  return perform(node, ms * 10, inputs);
}

function varied(node: number, ms: number, ...inputs: unknown[]): unknown {
  return perform(node, ms * (1 + (node % 5)), inputs);
}

async function lasting(node: number, ms: number, ...inputs: unknown[]): Promise<unknown> {
  await last(ms * 5);
  return perform(node, 0.01, inputs);
}

function* listed(node: number, ms: number, ...inputs: unknown[]): Generator<number, unknown> {
  for (let i = 0; i < node % 9; i++) yield make(node, i, ms);
  return perform(node, ms, inputs);
}

async function* streamed(node: number, ms: number, ...inputs: unknown[]): AsyncGenerator<number, unknown> {
  for (let i = 0; i < node % 9; i++) {
    if (i % 3 === 1) await last(ms);
    yield make(node, i, ms);
  }
  return perform(node, ms, inputs);
}

/** Submits its children and needs what they return. */
async function nesting(node: number, ms: number, ...inputs: unknown[]): Promise<unknown> {
  const children = await delegate(node);
  return perform(node, ms, [...inputs, ...children]);
}

/** Submits its children and returns the futures. */
function handing(node: number, ms: number, ...inputs: unknown[]): unknown {
  const futures = handOut(node);
  perform(node, ms, inputs);
  return futures;
}

/** Shares something with others of its kind. */
async function locking(node: number, ms: number, ...inputs: unknown[]): Promise<unknown> {
  await underLock(node, ms);
  return perform(node, 0.01, inputs);
}

async function passing(node: number, ms: number, ...inputs: unknown[]): Promise<unknown> {
  await throughQueue(node);
  return perform(node, ms, inputs);
}

export const functions = { brief, quick, slow, varied, lasting, listed, streamed, nesting, handing, locking, passing };

export function isStream({ functionName }: Node): boolean {
  return functionName === "listed" || functionName === "streamed";
}

/** Whether what a task or one of its inputs demands may end it so. */
export function isDemanded(node: Node, error: Error): boolean {
  const all = [...withAncestors(node)].flatMap(({ demands }) => demands ?? []);
  if (error instanceof TimeoutError) return all.some(({ timeoutMs }) => timeoutMs === error.timeoutMs);
  return error instanceof NoValidWorkerError && all.some((each) => each.workers ?? each.resources ?? each.quorum);
}

/** What such a task gives before it returns. */
export function itemsOf(node: number): readonly number[] {
  return Array.from({ length: node % 9 }, (_, i) => itemOf(node, i));
}

function itemOf(node: number, i: number): number {
  return node * 100 + i;
}

export class Failure extends Error {}

/** The tasks of one simulated world. */
export class Work {
  readonly nodes: Node[] = [];
  /** Ids of tasks that ran to their end at least once. */
  readonly performed = new Set<number>();
  /** What tasks share, in worlds where they do. */
  readonly #sharing: Sharing | undefined;
  readonly #failuresSoFar = new Map<number, number>();
  readonly #digests = new Map<Node, number>();

  constructor(sharing?: Sharing) {
    this.#sharing = sharing;
  }

  add(node: Omit<Node, "id" | "isCancelled">): Node {
    const id = this.nodes.length;
    const isShared = this.#sharing !== undefined && node.functionName === "lasting";
    const functionName = isShared ? (id % 2 === 0 ? "locking" : "passing") : node.functionName;
    const added = { ...node, functionName, id, isCancelled: false };
    this.nodes.push(added);
    return added;
  }

  /** What a thread has in scope for its tasks. */
  performance(stage: Stage): Performance {
    return {
      perform: (id, ms, inputs) => {
        const node = this.nodes[id] as Node;
        stage.spend(ms);
        if (node.fault === "kills") stage.die();
        if (node.fault === "throws") throw new Failure(`task ${id} failed`);
        if (node.fault === "flaky") {
          const soFar = this.#failuresSoFar.get(id) ?? 0;
          if (soFar < node.failures) {
            this.#failuresSoFar.set(id, soFar + 1);
            throw new Failure(`task ${id} failed`);
          }
        }
        this.performed.add(id);
        if (node.fault === "unserializable") return () => id;
        // Where all have to agree, a lie would be a failure.
        if (stage.isLiar && node.demands?.quorum?.agree === 2) return `a lie about task ${id}`;
        return makeValue(node.kind, combine(id, inputs));
      },
      make: (id, i, ms) => {
        const { fault } = this.nodes[id] as Node;
        stage.spend(ms);
        if (fault === "kills" && i === 2) stage.die();
        if (fault === "throws" && i === 1) throw new Failure(`task ${id} failed`);
        return itemOf(id, i);
      },
      last: (ms) => new Promise((resolve) => stage.wakeAfter(ms, resolve)),
      delegate: (id) => gatherChildren(this, stage, this.nodes[id] as Node),
      underLock: async (id, ms) =>
        this.#sharing?.underLock(stage, id, () => new Promise((resolve) => stage.wakeAfter(ms, resolve))),
      throughQueue: async (id) => this.#sharing?.throughQueue(id),
      handOut: (id) => [...submitChildren(this, stage, this.nodes[id] as Node).values()],
    };
  }

  /** The digest of the value that a sequential run gives, if it gives one. */
  digestOf(node: Node): number {
    let digest = this.#digests.get(node);
    if (digest === undefined) {
      digest = digestOf(this.valueOf(node));
      this.#digests.set(node, digest);
    }
    return digest;
  }

  /** The value that a sequential run gives, if it gives one. */
  valueOf(node: Node): unknown {
    const children = node.functionName === "nesting" ? (node.children ?? []).filter(({ isData }) => !isData) : [];
    const inputs = [...node.args, ...children].map((argument) => this.#digestOfArgument(argument));
    return makeValue(node.kind, combineDigests(node.id, inputs));
  }

  #digestOfArgument(argument: Argument): number {
    if (typeof argument === "number") return digestOf(argument);
    if (isNode(argument)) return this.digestOf(argument);
    return digestParts(partsOf(argument).map((part) => this.#digestOfArgument(part as Argument)));
  }

  /** Messages of the errors that a sequential run may end with; with flaky tasks it depends. */
  errorsOf(node: Node): ReadonlySet<string> {
    const errors = new Set<string>();
    for (const each of withAncestors(node)) {
      const { fault, retries, failures } = each;
      // What it has of retries may be used up by its children's errors, or by attempts that took too long.
      const isDoubtful =
        each.demands?.timeoutMs !== undefined ||
        (each.functionName === "nesting" &&
          [...withAncestors(each)].some((other) => other !== each && other.fault !== "none"));
      if (fault === "throws" || (fault === "flaky" && (isStream(each) || retries < failures || isDoubtful))) {
        errors.add(`task ${each.id} failed`);
      }
    }
    return errors;
  }

  /** Whether a sequential run may give a value. */
  canSucceed(node: Node): boolean {
    return ![...withAncestors(node)].some(
      ({ fault, demands }) => (fault !== "none" && fault !== "flaky") || isImpossible(demands),
    );
  }
}

/** Names of what no worker ever has, and of a worker that never is. */
export const NOWHERE = "nowhere";

function isImpossible(demands: Demands | undefined): boolean {
  const { workers = [], allowOtherWorkers = false, resources = {} } = demands ?? {};
  return NOWHERE in resources || (workers.includes(NOWHERE) && !allowOtherWorkers);
}

/** The node and all it depends on. */
export function withAncestors(node: Node): ReadonlySet<Node> {
  const nodes = new Set([node]);
  for (const each of nodes) {
    for (const input of inputsOf(each.args)) nodes.add(input);
    if (each.functionName === "nesting") for (const child of each.children ?? []) nodes.add(child);
  }
  return nodes;
}

function* inputsOf(argument: Argument): Iterable<Node> {
  if (typeof argument === "number") return;
  if (isNode(argument)) yield argument;
  else for (const part of partsOf(argument)) yield* inputsOf(part as Argument);
}

export function isNode(argument: Argument): argument is Node {
  return typeof argument === "object" && "functionName" in argument;
}

export function partsOf(container: object): readonly unknown[] {
  if (container instanceof Map) return [...container.values()];
  return Array.isArray(container) ? container : Object.values(container);
}

function makeValue(kind: Kind, digest: number): unknown {
  switch (kind) {
    case "number":
      return digest;
    case "nothing":
      return undefined;
    case "object":
      return { digest, list: [1, 2] };
    case "text":
      return `${digest} ${"x".repeat(5000)}`;
    case "small array":
      return new Float64Array(2000).fill(digest, 0, 1);
    case "large array":
      return new Float64Array(10_000).fill(digest, 0, 1);
    case "nested array":
      return { digest, parts: [new Float64Array(9000).fill(digest, 0, 1)] };
  }
}

/** A number that shows whether a value is the right one, and whole. */
export function digestOf(value: unknown): number {
  if (typeof value === "number") return value;
  if (typeof value === "string") return Number.parseInt(value, 10) + value.length;
  if (value instanceof Float64Array) return (value[0] as number) + value.length;
  if (typeof value === "object" && value !== null) return digestParts(partsOf(value).map(digestOf));
  return 7;
}

const MODULUS = 1_000_003;

function digestParts(digests: readonly number[]): number {
  return digests.reduce((sum, digest, i) => (sum + (i + 2) * digest) % MODULUS, 11);
}

function combineDigests(node: number, digests: readonly number[]): number {
  return (node * 31 + digestParts(digests)) % MODULUS;
}

function combine(node: number, inputs: readonly unknown[]): number {
  return combineDigests(node, inputs.map(digestOf));
}

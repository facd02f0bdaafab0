/** What simulated users do, one thing at a time. */
import { futureAccess } from "../../src/client/future.ts";
import { measure } from "../../src/shipping/measure.ts";
import { rebalance, replicate, replicateAndGiveUp, scatterEqual } from "./placing.ts";
import { publish, read, unpublish } from "./publishing.ts";
import type { Held, User } from "./user.ts";
import type { Argument, Node } from "./work.ts";

export type Deed = keyof typeof deeds;

/** Has `user` do one of the things that users do, each as often as its number says; `others` are those it might get keys from. */
export function act(user: User, weights: Readonly<Record<Deed, number>>, others: readonly User[]): void {
  if (user.session.closed === undefined) deeds[user.world.random.weighted(weights)](user, others);
}

const SMALL = { functionName: "quick", ms: 0.01 } as const;

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

  /** Small tasks one after the other, some with two inputs: they are sent after each other before any of them has run. */
  ladder(user: User): void {
    const { random } = user.world;
    const rungs: Held[] = [user.submit([], SMALL)];
    for (let i = random.integer(2, 20); i > 0; i--) {
      const inputs: Held[] = [random.chance(0.8) ? (rungs.at(-1) as Held) : (random.pick(rungs) as Held)];
      if (random.chance(0.3)) inputs.push(random.pick(rungs) as Held);
      rungs.push(
        user.submit(
          inputs.map(({ node }) => node),
          SMALL,
        ),
      );
    }
    const last = rungs.pop() as Held;
    for (const held of rungs) {
      if (random.chance(0.5)) user.release(held);
      else if (random.chance(0.3)) user.ask(held);
    }
    user.ask(last);
  },

  /** Very small tasks of one function in rows, each of which refers to some before it: they are kept together, and sent many at a time. */
  weave(user: User): void {
    const { random } = user.world;
    const isRisky = random.chance(0.3);
    const isMixed = random.chance(0.3);
    const submit = (args: readonly Argument[]) => {
      const fault = isRisky && random.chance(0.04) ? random.pick(["throws", "kills", "flaky"] as const) : "none";
      const ms = isRisky && random.chance(0.02) ? 30 : 0.005;
      const kind = isMixed && random.chance(0.1) ? random.weighted(user.habits.kinds) : "number";
      const failures = fault === "flaky" ? 1 : 0;
      const like = { functionName: "brief", fault, failures, retries: 0, demands: undefined, kind, ms } as const;
      return user.submit(args, like, undefined, 0);
    };
    const woven = Array.from({ length: random.integer(1, 40) }, () => submit([]));
    for (let rows = random.integer(1, 4); rows > 0; rows--) {
      const inputs = random.integer(1, 4);
      // A chain, a level of a tree, or something in between.
      const back = random.pick([1, woven.length, 5]);
      for (let i = random.integer(1, 40); i > 0; i--) {
        const args = Array.from({ length: inputs }, () => {
          const held = woven[woven.length - random.integer(1, Math.min(back, woven.length) + 1)] as Held;
          return held.node;
        });
        woven.push(submit(args));
      }
    }
    user.ask(woven.at(-1) as Held);
    const isHasty = random.chance(0.3);
    for (const held of woven) {
      if (random.chance(0.1)) user.ask(held);
      else if (isHasty && random.chance(0.2)) user.release(held);
    }
  },

  stream(user: User): void {
    const { random } = user.world;
    const input = random.chance(0.3) ? user.pickInput() : undefined;
    const functionName = random.pick(["listed", "streamed"] as const);
    const held = user.submit(input === undefined ? [] : [wrap(user, input)], { functionName });
    if (random.chance(0.3)) user.ask(held);
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

  publish,
  read,
  unpublish,

  scatterEqual,
  replicate,
  replicateAndGiveUp,
  rebalance,

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

/** What was scattered, as a task that does nothing. */
export const data = {
  functionName: "quick",
  fault: "none",
  failures: 0,
  retries: 0,
  demands: undefined,
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

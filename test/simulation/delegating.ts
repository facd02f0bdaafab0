/** Simulated tasks that submit tasks of their own, and users that have such tasks run. */
import { Future, futureAccess } from "../../src/client/future.ts";
import { getClient } from "../../src/client/get-client.ts";
import type { Held, User } from "./user.ts";
import { functions, isNode, type Node, type Stage, type Work } from "./work.ts";

/** Submits a task's children, from inside of it; returns their futures, in the order of the children. */
export function submitChildren(work: Work, stage: Stage, { children = [] }: Node): Map<Node, Future> {
  const client = getClient();
  const futures = new Map<Node, Future>();
  for (const child of children) {
    const args = child.args.map((argument) => (isNode(argument) ? futures.get(argument) : argument));
    const future = child.isData
      ? client.scatter(work.valueOf(child))
      : client.with({ retries: child.retries }).submit(functions[child.functionName], child.id, child.ms, ...args);
    futures.set(child, future);
    stage.remember(future);
  }
  return futures;
}

/** The values of a task's children, in the order of the children; scattered data are none. */
export async function gatherChildren(work: Work, stage: Stage, node: Node): Promise<readonly unknown[]> {
  const futures = submitChildren(work, stage, node);
  const submitted = [...futures].flatMap(([child, future]) => (child.isData ? [] : [future]));
  const client = getClient();
  const isTidy = node.id % 2 === 0;
  try {
    if (node.id % 3 !== 0) return await client.gather(submitted);
    const values: unknown[] = [];
    for (const future of submitted) values.push(await future.result());
    return values;
  } finally {
    if (isTidy) for (const future of futures.values()) future.release();
  }
}

/** Draws when users have such tasks run. */
export function planDelegating(users: readonly User[], spanMs: number): void {
  for (const user of users) {
    const { random } = user.world;
    for (let i = random.integer(1, 8); i > 0; i--) {
      const deed = random.chance(0.7) ? delegate : handOut;
      user.world.at(random.next() * spanMs, () => {
        if (user.session.closed === undefined) deed(user);
      });
    }
  }
}

/** Has a task run that submits others, which may do so in turn. */
function delegate(user: User): void {
  const node = growNode(user, user.world.random.integer(1, 4));
  const held = user.submitNode(node);
  if (user.world.random.chance(0.8)) user.ask(held);
}

/** Has a task run that returns futures on others, and looks at these. */
function handOut(user: User): void {
  const children = growChildren(user, 1, 0);
  const node = growNode(user, 0, { functionName: "handing", kind: "number", children });
  const held = user.submitNode(node);
  user.ask(held);
}

/** Takes what a task handed out. */
export function takeOver(user: User, held: Held, value: unknown): void {
  // Asked for again, it is the same.
  if (held.isSpoilt) return;
  held.isSpoilt = true;
  const { children = [] } = held.node;
  const futures = value as readonly Future[];
  if (futures.length !== children.length) throw new Error(`${held.future.key} handed out ${futures.length} futures`);
  for (const [i, future] of futures.entries()) {
    if (!(future instanceof Future)) throw new Error(`${held.future.key} handed out something else than futures`);
    const child = user.hold(future, children[i] as Node, false);
    if (user.world.random.chance(0.7)) user.ask(child);
  }
  if (user.world.random.chance(0.5)) user.release(held);
}

/** Futures that were handed out and that nobody has taken are garbage, which is collected at once. */
export function leaveBehind({ future, node, isSpoilt }: Held): void {
  if (node.functionName !== "handing" || isSpoilt || futureAccess.state(future) !== "finished") return;
  for (const each of futureAccess.value(future) as readonly Future[]) each.release();
}

function growNode(user: User, depth: number, like: Partial<Node> = {}): Node {
  const { random } = user.world;
  const fault = random.chance(0.5) ? "none" : random.weighted(user.habits.faults);
  const children = depth === 0 ? [] : growChildren(user, depth - 1, random.pick([0, 0, 1]));
  return user.work.add({
    functionName: children.length > 0 ? "nesting" : random.pick(["quick", "quick", "slow", "lasting"]),
    fault,
    failures: fault === "flaky" ? random.integer(1, 4) : 0,
    retries: random.chance(0.2) ? random.integer(1, 4) : 0,
    kind: random.weighted(user.habits.kinds),
    ms: random.next() ** 2 * user.habits.meanMs + 0.01,
    isData: false,
    args: [],
    children,
    demands: undefined,
    ...like,
  });
}

/** Some of them may need others, or data that their parent scatters. */
function growChildren(user: User, depth: number, data: number): Node[] {
  const { random } = user.world;
  const children = Array.from({ length: data }, () =>
    growNode(user, 0, { isData: true, fault: "none", kind: "large array" }),
  );
  for (let i = random.integer(1, 4); i > 0; i--) {
    const input = random.chance(0.4) ? random.pick(children) : undefined;
    const isLeaf = depth === 0 || random.chance(0.3);
    children.push(growNode(user, isLeaf ? 0 : depth, { args: input === undefined ? [i] : [i, input] }));
  }
  return children;
}

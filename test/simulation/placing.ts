/** Where simulated users have values put, and what they scatter that others have, too. */
import { idsOf } from "../../src/client/ownership.ts";
import type { Held, User } from "./user.ts";
import type { Node } from "./work.ts";

export function replicate(user: User): void {
  const { random } = user.world;
  const held = some(user);
  if (held.length === 0) return;
  const n = random.chance(0.5) ? undefined : random.integer(1, 4);
  user.tell(() => `wants ${n ?? "all"} copies of ${held.map(({ future }) => future.key).join(" ")}`);
  const tasks = held.map(({ future }) => user.session.naming.refer(future));
  expectDone(user, user.session.ask({ type: "replicate", tasks, n, workers: undefined }), held);
}

export function rebalance(user: User): void {
  const held = user.world.random.chance(0.5) ? undefined : some(user);
  user.tell(() => `evens out ${held?.map(({ future }) => future.key).join(" ") ?? "everything"}`);
  const tasks =
    held &&
    idsOf(
      held.map(({ future }) => future),
      user.session,
    );
  expectDone(user, user.session.ask({ type: "rebalance", tasks, workers: undefined }), held ?? []);
}

export function replicateAndGiveUp(user: User): void {
  const held = some(user);
  if (held.length === 0) return;
  user.tell(() => `wants copies of ${held.map(({ future }) => future.key).join(" ")}, but not for long`);
  const abort = new AbortController();
  const tasks = held.map(({ future }) => user.session.naming.refer(future));
  const asked = user.session.ask({ type: "replicate", tasks, n: undefined, workers: undefined }, abort.signal);
  expectDone(user, asked, held, /given up/);
  user.world.at(user.world.nowMs + user.world.random.next(), () => abort.abort(new Error("given up")));
}

/** The same value as others, and as before, by its content; often let go of at once. */
export function scatterEqual(user: User): void {
  const { random } = user.world;
  const node = random.pick(user.equal);
  for (let i = random.integer(1, 4); i > 0; i--) {
    const future = user.session.scatter(user.work.valueOf(node as Node), { hash: true }, undefined);
    user.tell(() => `scatters an equal value as ${future.key}, task ${node?.id}`);
    const held = user.hold(future, node as Node, true);
    if (random.chance(0.7)) user.ask(user.submit([node as Node]));
    if (random.chance(0.7)) user.release(held);
  }
}

function some(user: User): readonly Held[] {
  const held = new Set<Held>();
  for (let i = user.world.random.integer(1, 4); i > 0; i--) {
    const each = user.pick(({ isRetired }) => !isRetired);
    if (each !== undefined) held.add(each);
  }
  return [...held];
}

/** It is done, or one of the tasks has ended in a way that the user will see, or has let go of it. */
/** What a task may come to through no error of its own. */
const FATES = ["KilledWorkerError", "UnserializableError", "NoValidWorkerError", "TimeoutError"];

function expectDone(user: User, answer: Promise<unknown>, held: readonly Held[], reason?: RegExp): void {
  user.expectAnswer(
    answer,
    () => {},
    (error) => {
      if (reason?.test(error.message) === true || error.name === "CancelledError") return true;
      if (FATES.includes(error.name)) return true;
      return held.some(({ node }) => user.work.errorsOf(node).has(error.message));
    },
  );
}

/** What simulated users publish, and read of what others have. */
import assert from "node:assert/strict";
import { packValue } from "../../src/client/argument-capture.ts";
import { readDataset } from "../../src/client/datasets.ts";
import type { Future } from "../../src/client/future.ts";
import type { Answered } from "../../src/client/open-requests.ts";
import type { Held, User } from "./user.ts";

/** All that anything is ever published under. */
export const datasetNames = ["one", "two"] as const;

export function publish(user: User): void {
  const { random } = user.world;
  const chosen = new Set<Held>();
  for (let i = random.integer(1, 3); i > 0; i--) {
    const each = user.pick(({ isRetired }) => !isRetired);
    if (each !== undefined) chosen.add(each);
  }
  const held = [...chosen];
  const name = random.pick(datasetNames);
  user.tell(() => `publishes ${held.map(({ future }) => future.key).join(" ")} as ${name}`);
  for (const { future, node } of held) user.published.set(future.key, node);
  const futures = held.map(({ future }) => future);
  const value = packValue({ futures }, "the dataset", user.session.naming);
  user.expectAnswer(
    user.session.ask({ type: "publish-dataset", name, value, override: random.chance(0.7) }),
    () => {},
    (error) => /already|released or cancelled/.test(error.message),
  );
  if (random.chance(0.5)) for (const each of held) user.release(each);
}

export function read(user: User): void {
  const { random } = user.world;
  const name = random.pick(datasetNames);
  user.tell(() => `reads ${name}`);
  user.expectAnswer(user.session.ask({ type: "get-dataset", name }), (answer) => {
    const dataset = readDataset(name, answer as Answered, { default: { futures: [] } });
    for (const future of (dataset as { futures: Future[] }).futures) {
      const node = user.published.get(future.key);
      assert.ok(node !== undefined, `${future.key} was published`);
      user.tell(() => `has read ${future.key}`);
      const held = user.hold(future, node, true);
      if (random.chance(0.5)) user.ask(held);
    }
  });
}

export function unpublish(user: User): void {
  const name = user.world.random.pick(datasetNames);
  user.tell(() => `unpublishes ${name}`);
  user.expectAnswer(user.session.ask({ type: "unpublish-dataset", name }), () => {});
}

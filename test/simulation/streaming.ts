/** Simulated users that read what generators give, in their own time, and sometimes not to the end. */
import assert from "node:assert/strict";
import { type Future, futureAccess } from "../../src/client/future.ts";
import type { Session } from "../../src/client/session.ts";
import { StreamItems } from "../../src/client/stream-items.ts";
import { KilledWorkerError } from "../../src/protocol/errors.ts";
import type { Held, User } from "./user.ts";
import { isDemanded, itemsOf } from "./work.ts";

/** What is read of a future's stream. Its code is here already: loading it would take a time that is not this world's. */
export function open(session: Session, future: Future, limit: number): StreamItems<number> {
  session.ask({ type: "stream-credit", id: futureAccess.id(future), credit: limit }).catch(() => {});
  return new StreamItems<number>(session, future, limit);
}

/** Reads the stream from its beginning. What comes must be what a sequential run would give, as far as it goes. */
export function read(user: User, held: Held, items: StreamItems<number>): void {
  const { world } = user;
  const { node, future } = held;
  const expected = itemsOf(node.id);
  const stopsAfter = world.random.chance(0.15) ? world.random.integer(0, 6) : Number.POSITIVE_INFINITY;
  let count = 0;
  const step = async (): Promise<void> => {
    if (count === stopsAfter) {
      user.tell(() => `reads no more of ${future.key}`);
      node.isCancelled = true;
      held.isRetired = true;
      await items.return();
      return;
    }
    const { done, value } = await items.next();
    if (done === true) {
      if (user.held.includes(held)) assert.equal(count, expected.length, `all items of ${future.key} have come`);
      return;
    }
    assert.equal(value, expected[count], `item ${count} of ${future.key}`);
    count += 1;
    if (world.random.chance(0.5)) return step();
    await new Promise<void>((resolve) => world.at(world.nowMs + world.random.next() * 3, resolve));
    return step();
  };
  const isSlow = world.random.chance(0.3);
  const begin = async () => {
    if (isSlow) await new Promise<void>((resolve) => world.at(world.nowMs + world.random.next() * 20, resolve));
    await step();
  };
  user.expectAnswer(
    begin(),
    () => {},
    // What a future may end with is looked at where it is asked for; one that was retried has lost its error meanwhile.
    (error) =>
      future.done() ||
      error instanceof KilledWorkerError ||
      isDemanded(node, error) ||
      user.work.errorsOf(node).has(error.message),
  );
}

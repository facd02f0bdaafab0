/** How often it is tried to come back: less and less, and not when all others do. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Clock } from "../../src/ports/clock.ts";
import { delay } from "../../src/runtime/tether.ts";

/** How long is waited before an attempt, with what chance says between 0 and 255. */
async function waited(attempt: number, chance: number): Promise<number> {
  let ms = Number.NaN;
  let held = 0;
  const clock: Clock = {
    now: () => 0,
    after: (afterMs, wake) => {
      ms = afterMs;
      queueMicrotask(wake);
      return () => {};
    },
    nextTurn: () => {},
    keepAlive: () => {
      held += 1;
      return () => {
        held -= 1;
      };
    },
  };
  const secrecy = { random: (count: number) => new Uint8Array(count).fill(chance), prove: () => new Uint8Array(32) };
  await delay(attempt, { clock, secrecy });
  assert.equal(held, 0, "a process stays for it, and no longer");
  return ms;
}

describe("between two attempts to come back", () => {
  it("it is waited for twice as long each time, up to 5 s", async () => {
    const longest = await Promise.all([0, 1, 2, 3, 10, 100].map((attempt) => waited(attempt, 255)));
    assert.deepEqual(longest, [50, 100, 200, 400, 5000, 5000]);
  });

  it("chance takes off up to half of that, so that those who lost the same at once do not come back at once", async () => {
    for (const attempt of [0, 3, 9]) {
      const [least, some, most] = await Promise.all([0, 100, 255].map((chance) => waited(attempt, chance)));
      assert.equal(least, Number(most) / 2);
      assert.ok(Number(least) < Number(some) && Number(some) < Number(most));
    }
  });
});

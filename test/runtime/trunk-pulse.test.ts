/** When the other end of a trunk is taken to be gone: in time, and not because this end was held up. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { livelinessOf } from "../../src/runtime/tether.ts";
import { Pulse } from "../../src/runtime/trunk-pulse.ts";

/** As in rooms. */
const { pingMs, silenceMs, silentLeaseMs } = livelinessOf(2_500);

/** A pulse whose timer comes as late as it is told. */
function stage() {
  let now = 1_000;
  let due: { readonly atMs: number; readonly wake: () => void } | undefined;
  const lost: number[] = [];
  let pings = 0;
  const pulse = new Pulse({
    clock: {
      now: () => now,
      after: (afterMs, wake) => {
        const own = { atMs: now + afterMs, wake };
        due = own;
        return () => {
          if (due === own) due = undefined;
        };
      },
      nextTurn: () => {},
      keepAlive: () => () => {},
    },
    pingMs,
    silenceMs,
    ping: () => pings++,
    lost: () => lost.push(now),
  });
  pulse.start();
  return {
    pulse,
    lost,
    /** The next timer comes, so much too late. */
    pass(lateMs = 0) {
      const { atMs, wake } = due as { readonly atMs: number; readonly wake: () => void };
      due = undefined;
      now = atMs + lateMs;
      wake();
    },
  };
}

it("a peer of a room that falls silent is taken to be gone after 3 to 5 s", () => {
  const { pulse, lost, pass } = stage();
  for (let i = 0; i < 10; i++) {
    pass();
    pulse.heard();
  }
  const from = untilLost(pass, lost);
  assert.ok(from >= 3_000 && from <= 4_000, `${from} ms`);
  assert.ok(from + silentLeaseMs >= 3_000 && from + silentLeaseMs <= 5_000, `${from + silentLeaseMs} ms`);
});

/** Timers come in time until it is lost; after how long. */
function untilLost(pass: (lateMs?: number) => void, lost: readonly number[], lateMs = 0): number {
  let passedMs = 0;
  while (lost.length === 0) {
    pass(lateMs);
    passedMs += pingMs + lateMs;
    if (passedMs > 60_000) return Number.POSITIVE_INFINITY;
  }
  return passedMs;
}

it("time for which this end stood still does not count, however long, and what lies here is heard before it is judged", () => {
  for (const stoodMs of [1_000, 3_000, 3_600_000]) {
    const { pulse, lost, pass } = stage();
    // The other end had been silent for nearly as long as it may when this one stood still.
    for (let i = 0; i < 5; i++) pass();
    pass(stoodMs);
    assert.deepEqual(lost, [], `${stoodMs} ms`);
    pulse.heard();
    pass();
    assert.deepEqual(lost, [], `${stoodMs} ms, and what lay here was heard`);
    assert.ok(untilLost(pass, lost) <= 5_000);
  }
});

it("an end that is late all the time still finds out", () => {
  const { lost, pass } = stage();
  const ms = untilLost(pass, lost, 2 * pingMs);
  assert.ok(ms < 12_000, `${ms} ms`);
});

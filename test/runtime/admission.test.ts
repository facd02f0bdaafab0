/** Who is let in, and what those hear who are not. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nobleSecrecy } from "../../src/adapters/noble-secrecy.ts";
import { SystemClock } from "../../src/adapters/system-clock.ts";
import type { Wire } from "../../src/ports/wire.ts";
import type { Greeting, Refusal } from "../../src/protocol/handshake.ts";
import {
  type Asking,
  askIn,
  type Doorkeeper,
  FailedAttempts,
  letIn,
  type Session,
  type Threshold,
  veil,
} from "../../src/runtime/admission.ts";

const threshold: Threshold = { secrecy: nobleSecrecy, clock: new SystemClock() };

/** Two ends of a wire; `overheard` is all that was said on it. */
function wirePair(): readonly [Wire, Wire, string[]] {
  const overheard: string[] = [];
  const ends = [0, 1].map(() => {
    let settle: (reason: string) => void = () => {};
    const closed = new Promise<string>((resolve) => {
      settle = resolve;
    });
    return {
      closed,
      settle,
      held: [] as Uint8Array<ArrayBuffer>[],
      hear: undefined as ((b: Uint8Array<ArrayBuffer>) => void) | undefined,
    };
  });
  const wires = ends.map((own, i): Wire => {
    const other = ends[1 - i] as (typeof ends)[0];
    return {
      maxMessageBytes: 65536,
      bufferedBytes: 0,
      send: (bytes) => {
        overheard.push(new TextDecoder().decode(bytes));
        queueMicrotask(() => (other.hear === undefined ? other.held.push(bytes) : other.hear(bytes)));
      },
      listen: (onMessage) => {
        own.hear = onMessage;
        for (const bytes of own.held.splice(0)) onMessage(bytes);
      },
      onDrain: () => {},
      close: (reason) =>
        queueMicrotask(() =>
          queueMicrotask(() => {
            own.settle(reason);
            other.settle(reason);
          }),
        ),
      closed: own.closed,
    };
  });
  return [wires[0] as Wire, wires[1] as Wire, overheard];
}

function keeper(
  tokens: Partial<Record<Greeting["role"], string>>,
  sessions: readonly Session[] = [],
): Doorkeeper & { failures: number } {
  return {
    failures: 0,
    leaseMs: 5000,
    secretFor: ({ role }): string | Refusal =>
      tokens[role] ?? { refused: "UnauthorizedError", message: `no ${role}s here` },
    find: (id) => {
      const session = sessions.find((each) => each.id === id);
      return session && { session, release: () => 42 };
    },
    noteFailure() {
      this.failures += 1;
    },
  };
}

async function meet(asking: Partial<Asking>, door: Doorkeeper, theirs: Partial<Threshold> = {}) {
  const [left, right, overheard] = wirePair();
  const [asked, kept] = await Promise.allSettled([
    askIn(left, { role: "client", id: "ann", secret: "swordfish", ...asking }, { ...threshold, ...theirs }),
    letIn(right, door, threshold),
  ]);
  return { asked, kept, overheard };
}

function failure(result: PromiseSettledResult<unknown>): Error {
  assert.equal(result.status, "rejected");
  return (result as PromiseRejectedResult).reason;
}

describe("admission", () => {
  it("lets in who knows the token, and both have a session of which nothing was said", async () => {
    const { asked, kept, overheard } = await meet({}, keeper({ client: "swordfish" }));
    assert.ok(asked.status === "fulfilled" && kept.status === "fulfilled");
    assert.deepEqual(asked.value.session, kept.value.session);
    assert.deepEqual([kept.value.role, kept.value.id, kept.value.received], ["client", "ann", undefined]);
    assert.equal(asked.value.leaseMs, 5000);
    const key = Buffer.from(asked.value.session.key).toString("hex");
    for (const word of overheard) assert.ok(!word.includes("swordfish") && !word.includes(key), word);
  });

  it("refuses a wrong token, and both know why", async () => {
    const door = keeper({ client: "another" });
    const { asked, kept } = await meet({}, door);
    for (const result of [asked, kept]) {
      assert.equal(failure(result).name, "UnauthorizedError");
      assert.match(failure(result).message, /token is not one that clients may submit with/);
    }
    assert.equal(door.failures, 1);
  });

  it("refuses a client's token where threads are lent", async () => {
    const { asked } = await meet({ role: "host", secret: "c" }, keeper({ client: "c", host: "h" }));
    assert.match(failure(asked).message, /not one that threads may be lent with/);
  });

  it("names both versions where they differ, on both sides", async () => {
    const { asked, kept } = await meet({}, keeper({ client: "swordfish" }), { version: 7 });
    for (const result of [asked, kept]) {
      assert.equal(failure(result).name, "ProtocolError");
      assert.match(failure(result).message, /version 1 .*version 7|version 7 .*version 1/);
    }
  });

  it("does not believe a scheduler that does not know the token", async () => {
    const [left, right] = wirePair();
    const asked = askIn(left, { role: "client", id: "ann", secret: "swordfish" }, threshold);
    const say = (word: object) => right.send(new TextEncoder().encode(JSON.stringify(word)));
    say({ manyhands: 1, nonce: "0".repeat(64) });
    say({ proof: "0".repeat(64), session: "0".repeat(32), leaseMs: 1, received: 0 });
    await assert.rejects(asked, { name: "UnauthorizedError", message: /does not know the token/ });
  });

  it("a proof that was overheard is good for nothing on another wire", async () => {
    const first = await meet({}, keeper({ client: "swordfish" }));
    const [greeting, , proof] = first.overheard as [string, string, string];
    const [left, right] = wirePair();
    const kept = letIn(right, keeper({ client: "swordfish" }), threshold);
    for (const word of [greeting, proof]) left.send(new TextEncoder().encode(word));
    await assert.rejects(kept, { name: "UnauthorizedError" });
  });

  it("takes up a session again by what both know of it, without a token", async () => {
    const session = { id: "a".repeat(32), key: new Uint8Array(32).fill(7) };
    const { asked, kept } = await meet(
      { secret: "forgotten", resume: { session, received: 17 } },
      keeper({}, [session]),
    );
    assert.ok(asked.status === "fulfilled" && kept.status === "fulfilled");
    assert.deepEqual([kept.value.received, asked.value.received], [17, 42]);
    assert.equal(kept.value.session, session);
  });

  it("says so if a session that is to be taken up is over", async () => {
    const { asked } = await meet(
      { resume: { session: { id: "b".repeat(32), key: new Uint8Array(32) }, received: 0 } },
      keeper({ client: "x" }),
    );
    assert.equal(failure(asked).constructor.name, "SessionOverError");
    assert.equal(failure(asked).name, "CommClosedError");
  });

  it("closes the wire on anything that is no word of it", async () => {
    for (const noise of [
      "hello?",
      "{}",
      "[1,2]",
      "null",
      `{"manyhands":1,"role":"king","id":"a","nonce":"${"0".repeat(64)}"}`,
      "x".repeat(5000),
    ]) {
      const [left, right] = wirePair();
      const kept = letIn(right, keeper({ client: "x" }), threshold);
      left.send(new TextEncoder().encode(noise));
      await assert.rejects(kept, { name: "ProtocolError" });
      assert.match(await left.closed, /protocol|too long/);
    }
  });

  it("does not wait for ever for somebody who says nothing", async () => {
    const [, right] = wirePair();
    let giveUp = () => {};
    const clock = {
      ...threshold.clock,
      after: (_: number, wake: () => void) => {
        giveUp = wake;
        return () => {};
      },
    };
    const kept = letIn(right, keeper({}), { secrecy: nobleSecrecy, clock: clock as never });
    giveUp();
    await assert.rejects(kept, { name: "CommClosedError", message: /said nothing for 10 s/ });
  });

  it("leaves what comes after the last word to whoever listens then", async () => {
    const [left, right] = wirePair();
    const [asked, kept] = await Promise.all([
      askIn(left, { role: "client", id: "ann", secret: "s" }, threshold),
      letIn(right, keeper({ client: "s" }), threshold),
    ]);
    kept.wire.send(new Uint8Array([1]));
    kept.wire.send(new Uint8Array([2]));
    await new Promise((resolve) => setImmediate(resolve));
    const heard: number[] = [];
    asked.wire.listen((bytes) => heard.push(bytes[0] as number));
    assert.deepEqual(heard, [1, 2]);
  });
});

describe("failed attempts", () => {
  it("bar the place they came from for a while, and nobody else", () => {
    let nowMs = 0;
    const attempts = new FailedAttempts({ now: () => nowMs } as never, { most: 3, windowMs: 1000 });
    for (let i = 0; i < 3; i++) {
      assert.equal(attempts.isBarred("mallory"), false);
      attempts.note("mallory");
    }
    assert.equal(attempts.isBarred("mallory"), true);
    assert.equal(attempts.isBarred("ann"), false);
    nowMs = 1001;
    assert.equal(attempts.isBarred("mallory"), false);
  });
});

it("what is veiled for a session is read by its other end alone", () => {
  const session = { id: "s", key: new Uint8Array(32).fill(3) };
  const secret = nobleSecrecy.random(32);
  const veiled = veil(nobleSecrecy, session, "ticket", secret);
  assert.notDeepEqual(veiled, secret);
  assert.deepEqual(veil(nobleSecrecy, session, "ticket", veiled), secret);
  assert.notDeepEqual(veil(nobleSecrecy, { ...session, key: new Uint8Array(32) }, "ticket", veiled), secret);
});

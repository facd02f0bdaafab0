/** Which way bytes go between two hosts, as the scheduler decides it by what they say, and decides it anew. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nobleSecrecy } from "../../src/adapters/noble-secrecy.ts";
import type { SchedulerToHost } from "../../src/protocol/host-messages.ts";
import { HostPairs } from "../../src/runtime/host-pairs.ts";
import type { RemoteHost } from "../../src/runtime/remote-host.ts";
import { ManualClock } from "../support/staged-cluster.ts";

function stage({ listens = true } = {}) {
  const clock = new ManualClock();
  const routes: string[] = [];
  const pairs = new HostPairs(clock, nobleSecrecy, (_one, _other, route) => routes.push(route));
  /** Pipes that lead by way of the scheduler. */
  const relayed: number[] = [];
  const hostOf = (id: string) => {
    const said: string[] = [];
    const host = {
      id,
      hello: { listens, reaches: ["ws"] },
      session: { id, key: nobleSecrecy.random(32) },
      trunk: { forward: (pipe: number) => void relayed.push(pipe) },
      say: (word: SchedulerToHost) =>
        said.push(word.type === "route" ? `route ${word.route}` : `${word.type} ${"host" in word ? word.host : ""}`),
    };
    return { host: host as unknown as RemoteHost, said };
  };
  const [a, b] = [hostOf("a"), hostOf("b")];
  /** Answers what they are asked, each in its turn: whether they can be reached. */
  const attempt = (from: typeof a, to: typeof a, isReached: boolean) => {
    pairs.hearListening(to.host, from.host.id, `ws://${to.host.id}`);
    pairs.hearReached(from.host, to.host.id, isReached);
  };
  const both = (isReached: boolean) => {
    attempt(a, b, isReached);
    if (!isReached) attempt(b, a, false);
  };
  const heard = () => [a.said.splice(0), b.said.splice(0)];
  return { clock, pairs, routes, relayed, a, b, attempt, both, heard };
}

describe("two hosts", () => {
  it("that cannot reach each other speak by way of the scheduler, and try again after a while, then after twice as long", async () => {
    const { clock, pairs, routes, relayed, a, b, both, heard } = stage();
    pairs.connect(a.host, b.host, 7);
    both(false);
    assert.deepEqual([routes, relayed], [["relay"], [7]]);
    assert.deepEqual(heard(), [
      ["reach b", "expect b", "route relay"],
      ["expect a", "reach a", "route relay"],
    ]);
    await clock.pass(1_999);
    assert.deepEqual(heard(), [[], []]);
    await clock.pass(1);
    both(false);
    assert.deepEqual(heard(), [
      ["reach b", "expect b"],
      ["expect a", "reach a"],
    ]);
    await clock.pass(3_999);
    assert.deepEqual(heard(), [[], []]);
    await clock.pass(1);
    both(true);
    assert.deepEqual(heard(), [
      ["reach b", "route direct"],
      ["expect a", "route direct"],
    ]);
    assert.deepEqual([routes, relayed], [["relay", "direct"], [7]]);
  });

  it("that lose their straight way keep what led by way of the scheduler before, and get the same for the rest", async () => {
    const { clock, pairs, routes, relayed, a, b, both } = stage();
    pairs.connect(a.host, b.host, 7);
    both(false);
    await clock.pass(2_000);
    both(true);
    pairs.connect(a.host, b.host, 8);
    assert.deepEqual(relayed, [7]);
    pairs.hearReached(b.host, "a", false);
    pairs.hearReached(a.host, "b", false);
    assert.deepEqual(
      [routes, relayed],
      [
        ["relay", "direct", "relay"],
        [7, 8],
      ],
    );
  });

  it("begin anew with the shortest wait when they have lost the straight way that they had found", async () => {
    const { clock, pairs, a, b, both, heard } = stage();
    pairs.connect(a.host, b.host, 7);
    both(false);
    for (const ms of [2_000, 4_000, 8_000]) {
      await clock.pass(ms);
      both(ms === 8_000);
    }
    pairs.hearReached(a.host, "b", false);
    heard();
    await clock.pass(2_000);
    assert.deepEqual(heard(), [[], ["expect a"]]);
  });

  it("of which neither listens do not try again, nor does one whose other is gone", async () => {
    const mute = stage({ listens: false });
    mute.pairs.connect(mute.a.host, mute.b.host, 7);
    assert.deepEqual(mute.routes, ["relay"]);
    mute.heard();
    await mute.clock.pass(1_000_000);
    assert.deepEqual(mute.heard(), [[], []]);
    const { clock, pairs, a, b, both, heard } = stage();
    pairs.connect(a.host, b.host, 7);
    both(false);
    pairs.remove(a.host);
    heard();
    await clock.pass(1_000_000);
    assert.deepEqual(heard(), [[], []]);
  });

  it("decide nothing by a word about what nobody is trying", () => {
    const { pairs, routes, a, b, both } = stage();
    pairs.connect(a.host, b.host, 7);
    pairs.hearReached(b.host, "a", true);
    assert.deepEqual(routes, []);
    both(false);
    pairs.hearReached(a.host, "b", true);
    assert.deepEqual(routes, ["relay"]);
  });
});

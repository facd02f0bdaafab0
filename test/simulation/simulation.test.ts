/** Some hundred simulated clusters, each with its own misfortunes; `npm run simulate` lives through as many more as one likes. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { simulateChurn, simulateLines } from "./churn.ts";
import { simulate } from "./simulate.ts";

/** Worlds that went wrong before something was mended. */
const ONCE_BAD = [
  18, 33, 36, 47, 49, 50, 51, 62, 82, 86, 98, 151, 155, 206, 267, 740, 1053, 1173, 1269, 1649, 2168, 2592, 3023, 3777,
  4919, 4921, 5075, 5502, 7698, 8020, 8061, 8103, 8204, 10948, 21202, 21364, 546, 3466, 7187, 2139, 2393, 1237,
];

const PER_TEST = 100;

/** The same, of several hosts. */
const ONCE_BAD_HOSTS = [3, 6, 8, 22, 38, 51, 53, 64, 253, 711, 7959, 13378, 24422, 30307];

/** The same, of hosts whose workers speak past them. */
const ONCE_BAD_LINES = [9631];

const worlds = { threads: simulate, hosts: simulateChurn, lines: simulateLines };

async function live(seeds: Iterable<number>, kind: keyof typeof worlds = "threads"): Promise<void> {
  for (const seed of seeds) {
    const { problem } = await worlds[kind](seed);
    if (problem === undefined) continue;
    const again = `npm run simulate -- --only ${kind} --seed ${seed}`;
    throw new Error(`seed ${seed} went wrong; for its story: ${again}`, { cause: problem });
  }
}

function* range(from: number, to: number): Iterable<number> {
  for (let i = from; i < to; i++) yield i;
}

describe("a simulated cluster", () => {
  for (let from = 1; from <= 500; from += PER_TEST) {
    it(`ends as a sequential run would, and holds nothing in the end: seeds ${from} to ${from + PER_TEST - 1}`, () =>
      live(range(from, from + PER_TEST)));
  }

  it("lives well through what it once did not", () => live(ONCE_BAD));

  it("of several hosts that come and go ends so, too: seeds 1 to 150", () => live(range(1, 151), "hosts"));

  it("whose workers speak past their hosts ends so, too: seeds 1 to 40", () =>
    live([...range(1, 41), ...ONCE_BAD_LINES], "lines"));

  it("of several hosts lives well through what it once did not", () => live(ONCE_BAD_HOSTS, "hosts"));

  it("lives through the same again for the same seed", async () => {
    const [first, again] = [await simulate(7, { tellsStory: true }), await simulate(7, { tellsStory: true })];
    assert.ok(first.story.length > 20, "there is a story");
    assert.deepEqual(again.story, first.story);
    const [hosts, hostsAgain] = [
      await simulateChurn(7, { tellsStory: true }),
      await simulateChurn(7, { tellsStory: true }),
    ];
    assert.deepEqual(hostsAgain.story, hosts.story);
  });
});

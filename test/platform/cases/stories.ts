/** The story of one task, and what workers are at. */
import { getTask } from "manyhands";
import type { Case } from "./case.ts";
import { equal, ok } from "./check.ts";

export const stories: readonly Case[] = [
  {
    name: "story() tells what a task is now, though nobody recorded anything",
    async run({ client }) {
      const made = client.with({ key: "told-input" }).submit(() => new Float64Array(20_000));
      const fails = client.with({ key: "told-failure" }).submit(function toldFailing(array: Float64Array) {
        throw new RangeError(`all ${array.length}`);
      }, made);
      await fails.exception();
      const story = await client.story(fails);
      equal(
        [story.now?.name, story.now?.state, story.now?.error],
        ["toldFailing", "erred", { name: "RangeError", message: "all 20000" }],
      );
      equal([story.steps, story.recordedSince], [[], undefined]);
      const input = await client.story("told-input");
      equal([input.now?.state, (input.now?.nbytes ?? 0) >= 160_000, input.now?.holders.length], ["memory", true, 1]);
      equal(input.now?.claimedBy, [client.id]);
      ok(/^told-failure: erred/.test(`${story}`) && /all 20000/.test(`${story}`), `${story}`);
      equal((await client.story("never-there")).now, undefined);
      for (const future of [made, fails]) future.release();
    },
  },
  {
    name: "story() tells what happened to a task while somebody recorded, to its end and beyond",
    async run({ client }) {
      await using _recording = await client.taskStream();
      const spin = (ms: number) => {
        const end = performance.now() + ms;
        while (performance.now() < end);
        return ms;
      };
      const future = client.submit(spin, 15);
      const { key } = future;
      await future.result();
      // Workers tell a few times a second; what they tell while they are asked is among it.
      await client.run(() => {});
      const moves = (await client.story(key)).steps.filter(({ seenBy }) => seenBy === "scheduler");
      equal(
        moves.map(({ what }) => what),
        ["released -> queued", "queued -> processing", "processing -> executing", "processing -> memory"],
      );
      const [, sent, , made] = moves;
      ok(sent?.worker !== undefined && sent.worker === made?.worker, "it is told where it ran");
      ok((made?.atMs ?? 0) - (sent?.atMs ?? 0) >= 10, "and when");
      const text = `${await client.story(key)}`;
      ok(/queued -> processing on thread:/.test(text), text);
    },
  },
  {
    name: "story() tells of attempts that failed, and of many that ran together without taking them apart",
    async run({ client }) {
      await using recording = await client.taskStream();
      const fails = client.with({ key: "told-twice", retries: 1 }).submit(() => {
        throw new Error("on purpose");
      });
      await fails.exception();
      const { now, steps } = await client.story("told-twice");
      equal([now?.attempts, now?.retried], [2, 1]);
      equal(steps.filter(({ what }) => what === "queued -> processing").length, 2);
      const many = client.map(
        (x: number) => x + 1,
        Array.from({ length: 3000 }, (_, i) => i),
      );
      await client.gather(many);
      const whats = (await client.story(many[2500] as (typeof many)[0])).steps.map(({ what }) => what);
      equal(whats.slice(0, 2), ["released -> queued", "queued -> processing"]);
      equal(whats.at(-1), "processing -> memory");
      fails.release();
      await recording.stop();
      const after = await client.story("told-twice");
      equal([after.steps, after.recordedSince], [[], undefined]);
    },
  },
  {
    name: "story() refuses what is neither a key nor a future",
    async run({ client }) {
      for (const wrong of ["", undefined, 7]) {
        const error = await client.story(wrong as string).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        ok(error instanceof TypeError, `${error}`);
      }
    },
  },
  {
    name: "callStack() tells what each worker is at, and in Node where in its code",
    async run({ client, isNode }) {
      await client.waitForWorkers(2);
      function outermost(ms: number) {
        function innermost() {
          const end = performance.now() + ms;
          while (performance.now() < end);
        }
        getTask().progress(0.1);
        innermost();
        return ms;
      }
      const [one = "", two = ""] = Object.keys((await client.schedulerInfo()).workers);
      const submittedMs = Date.now();
      const busy = client.with({ workers: one, key: "looked-into" }).submit(outermost, 700);
      await new Promise((resolve) => busy.onProgress(resolve));
      const stacks = await client.callStack();
      equal(
        stacks[one]?.running.map(({ key, name }) => [key, name]),
        [["looked-into", "outermost"]],
      );
      // Nobody records anything.
      const since = stacks[one]?.running[0]?.since ?? 0;
      ok(since > submittedMs - 100 && since < Date.now() + 100, `since ${since}, submitted at ${submittedMs}`);
      equal([stacks[two]?.running, stacks[two]?.noFrames], [[], "it has no task in hand"]);
      const frames = stacks[one]?.frames;
      if (isNode)
        ok(frames?.[0]?.startsWith("innermost (manyhands:") && frames[1]?.startsWith("outermost "), `${frames}`);
      else equal([frames, stacks[one]?.noFrames], [undefined, "nobody can look into a thread here"]);
      equal(await busy.result(), 700);
      equal(Object.keys(await client.callStack({ workers: two })), [two]);
    },
  },
  {
    name: "callStack() says that what waits is nowhere in its code, and who is not there",
    async run({ client, isNode }) {
      const waits = client.submit(() => {
        const { signal } = getTask();
        getTask().progress(0.5);
        return new Promise((resolve) => signal.addEventListener("abort", resolve));
      });
      await new Promise((resolve) => waits.onProgress(resolve));
      const stacks = Object.values(await client.callStack());
      const at = stacks.find(({ running }) => running.length > 0);
      equal(at?.frames, undefined);
      ok(isNode ? /waits for something/.test(at?.noFrames ?? "") : at?.noFrames !== undefined, `${at?.noFrames}`);
      waits.cancel();
      const error = await client.callStack({ workers: "nobody" }).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      ok(error instanceof RangeError && /nobody/.test(error.message), `${error}`);
    },
  },
];

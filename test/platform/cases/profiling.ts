/** Profiles: where time went, and the pages about it. */
import { Lock } from "manyhands";
import type { Case } from "./case.ts";
import { equal, ok } from "./check.ts";

const spin = (ms: number) => {
  const end = performance.now() + ms;
  while (performance.now() < end);
  return ms;
};

export const profiling: readonly Case[] = [
  {
    name: "profile() tells what functions have taken though nobody was looking",
    async run({ client }) {
      function unwatched(ms: number) {
        const end = performance.now() + ms;
        while (performance.now() < end);
      }
      await client.gather(client.map(unwatched, [10, 20]));
      const profile = await client.profile();
      const { runs = 0, ms = 0 } = profile.totals.find(({ name }) => name === "unwatched") ?? {};
      equal(runs, 2);
      ok(ms >= 29 && ms < 2000, `they took ${ms} ms`);
      equal([profile.spans.length, profile.stacks.length], [0, 0]);
    },
  },
  {
    name: "performanceReport() tells where time went by name, what moved, and what was idle",
    async run({ client }) {
      await client.waitForWorkers(2);
      // Like no function that these workers have had before: it has to be made.
      const turn = (ms: number) => {
        const endMs = performance.now() + ms;
        while (performance.now() < endMs);
        return [ms];
      };
      const report = await client.performanceReport();
      const [one = "", two = ""] = Object.keys((await client.schedulerInfo()).workers);
      const large = client.with({ workers: one }).submit(() => new Float64Array(100_000));
      await client
        .with({ workers: two })
        .submit((array: Float64Array) => array.length, large)
        .result();
      await client.gather(client.map(turn, [20, 30, 40]));
      const midway = await client.profile();
      const profile = await report.stop();
      equal(await report.stop(), profile);
      const { tasks = 0, compute = 0 } = profile.byName.find(({ name }) => name === "turn") ?? {};
      equal(tasks, 3);
      ok(compute >= 85 && compute < 2000, `they took ${compute} ms`);
      // How long that took, not every clock can tell.
      ok(
        profile.spans.some(({ kind, name }) => kind === "deserialize" && name === "turn"),
        "the function had to be made",
      );
      // What was told by then is the beginning of what was told in the end.
      equal(midway.spans, profile.spans.slice(0, midway.spans.length));
      equal(midway.contents.fromMs, profile.contents.fromMs);
      equal(
        profile.transfers.map(({ from, to, times, nbytes }) => [from, to, times, nbytes >= 800_000]),
        [[one, two, 1, true]],
      );
      const { fromMs, toMs, workers } = profile.contents;
      equal([...workers].sort(), [one, two].sort());
      ok(profile.idleMs > 0 && profile.idleMs < (toMs - fromMs) * 2, `${profile.idleMs} ms idle`);
      const later = await client.profile();
      equal(later.spans.length, 0);
    },
  },
  {
    name: "a report samples stacks in Node, and says why there are none elsewhere",
    async run({ client, isNode }) {
      const report = await client.performanceReport();
      const deep = (ms: number) => {
        function innermost() {
          const end = performance.now() + ms;
          while (performance.now() < end);
        }
        innermost();
      };
      await client.gather(client.map(deep, [60, 60]));
      const profile = await report.stop();
      const cpu = profile.toCpuProfile();
      if (isNode) {
        ok(
          cpu?.nodes.some(({ callFrame }) => callFrame.functionName === "innermost"),
          "what ran was found running",
        );
        const ids = new Set(cpu?.nodes.map(({ id }) => id));
        equal(ids.size, cpu?.nodes.length);
        ok(
          cpu?.samples?.every((id) => ids.has(id)),
          "every sample has its node",
        );
      } else {
        equal(cpu, undefined);
        ok(/browsers/.test(profile.contents.noStacks ?? ""), `${profile.contents.noStacks}`);
      }
      // The sampler is gone, and another report finds a place of its own.
      const second = await client.performanceReport({ stacks: false });
      equal((await second.stop()).stacks.length, 0);
    },
  },
  {
    name: "the page of a profile is whole in itself, and holds what it is about, whatever that is called",
    async run({ client }) {
      const report = await client.performanceReport({ stacks: false });
      await client.with({ key: "</script><b>$&" }).submit(spin, 1).result();
      const html = await (await report.stop()).toHtml();
      const [, json = ""] = /<script type="application\/json" id="contents">(.*?)<\/script>/s.exec(html) ?? [];
      const { spans } = JSON.parse(json) as { spans: { key: string }[] };
      equal(
        spans.map(({ key }) => key).filter((key) => key?.startsWith("<")),
        ["</script><b>$&"],
      );
      ok(!/<(script|link|img)[^>]*\s(src|href)=/.test(html), "it loads nothing");
    },
  },
  {
    name: "survey() counts tasks by name and state, and tells each of them and what it needs",
    async run({ client }) {
      function surveyed(n: number) {
        return new Float64Array(2000 + n);
      }
      function surveyedNeeding(array: Float64Array) {
        return array.slice();
      }
      const made = client.with({ key: "surveyed-one" }).submit(surveyed, 1);
      const needs = client.with({ key: "needing-one" }).submit(surveyedNeeding, made);
      const fails = client.with({ key: "failing-one" }).submit(function surveyedFailing() {
        throw new Error("on purpose");
      });
      await client.gather([needs]);
      await fails.exception();
      const lock = new Lock("surveyed door", { client });
      await lock.acquire();
      const waiting = lock.acquire();
      const { names, graph = [], meetingPlaces, info } = await client.survey({ graph: 100_000 });
      equal(Object.keys(info.workers).length, Object.keys((await client.schedulerInfo()).workers).length);
      const counts = Object.fromEntries(names.map(({ name, runs, erred }) => [name, [runs, erred]]));
      equal(
        [counts["surveyed"], counts["surveyedNeeding"], counts["surveyedFailing"]],
        [
          [1, 0],
          [1, 0],
          [1, 1],
        ],
      );
      const dependent = graph.find(({ key }) => key === "needing-one");
      equal(
        dependent?.inputs.map((place) => graph[place]?.key),
        ["surveyed-one"],
      );
      equal(
        meetingPlaces.filter(({ name }) => name === "surveyed door"),
        [{ kind: "lock", name: "surveyed door", waiting: 1, isIdle: false }],
      );
      await lock.release();
      await (await waiting).release();
      equal((await client.survey({ graph: 0 })).graph, undefined);
      for (const future of [made, needs, fails]) future.release();
    },
  },
  {
    name: "profile() and performanceReport() refuse a filename that is none",
    async run({ client }) {
      for (const ask of [() => client.profile({ filename: "" }), () => client.performanceReport({ filename: "" })]) {
        const error = await ask().then(
          () => undefined,
          (reason: unknown) => reason,
        );
        ok(error instanceof TypeError && /filename/.test(error.message), `${error}`);
      }
    },
  },
];

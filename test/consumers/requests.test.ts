/** What pages ask for: plain programs no more than the core and the scheduler; and what they are told when something is not to be had. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { build as viteBuild } from "vite";
import { browserNames } from "../browsers/browsers.mjs";
import { type Chunks, chunksOf, closure, isLoadedFor, isPlain } from "../support/chunks.ts";
import { scratch } from "./package.ts";
import { startBrowser, type TestBrowser } from "./page.ts";
import { announce, page } from "./programs.ts";
import { serve } from "./server.ts";

const projects = scratch();

/** Data, many tasks at once, tasks on tasks, an error. */
const plain = `import { Client } from "manyhands";
(async () => {
  const client = new Client({ nWorkers: 2 });
  const data = client.scatter(new Float64Array([1, 2, 3]));
  const sums = client.map((xs, y) => xs.reduce((a, b) => a + b, y), [data, data], [1, 2]);
  const [first, second] = await client.gather(sums);
  const total = await client.submit((x, y) => x + y, ...sums).result();
  const error = await client.submit(() => { throw new RangeError("too far"); }).result().catch((error) => error);
  await client.close();
  return [first, second, total, error.name, error.message].join(" ");
})()${announce}
`;

/** What it is told of a task, of a question to the scheduler, of what holds futures, and then of another task. */
const curious = `import { Client } from "manyhands";
(async () => {
  const client = new Client({ nWorkers: 1 });
  const nested = new Function("return { of: getClient().submit(() => 1) }"); // No bundler has renamed anything in it.
  const all = [];
  for (const ask of [
    async () => client.submit((x) => x + 1, 1).result(),
    async () => (await client.listDatasets()).length,
    async () => (await client.submit(nested).result()).of.result(),
    async () => client.submit((x) => x + 2, 1).result(),
  ]) all.push(await ask().then(String, ({ name, message }) => name + ": " + message));
  await client.close();
  return all.join("\\\\n");
})()${announce}
`;

const root = projects.project("requests", {
  "plain.js": plain,
  "curious.js": curious,
  "plain.html": page('<script type="module" src="/plain.js"></script>'),
  "curious.html": page('<script type="module" src="/curious.js"></script>'),
});

let chunks: Chunks;
before(async () => {
  const input = { plain: join(root, "plain.html"), curious: join(root, "curious.html") };
  const build = { rolldownOptions: { input } };
  chunks = chunksOf(await viteBuild({ root, configFile: false, logLevel: "silent", build }));
});
after(() => projects.remove());

for (const name of browserNames) {
  describe(`what pages ask for in ${name}`, () => {
    let browser: TestBrowser;
    before(async () => {
      browser = await startBrowser(name);
    });
    after(() => browser.close());

    async function visit(path: string, isThere: (path: string) => boolean = () => true) {
      const server = await serve(join(root, "dist"), undefined, isThere);
      const outcome = await browser.outcomeOf(server.url + path).finally(() => server.close());
      return { outcome: outcome.split("\\n"), served: server.served.map((path) => path.slice(1)) };
    }

    /** All but what exports `name`. */
    const without = (name: string) => (path: string) => {
      const chunk = chunks.get(path.slice(1));
      return chunk === undefined || !isLoadedFor(name)(chunk);
    };

    it("a plain program asks for the core and the scheduler, and for nothing else", async () => {
      const { outcome, served } = await visit("plain.html");
      assert.deepEqual(outcome, ["7 8 15 RangeError too far"]);
      const allowed = new Set(Array.from(closure(chunks, isPlain), ({ fileName }) => fileName));
      const asked = served.filter((path) => chunks.has(path));
      assert.ok(asked.length > 1, "nothing was asked for");
      assert.deepEqual(
        asked.filter((path) => !allowed.has(path)),
        [],
      );
    });

    it("all is to be had", async () => {
      assert.deepEqual((await visit("curious.html")).outcome, ["2", "0", "1", "3"]);
    });

    it("without the scheduler, all who wait are told", async () => {
      const { outcome } = await visit("curious.html", without("SchedulerMachine"));
      assert.equal(outcome.length, 4);
      for (const each of outcome) assert.match(each, /^CommClosedError: .*the scheduler could not be loaded: /);
    });

    it("without Comlink, all who wait are told", async () => {
      const { outcome } = await visit("curious.html", without("transferHandlers"));
      assert.equal(outcome.length, 4);
      for (const each of outcome) assert.match(each, /no worker could be started: Comlink could not be loaded: /);
    });

    it("without the scheduler's rules for what few programs need, who needs them is told", async () => {
      const { outcome } = await visit("curious.html", without("requestRules"));
      const [task, ...rest] = outcome;
      assert.equal(task, "2");
      assert.equal(rest.length, 3);
      for (const each of rest) assert.match(each, /^CommClosedError: .*a part of the scheduler could not be loaded: /);
    });

    it("without what puts futures in results together, only those fail", async () => {
      const { outcome } = await visit("curious.html", without("unpackFutures"));
      const [task, names, nested, last] = outcome;
      assert.deepEqual([task, names, last], ["2", "0", "3"]);
      assert.match(nested ?? "", /^TypeError: .*import/);
    });
  });
}

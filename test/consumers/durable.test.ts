/** Pages with a durable cluster that are reloaded in the middle of a job. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { browserNames } from "../browsers/browsers.mjs";
import { scratch } from "./package.ts";
import { startBrowser, type TestBrowser } from "./page.ts";
import { page } from "./programs.ts";
import { serve } from "./server.ts";

const projects = scratch();
const dist = "node_modules/manyhands/dist";

/** Tasks from 3 on do not end before the page has been reloaded. What each does is seen by the files it asks for. */
const program = `
  const base = new URL("./", location.href).href;
  const task = async (base, i) => {
    await fetch(base + "ran-" + i + ".json", { cache: "no-store" });
    while (i >= 3 && !(await fetch(base + "open.json", { cache: "no-store" })).ok) await new Promise((go) => setTimeout(go, 20));
    return i * 10;
  };
  const submit = (client) => client.with({ key: "job" }).map(task, Array(6).fill(base), [0, 1, 2, 3, 4, 5]);
  (async () => {
    const cluster = new LocalCluster({ nWorkers: 2, durable: "reloaded" });
    const client = new Client(cluster);
    const queue = new Queue("queue", { client });
    if (sessionStorage.getItem("visited") === null) {
      sessionStorage.setItem("visited", "yes");
      const large = client.submit(() => new Float64Array(100_000).fill(7));
      const futures = submit(client);
      await client.publishDataset("set", { large, list: futures.slice(0, 2) });
      await queue.put(futures[2]);
      await queue.put("item");
      await new Variable("variable", { client }).set(new Map([["a", 1n]]));
      await Promise.all([large.exception(), ...futures.slice(0, 3).map((future) => future.result())]);
      await cluster.saved();
      location.reload();
      return;
    }
    await fetch(base + "reloaded.json");
    await client.ready;
    const second = new LocalCluster({ nWorkers: 0, durable: "reloaded" });
    const taken = await second.ready.then(() => "both", ({ message }) => /in use by another tab/.test(message));
    const { large, list } = await client.getDataset("set");
    const seen = [
      taken,
      (await client.gather(submit(client))).join(),
      (await large.result())[99_999],
      (await client.gather(list)).join(),
      await (await queue.get()).result(),
      await queue.get(),
      (await new Variable("variable", { client }).get()).get("a"),
    ];
    await client.close();
    await cluster.close();
    console.log("outcome: " + seen.join(" | "));
  })().catch((error) => console.log("outcome: " + error.stack));`;

const files = Object.fromEntries(
  ["open", "reloaded", ...Array.from({ length: 6 }, (_, i) => `ran-${i}`)].map((name) => [`${name}.json`, "{}"]),
);

const root = projects.project("durable", {
  ...files,
  "module.js": `import { Client, LocalCluster, Queue, Variable } from "manyhands";\n${program}`,
  "script.js": `const { Client, LocalCluster, Queue, Variable } = manyhands;\n${program}`,
  "module.html": page(
    `<script type="importmap">{ "imports": { "manyhands": "./${dist}/index.js" } }</script>`,
    `<script type="module" src="module.js"></script>`,
  ),
  "script.html": page(`<script src="${dist}/manyhands.js"></script>`, `<script src="script.js"></script>`),
});

after(() => projects.remove());

for (const name of browserNames) {
  describe(`a durable cluster in ${name}`, () => {
    let browser: TestBrowser;
    before(async () => {
      browser = await startBrowser(name);
    });
    after(() => browser.close());

    for (const kind of ["module", "script"]) {
      it(`goes on after its page was reloaded, as a ${kind}, with what was not done`, async () => {
        const asked: string[] = [];
        const server = await serve(
          root,
          () => ({}),
          (path) => {
            if (path === "/open.json" && !asked.includes("/reloaded.json")) return false;
            asked.push(path);
            return true;
          },
        );
        try {
          const outcome = await browser.outcomeOf(`${server.url}${kind}.html`);
          assert.equal(outcome, "true | 0,10,20,30,40,50 | 7 | 0,10 | 20 | item | 1");
          const timesOf = (i: number) => asked.filter((path) => path === `/ran-${i}.json`).length;
          assert.deepEqual([0, 1, 2].map(timesOf), [1, 1, 1], "what was done is done once");
          assert.ok([3, 4, 5].map(timesOf).every((times) => times === 1 || times === 2));
        } finally {
          await server.close();
        }
      });
    }
  });
}

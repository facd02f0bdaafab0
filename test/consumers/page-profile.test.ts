/** Profiles of pages that may sample their own stacks, and the forms that other tools open. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import puppeteer, { type Browser } from "puppeteer-core";
import type { ChromeTrace, CpuProfile } from "../../src/client/profile-exports.ts";
import { launchOptions } from "../browsers/browsers.mjs";
import { scratch } from "./package.ts";
import { page as htmlPage } from "./programs.ts";
import { type Server, serve } from "./server.ts";

const projects = scratch();
const root = projects.project("page-profile", {
  // The page computes until it has been looked at, while its workers have tasks.
  "main.js": `
    import { Client } from "manyhands";
    const spin = (ms) => { for (const end = performance.now() + ms; performance.now() < end; ); return ms; };
    function busyInThePage() { return spin(300); }
    globalThis.profiled = async () => {
      const client = new Client({ nWorkers: 2 });
      const report = await client.performanceReport();
      const tasks = client.map(spin, [5, 10, 15, 20]);
      busyInThePage();
      const large = client.submit(() => new Float64Array(10_000));
      await client.gather([...tasks, client.submit((a) => a.length, large)]);
      await client.submit(() => { throw new Error("on purpose"); }).exception();
      const profile = await report.stop();
      await client.close();
      return { trace: profile.toChromeTrace(), cpu: profile.toCpuProfile(), noStacks: profile.contents.noStacks, html: await profile.toHtml() };
    };`,
  "index.html": htmlPage(
    `<script type="importmap">{ "imports": { "manyhands": "./node_modules/manyhands/dist/index.js" } }</script>`,
    `<script type="module" src="main.js"></script>`,
  ),
});

interface Profiled {
  readonly trace: ChromeTrace;
  readonly cpu: CpuProfile | undefined;
  readonly noStacks: string | undefined;
  readonly html: string;
}

describe("the profile of a page of chromium", () => {
  let browser: Browser;
  before(async () => {
    browser = await puppeteer.launch(launchOptions("chromium"));
  });
  after(async () => {
    await browser.close();
    projects.remove();
  });

  async function profiled(headers: Record<string, string>): Promise<Profiled> {
    const server: Server = await serve(root, () => headers);
    try {
      const page = await browser.newPage();
      await page.goto(server.url);
      await page.waitForFunction("globalThis.profiled !== undefined");
      return (await page.evaluate("profiled()")) as Profiled;
    } finally {
      await server.close();
    }
  }

  it("has the stacks of the page itself, if its policy allows it, in a .cpuprofile whose parts fit together", {
    timeout: 60_000,
  }, async () => {
    const { cpu, noStacks, html, trace } = await profiled({ "Document-Policy": "js-profiling" });
    assert.match(String(noStacks), /browsers let no Web Worker sample its stacks/);
    assert.ok(cpu);
    assert.ok(cpu.nodes.some(({ callFrame }) => callFrame.functionName === "busyInThePage"));
    demandCpuProfile(cpu);
    demandTrace(trace);
    assert.match(html, /Of workers there are none/);
  });
});

/** One tree of nodes in which each has one parent, as many times as samples, and samples of nodes that are there: what V8's tools take. */
function demandCpuProfile({ nodes, samples = [], timeDeltas = [], startTime, endTime }: CpuProfile): void {
  const parents = new Map<number, number>();
  const ids = new Set(nodes.map(({ id }) => id));
  assert.equal(ids.size, nodes.length);
  for (const { id, children = [], callFrame } of nodes) {
    for (const child of children) {
      assert.ok(ids.has(child) && !parents.has(child), `node ${child} has one parent`);
      parents.set(child, id);
    }
    assert.deepEqual(
      [typeof callFrame.functionName, typeof callFrame.scriptId, typeof callFrame.url],
      ["string", "string", "string"],
    );
    assert.ok(Number.isInteger(callFrame.lineNumber) && Number.isInteger(callFrame.columnNumber));
  }
  assert.deepEqual(
    nodes.filter(({ id }) => !parents.has(id)).map(({ callFrame }) => callFrame.functionName),
    ["(root)"],
  );
  assert.equal(nodes[0]?.callFrame.functionName, "(root)");
  assert.equal(samples.length, timeDeltas.length);
  assert.ok(samples.length > 0 && samples.every((id) => ids.has(id)));
  assert.ok(timeDeltas.every((delta) => Number.isFinite(delta) && delta >= 0));
  assert.ok(startTime <= endTime);
}

/** What the Trace Event Format asks of a JSON object of complete and metadata events; those of one thread must not overlap but nest. */
function demandTrace(trace: ChromeTrace): void {
  assert.equal(trace.displayTimeUnit, "ms");
  const ends = new Map<number, number>();
  const named = new Set<string>();
  const events = (JSON.parse(JSON.stringify(trace)) as ChromeTrace).traceEvents;
  for (const { name, ph, pid, tid, args } of events) {
    assert.ok(typeof name === "string" && name !== "" && (ph === "X" || ph === "M"));
    assert.ok(Number.isInteger(pid) && Number.isInteger(tid));
    if (ph === "M") {
      assert.ok(name === "thread_name" || name === "process_name");
      assert.equal(typeof args?.["name"], "string");
      named.add(name === "thread_name" ? `${pid} ${tid}` : `${pid}`);
    }
  }
  const complete = events.filter(({ ph }) => ph === "X").sort((a, b) => (a.ts as number) - (b.ts as number));
  assert.ok(complete.length > 0);
  for (const { ts, dur, cat, pid, tid } of complete) {
    assert.ok(Number.isFinite(ts) && Number.isFinite(dur) && (dur as number) >= 0 && typeof cat === "string");
    assert.ok(named.has(`${pid}`) && named.has(`${pid} ${tid}`), "its process and its thread have names");
    assert.ok((ts as number) >= (ends.get(tid) ?? 0) - 1, "one after the other");
    ends.set(tid, (ts as number) + (dur as number));
  }
}

/** A dashboard served in Node: to whom, what, and until when. */
import assert from "node:assert/strict";
import { get } from "node:http";
import { after, describe, it } from "node:test";
import { Client } from "manyhands";
import type { Client as NodeClient } from "../../src/node.ts";

/** What the name means in Node has more than in pages. */
const start = () => new Client({ nWorkers: 1 }) as unknown as NodeClient;

const client = start();
after(() => client.close());

const work = (n: number) => n + 1;

/** The status of a request with such headers. */
function statusOf(url: string, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(url, { headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on("error", reject);
  });
}

describe("a dashboard that is served", { timeout: 20_000 }, () => {
  it("has a page, its script, figures for people and machines, and nothing else", async () => {
    await client.gather(client.map(work, [1, 2, 3]));
    const { url } = await client.serveDashboard();
    assert.equal(client.dashboardUrl, url);
    const read = async (path: string) => {
      const response = await fetch(new URL(path, url));
      return { status: response.status, type: response.headers.get("content-type"), text: await response.text() };
    };
    assert.match((await read("/")).text, /page\.js/);
    assert.match((await read("/page.js")).text, /openDashboard/);
    const script = await read("/dashboard.js");
    assert.equal(script.type, "text/javascript");
    assert.match(script.text, /manyhands-dashboard/);
    assert.deepEqual(JSON.parse((await read("/health")).text), { status: "ok", workers: 1 });
    const metrics = (await read("/metrics")).text;
    assert.match(metrics, /^manyhands_runs_total\{name="work"\} 3$/m);
    assert.match(metrics, /^manyhands_workers\{status="running"\} 1$/m);
    const survey = JSON.parse((await read("/survey")).text) as { names: { name: string; runs: number }[] };
    assert.equal(survey.names.find(({ name }) => name === "work")?.runs, 3);
    const story = JSON.parse((await read(`/story?key=work-${client.id}-0`)).text) as { key: string };
    assert.equal(story.key, `work-${client.id}-0`);
    assert.equal((await read("/story")).status, 400);
    for (const path of ["/nothing", "/node.js", "/../package.json", "/%2e%2e/package.json", "/browser-..js"]) {
      assert.equal((await read(path)).status, 404, path);
    }
    assert.equal((await fetch(url, { method: "POST" })).status, 405);
  });

  it("tells spans and events as they come, and stops when nobody listens", async () => {
    const { url } = await client.serveDashboard();
    const gone = new AbortController();
    const follow = async (path: string, wanted: RegExp) => {
      const response = await fetch(new URL(path, url), { signal: gone.signal });
      const decoder = new TextDecoder();
      let text = "";
      for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) {
        if (text === "") client.submit(function served() {}).result();
        text += decoder.decode(part, { stream: true });
        if (wanted.test(text)) return text;
      }
      throw new Error(`it ended after ${text}`);
    };
    client.logEvent("training", { epoch: 7 });
    const [spans, events] = await Promise.all([follow("/spans", /"served"/), follow("/events", /"epoch":7/)]);
    assert.match(spans, /"kind":"compute"/);
    assert.match(events, /"topic":"training"/);
    gone.abort();
  });

  it("is for this machine's own pages: another name is refused, though it leads here", async () => {
    const { url } = await client.serveDashboard();
    assert.equal(await statusOf(url, { host: "evil.example" }), 403);
    assert.equal(await statusOf(url, { host: "localhost:1" }), 200);
  });

  it("asks for its token, if it has one", async () => {
    const { url } = await client.serveDashboard({ token: "open sesame" });
    const metrics = new URL("/metrics", url).href;
    assert.equal(await statusOf(url, {}), 200);
    assert.equal(await statusOf(metrics, {}), 401);
    assert.equal(await statusOf(`${metrics}?token=wrong`, {}), 401);
    assert.equal(await statusOf(metrics, { authorization: "Bearer open sesame" }), 200);
  });

  it("makes a token where others reach it, and is over with its client", async () => {
    const other = start();
    const { url } = await other.serveDashboard({ host: "0.0.0.0" });
    const { port, search } = new URL(url);
    assert.match(search, /^\?token=[\w-]{24}$/);
    assert.equal(await statusOf(`http://127.0.0.1:${port}/survey`, {}), 401);
    assert.equal(await statusOf(`http://127.0.0.1:${port}/survey${search}`, {}), 200);
    await other.close();
    await assert.rejects(statusOf(`http://127.0.0.1:${port}/`, {}));
  });

  it("rejects where it cannot be served", async () => {
    const { url } = await client.serveDashboard();
    const port = Number(new URL(url).port);
    const other = start();
    await assert.rejects(other.serveDashboard({ port }), /EADDRINUSE/);
    await other.close();
  });
});

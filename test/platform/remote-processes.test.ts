/** Schedulers and hosts as processes of their own: that end in good order, at once, or are killed; and what the command line says. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join as joinPath } from "node:path";
import { describe, it } from "node:test";
import { Client, type Future, Queue } from "manyhands";
import { scratchFolder, start, startHost, startScheduler, tokens } from "./commands.ts";

const soon = <T>(x: T) => new Promise<T>((resolve) => setTimeout(() => resolve(x), 20));
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
const sum = (all: readonly number[]) => all.reduce((a, b) => a + b, 0);

/** Ends what was started with the scope. */
function scope() {
  const ends: (() => unknown)[] = [];
  return {
    add<T extends { kill(): unknown }>(started: T): T {
      ends.push(() => started.kill());
      return started;
    },
    client(address: string, options = {}) {
      const client = new Client(address, { token: tokens.client, ...options });
      ends.push(() => client.close());
      return client;
    },
    async [Symbol.asyncDispose]() {
      for (const end of ends.reverse()) await end();
    },
  };
}

describe("processes", { timeout: 90_000 }, () => {
  it("a scheduler, two hosts and a client work together, and leave in good order when they are interrupted", async () => {
    await using t = scope();
    const scheduler = t.add(await startScheduler());
    const [one, two] = await Promise.all([
      t.add(await startHost(scheduler.address, ["--name", "one"])),
      t.add(await startHost(scheduler.address, ["--name", "two"])),
    ]);
    const client = t.client(scheduler.address);
    await client.waitForWorkers(2);
    const large = client.with({ workers: ["one-0"] }).submit(() => new Float64Array(100_000).fill(process.pid));
    await large.exception();
    const futures = client.map(soon, numbers(50));
    await futures[0]?.result();
    assert.equal(await one.kill("SIGINT"), 0);
    assert.equal(sum(await client.gather(futures)), sum(numbers(50)));
    assert.equal((await large.result())[0], one.process.pid);
    assert.ok(one.log.some((line) => line.includes('"left"')));
    assert.equal(await two.kill("SIGTERM"), 0);
    const unheard = client.submit(soon, 1);
    assert.equal(await scheduler.kill("SIGINT"), 0);
    await assert.rejects(unheard.result(), { name: "CommClosedError", message: /the cluster was closed/ });
    for (const text of [...scheduler.log, ...one.log, ...two.log]) {
      assert.ok(!text.includes(tokens.worker) && !text.includes(tokens.client), text);
    }
  });

  it("a host that is killed has its work done by another, and what it held is made again", async () => {
    await using t = scope();
    const scheduler = t.add(await startScheduler(["--lease", "500"]));
    const victim = t.add(await startHost(scheduler.address, ["--name", "victim"]));
    const client = t.client(scheduler.address);
    const large = client.submit((n: number) => new Float64Array(n).fill(process.pid), 100_000);
    await large.exception();
    const futures = client.map(soon, numbers(50));
    await futures[0]?.result();
    const other = t.add(await startHost(scheduler.address, ["--name", "other"]));
    await victim.kill("SIGKILL");
    assert.equal(sum(await client.gather(futures)), sum(numbers(50)));
    assert.equal((await large.result())[0], other.process.pid);
  });

  it("a task that kills its host ends as that, and does not travel through all hosts", async () => {
    await using t = scope();
    const scheduler = t.add(await startScheduler(["--lease", "200"]));
    const hosts = await Promise.all(numbers(5).map(() => startHost(scheduler.address)));
    for (const host of hosts) t.add(host);
    const client = t.client(scheduler.address);
    await client.waitForWorkers(5);
    const killer = client.submit(() => process.kill(process.pid, "SIGKILL"));
    await assert.rejects(killer.result(), { name: "KilledWorkerError" });
    const alive = hosts.filter(({ process: { exitCode, signalCode } }) => exitCode === null && signalCode === null);
    assert.equal(alive.length, 2);
    assert.equal(await client.submit(soon, 7).result(), 7);
  });

  it("a scheduler that is killed and started again finds its hosts, what these hold, and what clients still want", async () => {
    await using t = scope();
    const first = await startScheduler(["--lease", "500"]);
    const port = new URL(first.address).port;
    t.add(await startHost(first.address));
    const client = t.client(first.address);
    const recording = await client.taskStream();
    const heard = new Promise<string>((resolve) => {
      void client.forwardLogs({ handler: ({ text, key }) => resolve(`${text} by ${key}`) });
    });
    const made = client.submit((n: number) => new Float64Array(n).fill(Math.random()), 100_000);
    await made.exception();
    const known = client.submit((x: Float64Array) => x[0], made);
    const value = await known.result();
    const futures = client.map(soon, numbers(60));
    await futures[3]?.result();
    await first.kill("SIGKILL");
    const again = client.submit(soon, "submitted while there is none");
    const second = t.add(start(["scheduler", "--listen", `ws://127.0.0.1:${port}`, "--lease", "500", "--json"]));
    await second.logged('"listening"');
    assert.equal(sum(await client.gather(futures)), sum(numbers(60)));
    assert.equal(await again.result(), "submitted while there is none");
    assert.equal((await made.result())[0], value); // Made again, it would be another.
    // Whoever looked goes on looking.
    const seen = client.with({ key: "seen" }).submit(() => {
      console.log("written");
      for (const end = performance.now() + 5; performance.now() < end; );
    });
    await seen.result();
    assert.equal(await heard, "written by seen");
    await recording.stop();
    assert.ok(
      recording.spans.some(({ key }) => key === "seen"),
      `of ${recording.spans.length} spans`,
    );
  });

  it("a durable scheduler that is killed and started again has what clients met at, and does not do again what was done", async () => {
    await using t = scope();
    using folder = scratchFolder();
    const durable = ["--lease", "500", "--durable", "jobs", "--directory", folder.path];
    const log = joinPath(folder.path, "log");
    const first = await startScheduler(durable);
    const port = new URL(first.address).port;
    t.add(await startHost(first.address));
    const client = t.client(first.address);
    const note = async (log: string, i: number) => {
      const { appendFileSync } = await import("node:fs");
      appendFileSync(log, `${i}\n`);
      return new Promise<number>((resolve) => setTimeout(resolve, 20, i));
    };
    const futures = client.map(note, Array(60).fill(log), numbers(60));
    const third = futures[2] as Future<number>;
    const named = client.with({ key: "named" }).submit((x: number) => x + 1, third);
    const queue = new Queue<number>("queue", { client });
    for (const i of numbers(3)) await queue.put(i);
    await client.publishDataset("set", { named });
    await futures[20]?.result();
    await named.result();
    await first.kill("SIGKILL");
    const second = t.add(start(["scheduler", "--listen", `ws://127.0.0.1:${port}`, "--json", ...durable]));
    await second.logged('"listening"');
    assert.equal(sum(await client.gather(futures)), sum(numbers(60)));
    assert.equal(await queue.get(), 0);
    assert.deepEqual(await client.listDatasets(), ["set"]);
    const there = await client.getDataset<{ named: Future<number> }>("set");
    assert.equal(await there.named.result(), 3);
    const runs = numbers(60).map(
      (i) =>
        readFileSync(log, "utf8")
          .split("\n")
          .filter((line) => line === `${i}`).length,
    );
    const again = runs.filter((times) => times > 1).length;
    assert.ok(again <= 5, `${again} tasks ran twice: ${runs}`);
  });

  it("a client whose scheduler does not come back is told so", async () => {
    await using t = scope();
    const scheduler = t.add(await startScheduler(["--lease", "200"]));
    const client = t.client(scheduler.address, { reconnectForMs: 300 });
    await client.ready;
    const waiting = client.submit(soon, 1);
    const asked = client.waitForWorkers(1);
    await scheduler.kill("SIGKILL");
    await assert.rejects(waiting.result(), {
      name: "CommClosedError",
      message: /not found again within 300 ms: .*ECONNREFUSED/,
    });
    await assert.rejects(asked, { name: "CommClosedError" });
  });
});

describe("the command line", { timeout: 60_000 }, () => {
  it("explains itself", async () => {
    const overview = start(["--help"]);
    assert.equal(await overview.ended, 0);
    assert.match(overview.output, /scheduler {2,}.*\n.*worker {2,}/);
    for (const name of ["scheduler", "worker", "dashboard"]) {
      const help = start([name, "--help"]);
      assert.equal(await help.ended, 0);
      assert.match(help.output, new RegExp(`^manyhands ${name}`));
    }
  });

  it("says what makes no sense, with an exit code of its own", async () => {
    for (const args of [
      [],
      ["nonsense"],
      ["toString"],
      ["scheduler", "--odd"],
      ["scheduler", "--workers", "x"],
      ["worker"],
      ["worker", "ws://a", "ws://b"],
      ["dashboard"],
      ["dashboard", "ws://127.0.0.1:1", "--port", "x"],
      ["worker", "ws://127.0.0.1:1", "--cpu-share", "2"],
      ["worker", "ws://127.0.0.1:1", "--resources", "gpu"],
    ]) {
      const misused = start(args);
      assert.equal(await misused.ended, 2, args.join(" "));
    }
    const secretive = start(["scheduler", "--listen", "ws://127.0.0.1:0"], {
      env: { MANYHANDS_WORKER_TOKEN: undefined, MANYHANDS_CLIENT_TOKEN: undefined },
    });
    assert.equal(await secretive.ended, 2);
    assert.match(secretive.log.join(), /nobody would see the tokens/);
  });

  it("tells refusal from failure", async () => {
    await using t = scope();
    const scheduler = t.add(await startScheduler());
    const refused = start(["worker", scheduler.address], { env: { MANYHANDS_WORKER_TOKEN: "wrong-token" } });
    assert.equal(await refused.ended, 3);
    assert.match(refused.log.join(), /UnauthorizedError/);
    const failed = start(["worker", "ws://127.0.0.1:1"]);
    assert.equal(await failed.ended, 1);
    assert.match(failed.log.join(), /CommClosedError: ws:\/\/127\.0\.0\.1:1 cannot be reached/);
  });

  it("keeps tokens that it makes in a file for their owner alone, which workers read", async () => {
    await using t = scope();
    using folder = scratchFolder();
    const path = joinPath(folder.path, "tokens.json");
    const env = { MANYHANDS_WORKER_TOKEN: undefined, MANYHANDS_CLIENT_TOKEN: undefined };
    const scheduler = t.add(await startScheduler(["--tokens", path], { env }));
    assert.ok(existsSync(path));
    assert.equal(statSync(path).mode & 0o777, 0o600);
    t.add(await startHost(scheduler.address, ["--token-file", path], { env }));
    const { client: token } = JSON.parse(readFileSync(path, "utf8"));
    const client = t.client(scheduler.address, { token });
    assert.equal(await client.submit(soon, 5).result(), 5);
    await scheduler.kill("SIGTERM");
    const again = t.add(await startScheduler(["--tokens", path], { env }));
    const second = t.client(again.address, { token });
    await second.ready;
  });

  it("writes a line for people where no JSON is asked for", async () => {
    await using t = scope();
    const scheduler = t.add(start(["scheduler", "--listen", "ws://127.0.0.1:0"]));
    const { line } = await scheduler.logged("listening");
    assert.match(String(line), /^\d{4}-\d\d-\d\dT[\d:.]+Z listening address=ws:\/\/127\.0\.0\.1:\d+ workers=0$/);
  });

  it("shows a scheduler's cluster to browsers, and ends in good order", async () => {
    await using t = scope();
    const scheduler = t.add(await startScheduler());
    t.add(await startHost(scheduler.address));
    await scheduler.logged('"worker-added"');
    const dashboard = t.add(start(["dashboard", scheduler.address, "--port", "0", "--json"]));
    const { url } = (await dashboard.logged('"serving"')) as { url: string };
    assert.match(await (await fetch(url)).text(), /page\.js/);
    assert.deepEqual(await (await fetch(new URL("health", url))).json(), { status: "ok", workers: 1 });
    assert.equal(await dashboard.kill("SIGINT"), 0);
    await assert.rejects(fetch(url));
  });

  it("says why there is no dashboard", async () => {
    await using t = scope();
    const scheduler = t.add(await startScheduler());
    const refused = start(["dashboard", scheduler.address, "--token", "wrong-token", "--port", "0"]);
    assert.equal(await refused.ended, 3);
    assert.match(refused.log.join(), /UnauthorizedError/);
    const failed = start(["dashboard", "ws://127.0.0.1:1", "--port", "0"]);
    assert.equal(await failed.ended, 1);
  });

  it("ends at once when it is interrupted a second time", async () => {
    await using t = scope();
    const scheduler = t.add(await startScheduler());
    const host = t.add(await startHost(scheduler.address));
    const client = t.client(scheduler.address);
    const endless = client.submit(() => new Promise(() => {}));
    while (endless.status !== "running") await soon(0);
    host.process.kill("SIGINT");
    await host.logged('"leaving"');
    assert.equal(await host.kill("SIGINT"), 130);
  });
});

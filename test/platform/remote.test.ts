/** Clients, schedulers and hosts that reach each other by addresses: what works, and what is said where it does not. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  Client,
  getTask,
  type Host,
  join,
  type ListenEvent,
  type Listening,
  type ListenOptions,
  LocalCluster,
  wait,
} from "manyhands";
import { WebSocket, WebSocketServer } from "ws";
import { cert, key } from "../support/certificate.ts";
import { TcpProxy } from "../support/tcp-proxy.ts";

/** A scheduler with an address, and what joins and leaves with the scope. */
async function listening(options: ListenOptions = {}, nWorkers = 0) {
  const events: ListenEvent[] = [];
  const cluster = new LocalCluster({ nWorkers });
  const place: Listening = await cluster.listen("ws://127.0.0.1:0", {
    ...options,
    onEvent: (event) => events.push(event),
  });
  const open: (() => Promise<unknown>)[] = [];
  const proxies: TcpProxy[] = [];
  return {
    cluster,
    place,
    events,
    async proxy() {
      const proxy = await TcpProxy.to(Number(new URL(place.address).port));
      proxies.push(proxy);
      return { proxy, address: `ws://127.0.0.1:${proxy.port}` };
    },
    async client(address = place.address) {
      const client = new Client(address, { token: place.tokens.client });
      open.push(() => client.close());
      await client.ready;
      return client;
    },
    async host(name: string, nWorkers = 1, address = place.address): Promise<Host> {
      const host = await join(address, { token: place.tokens.worker, name, nWorkers });
      open.push(() => host.close());
      return host;
    },
    async [Symbol.asyncDispose]() {
      for (const close of open.reverse()) await close();
      await cluster.close();
      for (const proxy of proxies) await proxy.close();
    },
  };
}

const soon = <T>(x: T) => new Promise<T>((resolve) => setTimeout(() => resolve(x), 10));
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
const sum = (all: readonly number[]) => all.reduce((a, b) => a + b, 0);

describe("an address", { timeout: 60_000 }, () => {
  it("has callStack() tell of workers elsewhere, whose hosts look into them", async () => {
    await using t = await listening();
    const host = await t.host("looked");
    const client = await t.client();
    const busy = client.submit(function spinning(ms: number) {
      getTask().progress(0.1);
      const end = performance.now() + ms;
      while (performance.now() < end);
      return ms;
    }, 1500);
    await new Promise((resolve) => busy.onProgress(resolve));
    const stacks = await client.callStack();
    assert.deepEqual(Object.keys(stacks), [`ws://${host.id}/0`]);
    const { running, frames } = stacks[`ws://${host.id}/0`] ?? {};
    assert.deepEqual(
      running?.map(({ key }) => key),
      [busy.key],
    );
    assert.match(frames?.[0] ?? "", /^spinning \(manyhands:spinning/);
    assert.equal(await busy.result(), 1500);
  });

  it("brings a client to a scheduler alone, and hosts that lend it threads", async () => {
    await using t = await listening();
    const host = await t.host("box", 2);
    const client = await t.client();
    assert.equal(await client.submit((a: number, b: number) => a + b, 1, 2).result(), 3);
    assert.equal(sum(await client.gather(client.map((x: number) => x * 2, numbers(500)))), 499 * 500);
    await client.waitForWorkers(2);
    const { workers } = await client.schedulerInfo();
    assert.deepEqual(
      Object.entries(workers)
        .map(([address, { name, host: of, link }]) => [address, name, of, link])
        .sort(),
      [0, 1].map((i) => [`ws://${host.id}/${i}`, `box-${i}`, host.id, "ws"]),
    );
    assert.equal(host.stats().tasksDone, 501);
    assert.deepEqual(
      t.events.map(({ type, role }) => `${role} ${type}`),
      ["host joined", "client joined"],
    );
  });

  it("serves beside the scheduler's own workers, and values get from these to others and back", async () => {
    await using t = await listening({}, 1);
    await t.host("far");
    const client = await t.client();
    const there = client.with({ workers: ["far-0"] });
    const here = client.with({ workers: ["worker-0"] });
    const large = there.submit(() => new Float64Array(300_000).fill(2));
    const back = here.submit((x: Float64Array) => x.map((each) => each + 1), large);
    const again = there.submit((x: Float64Array) => x.reduce((a, b) => a + b, 0), back);
    assert.equal(await again.result(), 900_000);
  });

  it("is given to a page's or process's own cluster and to others' clients at once", async () => {
    await using t = await listening({}, 1);
    await using local = new Client(t.cluster);
    const far = await t.client();
    await local.publishDataset(
      "shared",
      local.submit(() => new Float64Array(50_000).fill(1)),
    );
    const found = (await far.getDataset("shared")) as never;
    assert.equal(await far.submit((x: Float64Array) => x.length, found).result(), 50_000);
  });

  it("carries all that can be cloned, errors with their class, and tasks that submit tasks", async () => {
    await using t = await listening();
    await t.host("box", 2);
    const client = await t.client();
    const odd = {
      map: new Map([[1, new Set(["a"])]]),
      date: new Date(5),
      big: 2n ** 70n,
      minus: -0,
      gap: Object.assign(new Array(3), { 0: 1, 2: 3 }),
      re: /x/g,
    };
    const back = await client.submit((x: typeof odd) => x, odd).result();
    assert.deepEqual(back, odd);
    assert.ok(Object.is(back.minus, -0) && !(1 in back.gap));
    const error = await client
      .submit(() => {
        throw Object.assign(new RangeError("no"), { code: 7 });
      })
      .exception();
    assert.ok(error instanceof RangeError && (error as RangeError & { code: number }).code === 7);
    const nested = client.submit(async () => {
      const inner = getClient();
      return inner.submit((x: number) => x + 1, await inner.submit(() => 1).result()).result();
    });
    assert.equal(await nested.result(), 2);
  });

  it("is reached with the right token for each purpose alone; others hear why not", async () => {
    await using t = await listening();
    const { address, tokens } = t.place;
    const refused = { name: "UnauthorizedError" };
    await assert.rejects(new Client(address, { token: "wrong-wrong" }).ready, refused);
    await assert.rejects(new Client(address).ready, refused);
    await assert.rejects(new Client(address, { token: tokens.worker }).ready, refused);
    await assert.rejects(join(address, { token: tokens.client, nWorkers: 1 }), refused);
    const lost = new Client(address, { token: "wrong-wrong" });
    await assert.rejects(lost.submit(() => 1).result(), { name: "CommClosedError", message: /token is not one/ });
    assert.equal(t.events.filter(({ type }) => type === "refused").length, 5);
    assert.ok(!JSON.stringify(t.events).includes("wrong-wrong"));
    await using host = await join(t.place.invitation, { nWorkers: 1 });
    assert.equal(host.stats().status, "joined");
  });

  it("may be one under TLS, for clients and hosts that believe whoever vouches for it", async () => {
    await using cluster = new LocalCluster({ nWorkers: 0 });
    const { address, tokens } = await cluster.listen("wss://127.0.0.1:0", { cert, key });
    assert.match(address, /^wss:/);
    const doubtful = { name: "CommClosedError", message: /certificate/ };
    await assert.rejects(new Client(address, { token: tokens.client }).ready, doubtful);
    await assert.rejects(join(address, { token: tokens.worker, nWorkers: 1 }), doubtful);
    const options = { token: tokens.worker, ca: cert, cert, key, nWorkers: 1 };
    await using one = await join(address, { ...options, name: "one" });
    await using _other = await join(address, { ...options, name: "other" });
    await using client = new Client(address, { token: tokens.client, ca: cert });
    await client.waitForWorkers(2);
    const made = client.with({ workers: ["one-0"] }).submit(() => new Float64Array(300_000).fill(2));
    const read = client.with({ workers: ["other-0"] }).submit((x: Float64Array) => x[299_999], made);
    assert.equal(await read.result(), 2);
    const { links } = await client.schedulerInfo();
    assert.equal(
      links.find(({ from, to }) => [from, to].includes(one.id) && !to.includes("scheduler"))?.route,
      "direct",
    );
  });

  it("is left alone after too many wrong tokens from one place", async () => {
    await using t = await listening();
    const attempts = await Promise.allSettled(
      numbers(25).map(() => new Client(t.place.address, { token: "a-guess" }).ready),
    );
    assert.ok(attempts.every(({ status }) => status === "rejected"));
    await assert.rejects(new Client(t.place.address, { token: t.place.tokens.client }).ready, /too many wrong tokens/);
  });

  it("at which there is nobody, or somebody else, is an error that says so", async () => {
    const gone = { name: "CommClosedError", message: /127\.0\.0\.1:1 cannot be reached: .*ECONNREFUSED/ };
    await assert.rejects(new Client("ws://127.0.0.1:1").ready, gone);
    await assert.rejects(join("ws://127.0.0.1:1", { nWorkers: 1 }), gone);
    assert.throws(() => new LocalCluster({ nWorkers: -1 }), RangeError);
    await assert.rejects(join("gopher://x"), { name: "TypeError", message: /there is ws, wss/ });
    await assert.rejects(join("nonsense"), { name: "TypeError", message: /is no address/ });
    const stranger = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    await new Promise((resolve) => stranger.once("listening", resolve));
    stranger.on("connection", (socket) => socket.send(Buffer.from("how do you do")));
    const { port } = stranger.address() as { port: number };
    await assert.rejects(new Client(`ws://127.0.0.1:${port}`).ready, { name: "ProtocolError" });
    for (const socket of stranger.clients) socket.terminate();
    stranger.close();
  });

  it("names both versions to somebody who speaks another", async () => {
    await using t = await listening();
    const socket = new WebSocket(t.place.address);
    await new Promise((resolve) => socket.once("open", resolve));
    socket.send(Buffer.from(JSON.stringify({ manyhands: 999, role: "client", id: "x", nonce: "0".repeat(64) })));
    const [answer] = await new Promise<[Buffer]>((resolve) =>
      socket.once("message", (...args) => resolve(args as never)),
    );
    assert.match(String(answer), /version 1 .*version 999/);
    await new Promise((resolve) => socket.once("close", resolve));
  });

  it("is come to without a token being said: neither in the URL, nor in anything after it", async () => {
    await using t = await listening();
    const { proxy, address } = await t.proxy();
    const seen: Uint8Array[] = [];
    proxy.look = (bytes) => seen.push(bytes);
    await using client = new Client(`${address}#${t.place.tokens.client}`);
    await using _ = await join(`${address}#${t.place.tokens.worker}`, { nWorkers: 1 });
    await client.waitForWorkers(1);
    for (const i of numbers(100)) assert.equal(await client.submit((x: number) => x, i).result(), i);
    proxy.cut();
    assert.equal(await client.submit((x: number) => x, 7).result(), 7);
    const all = Buffer.concat(seen).toString("latin1");
    assert.match(all, /GET \/ HTTP/, "it was looked at what was said");
    for (const token of [t.place.tokens.client, t.place.tokens.worker]) {
      const bytes = Buffer.from(token, "hex").toString("latin1");
      const forms = [token, bytes, Buffer.from(token).toString("hex"), Buffer.from(token).toString("base64")];
      for (const form of forms) assert.ok(!all.includes(form), `${form} was said`);
    }
  });

  it("asks for tokens where others than this machine reach it", async () => {
    await using cluster = new LocalCluster({ nWorkers: 0 });
    await assert.rejects(cluster.listen("ws://0.0.0.0:0", { tokens: false }), { name: "UnauthorizedError" });
    const { address } = await cluster.listen("ws://127.0.0.1:0", { tokens: false });
    await using client = new Client(address);
    await client.ready;
    const foreign = new WebSocket(address, { origin: "https://example.com" });
    const [error] = await new Promise<[Error]>((resolve) => foreign.once("error", (...args) => resolve(args as never)));
    assert.match(error.message, /401/);
    await assert.rejects(cluster.listen("ws://127.0.0.1:0", { tokens: { worker: "short" } }), TypeError);
    await assert.rejects(cluster.listen("wss://127.0.0.1:0"), { name: "TypeError", message: /cert, key/ });
    await assert.rejects(cluster.listen(address), { message: /cannot listen/ });
  });
});

declare const getClient: () => Client;

describe("a host", { timeout: 60_000 }, () => {
  it("pauses, resumes, tells how it fares, and leaves what only it holds to others", async () => {
    await using t = await listening();
    const staying = await t.host("staying");
    const leaving = await t.host("leaving");
    const client = await t.client();
    await leaving.pause();
    while (Object.values((await client.schedulerInfo()).workers).every(({ status }) => status !== "paused"))
      await soon(0);
    assert.equal(leaving.stats().status, "paused");
    await client.gather(client.map(soon, numbers(10)));
    assert.equal(leaving.stats().tasksDone, 0);
    await leaving.resume();
    const large = client.with({ workers: ["leaving-0"] }).submit(() => {
      const times = globalThis as { made?: number };
      times.made = (times.made ?? 0) + 1;
      return new Float64Array(100_000).fill(times.made);
    });
    await large.exception();
    await leaving.leave();
    assert.equal(await leaving.closed, "it left");
    assert.equal(leaving.stats().status, "left");
    const { workers } = await client.schedulerInfo();
    assert.deepEqual(
      Object.values(workers).map(({ host }) => host),
      [staying.id],
    );
    // Had it been lost, it could not be made again: no worker of that name is there.
    assert.equal((await large.result())[5], 1);
    await assert.rejects(leaving.pause(), { name: "CommClosedError" });
  });

  it("works a part of the time, if that is what it was lent for", async () => {
    await using t = await listening();
    await using host = await join(t.place.invitation, { nWorkers: 1, cpuShare: 0.25 });
    void host;
    const client = await t.client();
    const spin = (ms: number) => {
      const end = performance.now() + ms;
      while (performance.now() < end);
    };
    await client.submit(spin, 1).result();
    const began = performance.now();
    await client.gather(client.map(spin, new Array(10).fill(10)));
    assert.ok(performance.now() - began > 280, `100 ms of work took ${performance.now() - began} ms`);
    for (const cpuShare of [0, 1.5, Number.NaN])
      await assert.rejects(join(t.place.invitation, { cpuShare }), RangeError);
  });

  it("that is closed has its work done by others, which is not held against that", async () => {
    await using t = await listening();
    const first = await t.host("first");
    const client = await t.client();
    const futures = client.map(soon, numbers(20));
    await futures[0]?.result();
    await t.host("second");
    await first.close();
    assert.equal(sum(await client.gather(futures)), 190);
  });

  it("sends values straight to another, and by way of the scheduler where it cannot reach it", async () => {
    await using t = await listening();
    await t.host("a");
    await t.host("b");
    const client = await t.client();
    const large = client.with({ workers: ["a-0"] }).submit(() => new Float64Array(200_000).fill(1));
    const total = client.with({ workers: ["b-0"] }).submit((x: Float64Array) => x.reduce((p, q) => p + q, 0), large);
    assert.equal(await total.result(), 200_000);
    assert.deepEqual(
      (await client.schedulerInfo()).links.map(({ route }) => route),
      ["direct"],
    );
  });

  it("has workers that move much do so past it, by way of it when that is cut, and past it again", async () => {
    await using t = await listening();
    await t.host("a");
    await t.host("b");
    const client = await t.client();
    const on = (name: string) => client.with({ workers: [`${name}-0`] });
    const move = async (from: string, to: string, value: number): Promise<void> => {
      using made = on(from).submit((x: number) => ({ numbers: new Float64Array(400_000).fill(x), x }), value);
      const read = on(to).submit(({ numbers, x }: { numbers: Float64Array; x: number }) => {
        return numbers.every((each) => each === x) && numbers.length === 400_000 ? x : undefined;
      }, made as never);
      assert.equal(await read.result(), value);
    };
    // What a thread has of connections is its bypass, and may be one to the scheduler, which comes back.
    const bypasses = (isToBeCut: boolean) =>
      on("b").submit((isToBeCut: boolean) => {
        const handles = (process as unknown as { _getActiveHandles(): object[] })._getActiveHandles();
        type Connection = { readonly localPort: number; readonly remotePort?: number; destroy(): void };
        const sockets = (handles as Connection[]).filter(({ remotePort }) => remotePort !== undefined);
        if (isToBeCut) for (const socket of sockets) socket.destroy();
        return sockets.map(({ localPort, remotePort }) => `${localPort} ${remotePort}`);
      }, isToBeCut);
    let value = 0;
    const hasAnother = async (than: readonly string[]): Promise<void> => {
      do {
        await move("a", "b", ++value);
        await move("b", "a", ++value);
      } while (!(await bypasses(false).result()).some((each) => !than.includes(each)));
    };
    await hasAnother([]);
    while ((await client.schedulerInfo()).links[0]?.route !== "threads") await move("a", "b", ++value);
    const former = await bypasses(true).result();
    assert.ok(former.length > 0);
    await Promise.all(numbers(6).map((i) => move(i % 2 === 0 ? "a" : "b", i % 2 === 0 ? "b" : "a", ++value)));
    await hasAnother(former);
  });
});

describe("a sandbox", { timeout: 60_000 }, () => {
  it("has what tasks write to its console forwarded with their names, and nobody looks into it", async () => {
    await using t = await listening();
    await using host = await join(t.place.invitation, { nWorkers: 1, name: "box", sandbox: true });
    const client = await t.client();
    const seen: string[] = [];
    let came = () => {};
    const first = new Promise<void>((resolve) => {
      came = resolve;
    });
    using _forwarding = await client.forwardLogs({
      handler: ({ worker, name, text }) => {
        seen.push(`${worker} ${name}: ${text}`);
        came();
      },
    });
    const busy = client.submit(function computing(ms: number) {
      console.log("from inside");
      const end = performance.now() + ms;
      while (performance.now() < end);
      return ms;
    }, 700);
    await first;
    assert.deepEqual([seen, busy.done()], [[`ws://${host.id}/0 computing: from inside`], false]);
    const { running, frames, noFrames } = (await client.callStack())[`ws://${host.id}/0`] ?? {};
    assert.deepEqual([running?.map(({ name }) => name), frames], [["computing"], undefined]);
    assert.match(noFrames ?? "", /nobody can look into a thread here/);
    await busy.result();
    const { lines } = (await client.logs())[`ws://${host.id}/0`] ?? {};
    assert.deepEqual(
      lines?.map(({ text, key }) => [text, key]),
      [["from inside", busy.key]],
    );
  });

  it("runs tasks that read and write no files, start no programs and no threads, and get and give values like others", async () => {
    await using t = await listening({}, 1);
    await using host = await join(t.place.invitation, { nWorkers: 1, name: "box", sandbox: true });
    void host;
    const client = await t.client();
    const inside = client.with({ workers: ["box-0"] });
    const outside = client.with({ workers: ["worker-0"] });
    const attempt = (what: string) => {
      const load = (name: string) =>
        (process as unknown as { getBuiltinModule(name: string): never }).getBuiltinModule(name);
      const { readFileSync, writeFileSync } = load("fs") as typeof import("node:fs");
      const { execSync } = load("child_process") as typeof import("node:child_process");
      const { Worker } = load("worker_threads") as typeof import("node:worker_threads");
      const deeds: Record<string, () => unknown> = {
        read: () => readFileSync("/etc/hostname"),
        write: () => writeFileSync("/tmp/manyhands-sandbox", "x"),
        run: () => execSync("true"),
        thread: () => new Worker("0", { eval: true }),
      };
      try {
        deeds[what]?.();
        return "done";
      } catch (error) {
        return (error as { code?: string }).code;
      }
    };
    for (const what of ["read", "write", "run", "thread"]) {
      assert.equal(await inside.submit(attempt, what).result(), "ERR_ACCESS_DENIED", what);
    }
    assert.deepEqual(await inside.submit(() => Object.keys(process.env)).result(), []);
    const made = outside.submit(() => new Float64Array(100_000).fill(2));
    const seen = inside.submit((x: Float64Array) => x.map((each) => each * 2), made);
    assert.equal(await outside.submit((x: Float64Array) => x[99_999], seen).result(), 4);
    await inside.submit(() => process.exit(3)).exception();
    assert.equal(await inside.submit((x: number) => x, 1).result(), 1);
  });
});

describe("a connection", { timeout: 60_000 }, () => {
  it("that drops again and again loses nothing, repeats nothing, and has nothing made twice", async () => {
    await using t = await listening();
    const forHost = await t.proxy();
    const forClient = await t.proxy();
    const host = await t.host("box", 2, forHost.address);
    const client = await t.client(forClient.address);
    const futures = client.map(soon, numbers(200));
    let cuts = 0;
    for (let i = 0; i < futures.length; i += 20) {
      await futures[i]?.result();
      forHost.proxy.cut();
      forClient.proxy.cut();
      cuts += 1;
    }
    assert.equal(sum(await client.gather(futures)), sum(numbers(200)));
    assert.equal(host.stats().tasksDone, 200);
    assert.ok(host.stats().resumptions > 0 && host.stats().resumptions <= cuts);
    assert.ok(forClient.proxy.connections > 1);
  });

  it("that drops in the middle of a large value goes on where it was", async () => {
    await using t = await listening();
    const { proxy, address } = await t.proxy();
    await t.host("box", 1, address);
    const client = await t.client();
    const values = client.map((i: number) => new Float64Array(500_000).fill(i), numbers(4));
    await values[0]?.exception();
    const gathered = client.gather(values);
    proxy.cut();
    assert.deepEqual(
      (await gathered).map((value) => value[499_999]),
      numbers(4),
    );
  });

  it("that is slow is measured, and its worker kept busy all the same", async () => {
    await using t = await listening({ leaseMs: 1000 });
    const { proxy, address } = await t.proxy();
    proxy.delayMs = 40;
    await t.host("far", 1, address);
    const client = await t.client();
    const futures = client.map((x: number) => x, numbers(5000));
    assert.equal(sum(await client.gather(futures)), sum(numbers(5000)));
    const latency = async () => Object.values((await client.schedulerInfo()).workers)[0]?.latencyMs ?? 0;
    while ((await latency()) < 30) await soon(0);
  });

  it("that is slow and loses some of what is sent delivers all of it, once, and nobody is given up", async () => {
    await using t = await listening({ leaseMs: 3000 });
    const { proxy, address } = await t.proxy();
    proxy.delayMs = 15;
    proxy.loseEvery = 11;
    await t.host("far", 2, address);
    const client = await t.client(address);
    const heard = new Map<string, number>();
    const futures = client.map((x: number) => new Float64Array(20_000).fill(x), numbers(12));
    for (const future of futures) future.addDoneCallback(({ key }) => heard.set(key, (heard.get(key) ?? 0) + 1));
    assert.deepEqual(
      (await client.gather(futures)).map((value) => [value.length, value[19_999]]),
      numbers(12).map((x) => [20_000, x]),
    );
    assert.deepEqual([...heard.values()], numbers(12).fill(1));
    assert.ok(proxy.lost > 2, `${proxy.lost} pieces were lost`);
    assert.deepEqual(
      t.events.map(({ type }) => type),
      ["joined", "joined"],
    );
  });

  it("that is silent is given up and replaced", async () => {
    await using t = await listening({ leaseMs: 400 });
    const { proxy, address } = await t.proxy();
    const host = await t.host("box", 1, address);
    const client = await t.client();
    const futures = client.map(soon, numbers(60));
    await futures[0]?.result();
    proxy.hold();
    while (host.stats().status !== "away") await soon(0);
    proxy.cut();
    proxy.letGo();
    assert.equal(sum(await client.gather(futures)), sum(numbers(60)));
  });

  it("of a client that does not come back in time takes along what it alone wanted, and nothing else", async () => {
    await using t = await listening({ leaseMs: 200 }, 1);
    const { proxy, address } = await t.proxy();
    const [leaving, staying] = [await t.client(address), await t.client()];
    const make = () => new Float64Array(20_000).fill(1);
    const alone = leaving.map(make, numbers(3));
    const shared = leaving.with({ key: "shared" }).submit(make);
    await leaving.publishDataset("published", leaving.submit(make));
    await wait([...alone, shared]);
    const theirs = staying.future<Float64Array>("shared");
    await wait([theirs]);
    const sizes = async () => Object.keys(await staying.nbytes()).length;
    assert.equal(await sizes(), 5);
    proxy.shut();
    proxy.cut();
    while ((await staying.schedulerInfo()).clients.includes(leaving.id)) await soon(0);
    assert.equal(await sizes(), 2, "what another client wants, and what is published");
    assert.equal((await theirs.result())[19_999], 1);
  });

  it("that does not come back in time has the work done by others; back again, it says what it holds", async () => {
    await using t = await listening({ leaseMs: 200 });
    const { proxy, address } = await t.proxy();
    const host = await t.host("box", 1, address);
    const client = await t.client();
    const futures = client.map(soon, numbers(40));
    await futures[0]?.result();
    proxy.shut();
    proxy.cut();
    await t.host("other");
    assert.equal(sum(await client.gather(futures)), sum(numbers(40)));
    while (Object.keys((await client.schedulerInfo()).workers).length > 1) await soon(0);
    proxy.shut(false);
    await client.waitForWorkers(2);
    assert.equal(host.stats().status, "joined");
    assert.equal(
      await client
        .with({ workers: ["box-0"] })
        .submit((x: number) => x, 3)
        .result(),
      3,
    );
  });
});

describe("a worker with much to do", { timeout: 60_000 }, () => {
  const same = (x: number) => x;

  /** Has a worker do little things one after the other until it has a connection of its own. Returns how many it did. */
  async function ownConnection(client: Client, worker: string, proxy: TcpProxy, connections: number): Promise<number> {
    const there = client.with({ workers: [worker] });
    let count = 0;
    while (proxy.connections < connections || count % 100 !== 0) {
      assert.equal(await there.submit(same, count).result(), count);
      count += 1;
    }
    return count;
  }

  it("has a connection of its own, past its host, and is the same worker by that", async () => {
    await using t = await listening();
    const { proxy, address } = await t.proxy();
    const host = await t.host("box", 2, address);
    await t.host("other", 1);
    const client = await t.client();
    const first = await ownConnection(client, "box-0", proxy, 2);
    const second = await ownConnection(client, "box-1", proxy, 3);
    assert.equal(host.stats().tasksDone, first + second);
    // Values go between its workers, and to and from others, as they did.
    const on = (worker: string) => client.with({ workers: [worker] });
    const made = on("box-0").submit((n: number) => new Float64Array(n).fill(2), 50_000);
    const add = (x: Float64Array, y: Float64Array) =>
      new Float64Array(x.length).fill((x.at(-1) ?? 0) + (y.at(-1) ?? 0));
    const moved = on("box-1").submit(add, made, made);
    const back = on("box-0").submit(add, on("other-0").submit(add, moved, made), moved);
    assert.equal((await back.result())[49_999], 10);
    const failing = on("box-1").submit(() => Promise.reject(new RangeError("no")));
    await assert.rejects(failing.result(), { name: "RangeError", message: "no" });
    const [info] = t.place.hosts.filter(({ name }) => name === "box");
    assert.ok((info?.sentBytes ?? 0) > 40 * first, `${info?.sentBytes} bytes are all that went there`);
    await host.leave();
    assert.equal(host.stats().tasksDone, first + second + 3);
    assert.equal((await back.result())[0], 10);
  });

  it("loses and repeats nothing when all of its connections drop again and again", async () => {
    await using t = await listening();
    const { proxy, address } = await t.proxy();
    const host = await t.host("box", 1, address);
    const client = await t.client();
    const before = await ownConnection(client, "box-0", proxy, 2);
    const futures = client.map(soon, numbers(60));
    for (let i = 0; i < futures.length; i += 15) {
      await futures[i]?.result();
      proxy.cut();
    }
    assert.equal(sum(await client.gather(futures)), sum(numbers(60)));
    assert.equal(host.stats().tasksDone, before + 60);
  });

  it("may compute for longer than anybody who is silent is believed in", async () => {
    await using t = await listening({ leaseMs: 300 });
    const { proxy, address } = await t.proxy();
    const host = await t.host("box", 1, address);
    const client = await t.client();
    const before = await ownConnection(client, "box-0", proxy, 2);
    const computing = client.submit((ms: number) => {
      const end = performance.now() + ms;
      while (performance.now() < end);
      return ms;
    }, 1500);
    assert.equal(await computing.result(), 1500);
    assert.equal(await client.submit(same, 1).result(), 1);
    assert.equal(host.stats().tasksDone, before + 2);
    assert.deepEqual(
      t.events.map(({ type }) => type),
      ["joined", "joined"],
    );
  });

  it("says what it holds when its host is back after it was given up, and has a connection of its own again", async () => {
    await using t = await listening({ leaseMs: 200 });
    const { proxy, address } = await t.proxy();
    await t.host("box", 1, address);
    const client = await t.client();
    await ownConnection(client, "box-0", proxy, 2);
    const kept = client.submit((n: number) => new Float64Array(n).fill(Math.random()), 50_000);
    await kept.exception();
    proxy.shut();
    proxy.cut();
    while (Object.keys((await client.schedulerInfo()).workers).length > 0) await soon(0);
    const { connections } = proxy;
    proxy.shut(false);
    await client.waitForWorkers(1);
    await ownConnection(client, "box-0", proxy, connections + 2);
    assert.equal((await kept.result()).length, 50_000);
  });

  it("is spoken for by nobody who was not given the ticket for that", async () => {
    await using t = await listening();
    const socket = new WebSocket(t.place.address);
    await new Promise((resolve) => socket.once("open", resolve));
    const answer = new Promise((resolve) => socket.once("message", (bytes) => resolve(JSON.parse(String(bytes)))));
    const greeting = { manyhands: 1, role: "line", id: "line-1", nonce: "0".repeat(64) };
    socket.send(Buffer.from(JSON.stringify(greeting)));
    assert.deepEqual(await answer, {
      refused: "UnauthorizedError",
      message: "no worker is waited for by that name",
    });
    assert.deepEqual(
      t.events.map(({ type }) => type),
      ["refused"],
    );
  });
});

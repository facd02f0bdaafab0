// What frames and a trunk cost over a WebSocket, against the same transfers written by hand with the package `ws`, in the same run.
// `npm run bench:wire`; --quick for a third of the rounds.
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { WebSocket, WebSocketServer } from "ws";

const MB = 1e6;
const BULK_BYTES = 16 * MB;
const host = "127.0.0.1";

// As the package has it: in one piece, and without what a loader of TypeScript adds to every function.
const top = new URL("../../", import.meta.url);
const built = new URL("node_modules/.cache/bench-wire.mjs", top);
const parts = ["adapters/system-clock", "adapters/websocket-node", "runtime/trunk"];
if (!process.argv.includes("serve")) {
  await build({
    stdin: {
      contents: parts.map((part) => `export * from "./src/${part}.ts";`).join("\n"),
      resolveDir: fileURLToPath(top),
    },
    bundle: true,
    format: "esm",
    platform: "node",
    target: "es2022",
    external: ["ws"],
    outfile: fileURLToPath(built),
    logLevel: "error",
  });
}
const { SystemClock, connectNodeWebSocket, listenWebSocket, Trunk } = await import(built.href);
const clock = new SystemClock();

/** The other process: answers each message with its length, a small one with itself, and sends bulk when asked. */
async function serve() {
  const bulk = new Float64Array(BULK_BYTES / 8).fill(1.5);
  const bare = new WebSocketServer({ host, port: 0, perMessageDeflate: false, maxPayload: 2 ** 30 });
  bare.on("connection", (socket) =>
    socket.on("message", (data) => {
      if (data.length > 1000) socket.send(String(data.length));
      else if (String(data) === "bulk") socket.send(bulk);
      else socket.send(data);
    }),
  );
  await new Promise((resolve) => bare.once("listening", resolve));
  const listener = await listenWebSocket({
    host,
    port: 0,
    accept: (wire) => {
      const trunk = new Trunk({ clock, leaseMs: 30_000 });
      const channel = trunk.channel(1);
      channel.listen((message) => {
        if (message?.data !== undefined) channel.send(message.data.byteLength);
        else if (message === "bulk") channel.send(bulk);
        else channel.send(message);
      });
      trunk.attach(wire);
    },
  });
  process.send({ bare: bare.address().port, trunk: listener.port });
}

/** Two ways to talk to it: each sends something and waits for what comes back. */
async function openBare(port) {
  const socket = new WebSocket(`ws://${host}:${port}`, { perMessageDeflate: false, maxPayload: 2 ** 30 });
  await new Promise((resolve) => socket.once("open", resolve));
  const ask = (message) =>
    new Promise((resolve) => {
      socket.once("message", resolve);
      socket.send(message);
    });
  return { ask, close: () => socket.close() };
}

async function openTrunk(port) {
  const trunk = new Trunk({ clock, leaseMs: 30_000 });
  const channel = trunk.channel(1);
  let answered = () => {};
  channel.listen((message) => answered(message));
  trunk.attach(await connectNodeWebSocket(`ws://${host}:${port}`));
  const ask = (message, transfer) =>
    new Promise((resolve) => {
      answered = resolve;
      channel.send(message, transfer);
    });
  return { ask, close: () => trunk.close("done"), statistics: () => trunk.statistics() };
}

async function perRound(rounds, run) {
  const began = performance.now();
  for (let round = 0; round < rounds; round++) await run(round);
  return (performance.now() - began) / rounds;
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

async function measure() {
  const isQuick = process.argv.includes("--quick");
  const child = fork(fileURLToPath(import.meta.url), ["serve"]);
  const ports = await new Promise((resolve) => child.once("message", resolve));
  const [bare, trunk] = [await openBare(ports.bare), await openTrunk(ports.trunk)];

  const data = new Float64Array(BULK_BYTES / 8).fill(2.5);
  const small = [{ type: "task-finished", ids: [1, 2, 3], values: ["a", undefined, 1.5] }];
  const text = JSON.stringify(small);
  const repeats = isQuick ? 5 : 15;
  const rounds = isQuick ? 6 : 10;
  const calls = isQuick ? 1_000 : 3_000;
  const ours = Array.from({ length: rounds }, () => undefined);
  const cases = [
    {
      name: "16 MB there, copied",
      bare: () => perRound(rounds, () => bare.ask(data)),
      trunk: () => perRound(rounds, () => trunk.ask({ data })),
      bytes: BULK_BYTES,
    },
    {
      name: "16 MB there, transferred",
      bare: () => perRound(rounds, () => bare.ask(data)),
      trunk: () => {
        ours.forEach((_, i) => {
          ours[i] = data.slice();
        });
        return perRound(rounds, (round) => trunk.ask({ data: ours[round] }, [ours[round].buffer]));
      },
      bytes: BULK_BYTES,
    },
    {
      name: "16 MB back, copied",
      bare: () => perRound(rounds, () => bare.ask("bulk")),
      trunk: () => perRound(rounds, () => trunk.ask("bulk")),
      bytes: BULK_BYTES,
    },
    {
      name: "small message, there and back",
      bare: () => perRound(calls, async () => JSON.parse(String(await bare.ask(text)))),
      trunk: () => perRound(calls, () => trunk.ask(small)),
    },
  ];
  for (const { name, bytes, ...ways } of cases) {
    for (let i = 0; i < 3; i++) for (const run of Object.values(ways)) await run();
    const pairs = [];
    // By turns, so that whatever else the machine does strikes both alike.
    for (let i = 0; i < repeats; i++) pairs.push([await ways.bare(), await ways.trunk()]);
    const ratio = median(pairs.map(([one, other]) => other / one));
    const [bareMs, trunkMs] = [0, 1].map((side) => median(pairs.map((pair) => pair[side])));
    const show = (ms) => (bytes ? `${((bytes / MB / ms) * 1000).toFixed(0)} MB/s` : `${(ms * 1000).toFixed(0)} us`);
    const verdict = bytes ? `${(100 / ratio).toFixed(0)} % of bare` : `${ratio.toFixed(2)} x bare`;
    console.log(
      `${name.padEnd(32)} bare ${show(bareMs).padStart(10)}   trunk ${show(trunkMs).padStart(10)}   ${verdict}`,
    );
  }
  console.log(`what the trunk says of the link: ${JSON.stringify(trunk.statistics())}`);
  bare.close();
  trunk.close();
  child.kill();
}

await (process.argv.includes("serve") ? serve() : measure());

// What a journal costs, and how soon a cluster is back: `npm run bench:durable`; --quick for a third of the rounds. Build first.
//
// Tasks that compute for 10 ms, on as many workers as there are cores, with a journal and without, turn by turn; and the time from
// `new LocalCluster({ durable })` until 100 000 tasks that were not done are queued again, the journal's files read and written anew.
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { Client, LocalCluster } from "manyhands";

const isQuick = process.argv.includes("--quick");
const rounds = isQuick ? 3 : 9;
const directory = mkdtempSync(join(tmpdir(), "manyhands-bench-"));
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

const spin = (ms) => {
  const until = performance.now() + ms;
  while (performance.now() < until);
  return ms;
};

/** Tasks a second. */
async function rateOf(client, count, ms) {
  const before = performance.now();
  await client.gather(client.map(spin, Array(count).fill(ms)));
  return (count / (performance.now() - before)) * 1000;
}

async function costOfJournal(ms, count) {
  const nWorkers = availableParallelism();
  const clusters = [
    new LocalCluster({ nWorkers }),
    new LocalCluster({ nWorkers, durable: { name: `cost ${ms}`, directory } }),
  ];
  const clients = clusters.map((cluster) => new Client(cluster));
  for (const client of clients) {
    await client.waitForWorkers(nWorkers);
    await rateOf(client, count, ms);
  }
  const ratios = [];
  const rates = [[], []];
  for (let round = 0; round < rounds; round++) {
    // The one that begins is the other each time.
    for (const i of round % 2 === 0 ? [0, 1] : [1, 0]) rates[i].push(await rateOf(clients[i], count, ms));
    ratios.push(rates[1].at(-1) / rates[0].at(-1));
  }
  for (const client of clients) await client.close();
  for (const cluster of clusters) await cluster.close();
  return { plain: median(rates[0]), durable: median(rates[1]), cost: 1 - median(ratios) };
}

async function recovery(count) {
  const durable = { name: "recovery", directory };
  const before = new LocalCluster({ nWorkers: 0, durable });
  const client = new Client(before);
  const futures = client.with({ key: "task" }).map(
    (i, text) => `${i} ${text}`,
    Array.from({ length: count }, (_, i) => i),
    Array(count).fill("an argument"),
  );
  await before.saved();
  const { size } = statSync(join(directory, "recovery", "journal"));
  await before.close(); // Not the client: then there would be nothing left.
  const times = [];
  for (let round = 0; round < Math.min(rounds, 5); round++) {
    const began = performance.now();
    const cluster = new LocalCluster({ nWorkers: 0, durable });
    await cluster.saved();
    times.push(performance.now() - began);
    const { queued } = cluster.scheduler.machine.state;
    if (queued !== count) throw new Error(`${queued} tasks are queued again, of ${count}`);
    await cluster.close();
  }
  const cluster = new LocalCluster({ nWorkers: 1, durable });
  const last = await new Client(cluster).future(`task-${count - 1}`).result();
  if (last !== `${count - 1} an argument`) throw new Error(`the last task came to ${last}`);
  await cluster.close();
  return { ms: median(times), megabytes: size / 1e6, futures };
}

let isMet = true;
const say = (text, goal, isSo) => {
  console.log(`${isSo ? "ok    " : "MISSED"} ${text.padEnd(72)} (goal: ${goal})`);
  isMet &&= isSo;
};

try {
  const ten = await costOfJournal(10, isQuick ? 200 : 400);
  const percent = (100 * ten.cost).toFixed(1);
  say(
    `10 ms tasks a second: ${ten.plain.toFixed(1)}, with a journal ${ten.durable.toFixed(1)}: it costs ${percent} %`,
    "at most 10 %",
    ten.cost <= 0.1,
  );
  const tiny = await costOfJournal(0, 5000);
  console.log(`tasks that do nothing, a second: ${tiny.plain.toFixed(0)}, with a journal ${tiny.durable.toFixed(0)}`);
  const { ms, megabytes } = await recovery(100_000);
  say(
    `100 000 tasks that were not done, ${megabytes.toFixed(1)} MB: back after ${(ms / 1000).toFixed(2)} s`,
    "less than 2 s",
    ms < 2000,
  );
} finally {
  rmSync(directory, { recursive: true });
}
process.exitCode = isMet ? 0 : 1;

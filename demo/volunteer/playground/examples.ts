/** The examples of the playground: each shows one way to work with futures. All names of the library are in scope; `print` writes below. */

export interface Example {
  readonly title: string;
  /** What it shows, in a sentence. */
  readonly text: string;
  readonly code: string;
}

const example = (title: string, text: string, code: string): Example => ({ title, text, code: `${code.trim()}\n` });

export const EXAMPLES: readonly Example[] = [
  example(
    "Submit",
    "A function runs on some worker; a future for its result is there at once.",
    `
const add = (x, y) => x + y;
const future = client.submit(add, 1, 2);
print(future.status);
print(await future.result());
print(future.status);`,
  ),
  example(
    "Status and callbacks",
    "Nothing has to be waited for: a future tells how it is, and calls back when it is done.",
    `
const slow = (x) => {
  const until = performance.now() + 200;
  while (performance.now() < until);
  return x * 2;
};
const future = client.submit(slow, 21);
print(future.status, future.done());
const told = new Promise((resolve) => {
  future.addDoneCallback((done) => resolve(done.status));
});
print("called back:", await told, await future.result());`,
  ),
  example(
    "Chains",
    "A future can be an argument. What is in between never visits this page.",
    `
const add = (x, y) => x + y;
const a = client.submit(add, 1, 2);
const b = client.submit(add, a, 10);
const c = client.submit(add, b, 100);
print(await c.result()); // 113`,
  ),
  example(
    "Map and gather",
    "One task for each element; all results at once, in order.",
    `
const square = (x) => x ** 2;
const futures = client.map(square, Array.from({ length: 100 }, (_, i) => i));
const results = await client.gather(futures);
print(results.slice(-5));
const total = client.submit((all) => all.reduce((a, b) => a + b), futures);
print("their sum, added up on a worker:", await total.result());`,
  ),
  example(
    "Scatter",
    "Large data goes to each worker that needs it once, however many tasks use it.",
    `
const data = new Float64Array(1e6).map(() => Math.random());
const scattered = client.scatter(data);
const shareBelow = (data, limit) => {
  let count = 0;
  for (const x of data) if (x < limit) count += 1;
  return count / data.length;
};
const limits = [0.1, 0.25, 0.5, 0.9];
const shares = client.map(shareBelow, limits.map(() => scattered), limits);
print(await client.gather(shares));`,
  ),
  example(
    "As completed",
    "Results in the order in which they are there.",
    `
const wait = async (ms) => {
  await new Promise((done) => setTimeout(done, ms));
  return ms;
};
const futures = client.map(wait, [600, 200, 400, 50]);
for await (const [, ms] of asCompleted(futures, { withResults: true })) print(ms, "ms");`,
  ),
  example(
    "Parameter sweep",
    "Every combination of parameters, the best of them as soon as it is known.",
    `
const simulate = (a, b, c) => Math.sin(a) * Math.cos(b) + Math.sqrt(c) / 10;
const range = [...Array(8).keys()];
const combinations = range.flatMap((a) => range.flatMap((b) => range.map((c) => [a, b, c])));
const futures = combinations.map((each) => client.submit(simulate, ...each));
let best = { value: -Infinity };
for await (const future of asCompleted(futures)) {
  const value = await future.result();
  if (value > best.value) {
    best = { value, at: combinations[futures.indexOf(future)] };
    print("better:", best);
  }
}
print("of", futures.length, "combinations");`,
  ),
  example(
    "Pipeline",
    "Three stages, each built on futures of the one before. They overlap by themselves.",
    `
const load = (name) => Array.from({ length: 1000 }, (_, i) => name.length * i);
const clean = (rows) => rows.filter((x) => x % 3 === 0);
const summarize = (parts) => parts.map((rows) => rows.length);
const files = ["ants", "bees", "cicadas", "dragonflies"];
const loaded = client.map(load, files);
const cleaned = loaded.map((rows) => client.submit(clean, rows));
print(await client.submit(summarize, cleaned).result());`,
  ),
  example(
    "Iteration",
    "A state that stays on the workers is improved until it is good enough.",
    `
const improve = ({ x, steps }) => ({ x: (x + 2 / x) / 2, steps: steps + 1 });
const isGood = ({ x }) => Math.abs(x * x - 2) < 1e-12;
let state = client.scatter({ x: 1, steps: 0 });
for (;;) {
  state = client.submit(improve, state);
  if (await client.submit(isGood, state).result()) break;
}
print(await state.result());`,
  ),
  example(
    "Recursion",
    "Tasks submit tasks, and take no worker while they wait for them.",
    `
async function sortAll(list) {
  if (list.length <= 64) return list.sort((a, b) => a - b);
  const client = getClient();
  const half = list.length / 2;
  const [left, right] = await client.gather([
    client.submit(sortAll, list.slice(0, half)),
    client.submit(sortAll, list.slice(half)),
  ]);
  const merged = [];
  let i = 0;
  let j = 0;
  while (merged.length < list.length) {
    merged.push(j >= right.length || left[i] <= right[j] ? left[i++] : right[j++]);
  }
  return merged;
}
const list = Array.from({ length: 2048 }, () => Math.floor(Math.random() * 1e6));
const sorted = await client.submit(sortAll, list).result();
print(sorted.slice(0, 5), "…", sorted.at(-1));`,
  ),
  example(
    "Errors",
    "A task's error comes back as what it is, also through tasks that build on it.",
    `
const root = (x) => {
  if (x < 0) throw new RangeError(\`no root of \${x}\`);
  return Math.sqrt(x);
};
const futures = client.map(root, [4, -5, 9]);
const sum = client.submit((roots) => roots.reduce((a, b) => a + b), futures);
try {
  await sum.result();
} catch (error) {
  print(error instanceof RangeError, error.message);
}
print("without the failed:", await client.gather(futures, { errors: "skip" }));
const trace = await futures[1].traceback();
print("where:", trace.split("\\n").slice(0, 2).join(" "));`,
  ),
  example(
    "Queue",
    "A producer and a consumer, each a task, meet at a queue.",
    `
const queue = new Queue();
const produce = async (queue) => {
  for (let i = 0; i < 10; i++) await queue.put(i * i);
  await queue.end();
};
const consume = async (queue) => {
  const seen = [];
  for await (const item of queue) seen.push(item);
  return seen;
};
client.submit(produce, queue);
print(await client.submit(consume, queue).result());`,
  ),
  example(
    "Lock",
    "Only one task at a time is in the critical section.",
    `
const lock = new Lock();
const log = new Queue();
const work = async (name, lock, log) => {
  await lock.request(async () => {
    await log.put(\`\${name} comes in\`);
    await new Promise((done) => setTimeout(done, 100));
    await log.put(\`\${name} goes out\`);
  });
};
const names = ["Ada", "Grace", "Edsger"];
await wait(client.map(work, names, names.map(() => lock), names.map(() => log)));
for (const line of await log.getBatch()) print(line);`,
  ),
  example(
    "Event",
    "Tasks wait until somebody sets an event. While they wait they take no worker.",
    `
const start = new Event();
const wait4 = async (name, start) => {
  await start.wait();
  return \`\${name} is off\`;
};
const runners = client.map(wait4, ["one", "two", "three"], [start, start, start]);
print("ready, steady…");
await new Promise((done) => setTimeout(done, 500));
await start.set();
print(await client.gather(runners));`,
  ),
  example(
    "Variable",
    "One value for all, to be read and changed from anywhere.",
    `
const threshold = new Variable("threshold");
await threshold.set(42);
const read = () => new Variable("threshold").get();
print(await client.submit(read).result());`,
  ),
  example(
    "Actors",
    "An instance lives on a worker, and whoever has a handle calls its methods there, past the scheduler.",
    `
class Counter {
  count = 0;
  increment(by = 1) {
    this.count += by;
    return this.count;
  }
}
const counter = await client.actor(Counter).result();
print(await counter.increment(), await counter.increment());
const addFrom = async (counter, by) => counter.increment(by);
await wait(client.map(addFrom, [counter, counter, counter], [10, 20, 30]));
print("in the end:", await counter.count);`,
  ),
  example(
    "Fire and forget",
    "It runs to its end though nobody keeps its future.",
    `
const log = new Queue("log");
const report = async (line) => {
  await new Queue("log").put(\`noted: \${line}\`);
};
fireAndForget(client.submit(report, "somebody was here"));
print(await log.get());`,
  ),
  example(
    "Cancel",
    "A task is told by a signal; with force, its thread ends, and others go on.",
    `
const spin = () => {
  for (;;);
};
const hopeless = client.submit(spin);
await new Promise((done) => setTimeout(done, 300));
print(hopeless.status);
client.cancel(hopeless, { force: true });
print(hopeless.status);
print("the others go on:", await client.submit(() => "well").result());`,
  ),
  example(
    "Streams",
    "A generator runs on a worker; it waits while nobody takes its items.",
    `
const primes = client.stream(function* () {
  const found = [];
  for (let n = 2; ; n++) {
    if (found.every((p) => n % p !== 0)) {
      found.push(n);
      yield n;
    }
  }
});
for await (const prime of primes) {
  print(prime);
  if (prime > 50) break;
}`,
  ),
];

/**
 * The shapes of work behind the workloads: how tasks are submitted, awaited, timed and checked.
 *
 * A system gives `run(task, a, b)`, a promise of the result; some also `map(task, as, bs)`, `defer` and `settle` (futures
 * that serve as arguments), and `scatter`. What is missing is done the way a user would do it from outside.
 */
import { median, quantile } from "./statistics.mjs";
import { sumAt } from "./tasks.mjs";

function check(right, what) {
  if (!right) throw new Error(`wrong answer: ${what}`);
}

function checkAll(answers, n, expected, what) {
  check(answers.length === n, what);
  for (let at = 0; at < n; at++) check(answers[at] === expected(at), what);
}

/** How many calls one reading of the clock should cover: browsers blur their clocks, by up to a millisecond. */
function callsPerReading() {
  let stepMs = Number.POSITIVE_INFINITY;
  for (let trial = 0; trial < 5; trial++) {
    const before = performance.now();
    let after = before;
    while (after === before) after = performance.now();
    stepMs = Math.min(stepMs, after - before);
  }
  return Math.max(1, Math.round(stepMs * 1000));
}

export async function latency(system, n) {
  const block = callsPerReading();
  const times = [];
  for (let done = 0; done < n; ) {
    const start = performance.now();
    for (let call = 0; call < block; call++, done++) {
      check((await system.run("add", done, 1)) === done + 1, "no-op");
    }
    times.push(((performance.now() - start) / block) * 1000);
  }
  return { value: median(times), p99: quantile(times, 0.99) };
}

/** With 5 ms of silence before each call, so that threads and cores have gone to sleep. */
export async function idleLatency(system, n) {
  const times = [];
  for (let call = 0; call < n; call++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    const start = performance.now();
    check((await system.run("add", call, 1)) === call + 1, "no-op from idle");
    times.push((performance.now() - start) * 1000);
  }
  return { value: median(times), p99: quantile(times, 0.99) };
}

function perSecond(count, start) {
  return (count / (performance.now() - start)) * 1000;
}

/** Everything at once, with a promise for each task. */
export async function burst(system, n) {
  const start = performance.now();
  const promises = new Array(n);
  for (let at = 0; at < n; at++) promises[at] = system.run("add", at, 1);
  const answers = await Promise.all(promises);
  const value = perSecond(n, start);
  checkAll(answers, n, (at) => at + 1, "burst");
  return value;
}

export function mapInputs(n) {
  return { as: Array.from({ length: n }, (_, at) => at), bs: Array(n).fill(1) };
}

export async function mapAll(system, n, { as, bs }) {
  const start = performance.now();
  const answers = await (system.map
    ? system.map("add", as, bs)
    : Promise.all(as.map((a, at) => system.run("add", a, bs[at]))));
  const value = perSecond(n, start);
  checkAll(answers, n, (at) => at + 1, "map");
  return value;
}

export async function chain(system, n) {
  const start = performance.now();
  let answer = 0;
  if (system.defer) {
    let last = system.defer("add", 0, 1);
    for (let link = 1; link < n; link++) last = system.defer("add", last, 1);
    answer = await system.settle(last);
  } else {
    for (let link = 0; link < n; link++) {
      answer = await system.run("add", answer, 1);
    }
  }
  const value = perSecond(n, start);
  check(answer === n, "chain");
  return value;
}

/** Sums 0 .. leaves-1 pairwise. Without futures a pair is submitted as soon as both its halves are in: no level waits. */
export async function tree(system, leaves) {
  const submit = system.defer ?? system.run;
  const join = system.defer
    ? (left, right) => system.defer("add", left, right)
    : async (left, right) => system.run("add", await left, await right);
  const start = performance.now();
  let level = Array.from({ length: leaves }, (_, leaf) => submit("add", leaf, 0));
  while (level.length > 1) {
    const next = [];
    for (let at = 0; at < level.length; at += 2) {
      next.push(join(level[at], level[at + 1]));
    }
    level = next;
  }
  const answer = await (system.settle ? system.settle(level[0]) : level[0]);
  const value = perSecond(2 * leaves - 1, start);
  check(answer === (leaves * (leaves - 1)) / 2, "tree");
  return value;
}

export function bigArray() {
  const array = new Float64Array((64 * 2 ** 20) / 8);
  for (let at = 0; at < array.length; at++) array[at] = at % 7;
  return array;
}

/** Never more than `limit` calls under way. */
async function inLanes(limit, from, to, call) {
  const answers = [];
  let next = from;
  const lane = async () => {
    while (next < to) {
      const at = next++;
      answers[at - from] = await call(at);
    }
  };
  await Promise.all(Array.from({ length: limit }, lane));
  return answers;
}

const USES = 100;
// Where nothing queues, or where calls copy their arguments, a careful user keeps this many under way.
const LANES = { eager: 4, queueing: 25 };

/**
 * The same large array as an argument of 100 tasks, in ms.
 *
 * Where n is less, n of them are run; if they took long, the array was copied for each and the rest is reckoned, else it is run.
 */
export async function arrayAsArgument(system, n, array) {
  const call = (at) => system.run("sumAt", array, at);
  const lanes = system.eager ? LANES.eager : LANES.queueing;
  const start = performance.now();
  const answers = await inLanes(lanes, 0, n, call);
  const partMs = performance.now() - start;
  if (n < USES && partMs < n * 10) {
    answers.push(...(await inLanes(lanes, n, USES, call)));
  }
  const value = performance.now() - start;
  checkAll(answers, answers.length, (at) => sumAt(array, at), "large array");
  return (value * USES) / answers.length;
}

/** The large array handed to the workers once, then used by as many tasks, in ms. */
export async function scatteredArray(system, n, array) {
  const start = performance.now();
  const there = await system.scatter(array);
  const calls = Array.from({ length: n }, (_, at) => system.run("sumAt", there, at));
  const answers = await Promise.all(calls);
  const value = performance.now() - start;
  checkAll(answers, n, (at) => sumAt(array, at), "large array");
  return value;
}

const SEED = 12345;

/** How many rounds of `spin` take 5 ms, asked of the workers themselves, whose compiler has to be warm first. */
export async function spinRounds(_n, system) {
  const trial = 2e6;
  for (let pair = 0; pair < 30; pair++) {
    await Promise.all([1, 2].map(() => system.run("spin", trial, SEED)));
  }
  const times = [];
  for (let call = 0; call < 8; call++) {
    times.push(await system.run("spin", trial, SEED));
  }
  return Math.round((trial * 5) / median(times));
}

/** The share of the workers' time that went into the tasks: 1 means that nothing was lost around them. */
export async function spinAll(system, n, rounds, workers) {
  const alone = [];
  for (let call = 0; call < 9; call++) {
    alone.push(await system.run("spin", rounds, SEED));
  }
  const taskMs = quantile(alone, 0.25);
  const start = performance.now();
  const calls = Array.from({ length: n }, () => system.run("spin", rounds, SEED));
  const times = await Promise.all(calls);
  const wallMs = performance.now() - start;
  for (const time of times) check(time > taskMs / 2, "a task of 5 ms");
  return { value: (n * taskMs) / workers / wallMs, taskMs };
}

const MB16 = 16 * 2 ** 20;

/** n results of 16 MB, in MB/s; `task` says whether the worker's code does anything about the copy. */
export const largeResults = (task) => async (system, n) => {
  const start = performance.now();
  const calls = Array.from({ length: n }, (_, at) => system.run(task, MB16, at + 1));
  const results = await Promise.all(calls);
  const value = perSecond(n * 16, start);
  results.forEach((result, at) => {
    check(result.byteLength === MB16, "length of a large result");
    check(result[0] === at + 1 && result[MB16 - 1] === at + 1, "large result");
  });
  return value;
};

// What the platform cases run as exports of a module.
import { asCompleted, closure, Future, getClient, wait } from "manyhands";
import { nested } from "./work-module-nested.mjs";

export const add = (x, y) => x + y;

export function viaNested(x) {
  return nested(x);
}

export async function later(x) {
  await undefined;
  return x;
}

export class Point {
  constructor(x, y) {
    this.x = x;
    this.y = y;
  }
}

let calls = 0;
export function countCalls() {
  calls += 1;
  return calls;
}

const cache = new Float64Array(100_000).fill(7);
/** Gives out what the module keeps: it must still have it afterwards. */
export function cached() {
  return cache;
}

export function sumOfCache() {
  return cache.reduce((a, b) => a + b, 0);
}

export function fail() {
  throw new RangeError("from the module");
}

export function* countTo(end) {
  for (let i = 1; i <= end; i++) yield i;
  return "done";
}

export const notAFunction = 1;

export async function fibonacci(n) {
  if (n < 2) return n;
  const client = getClient();
  const [a, b] = await client.gather([client.submit(fibonacci, n - 1), client.submit(fibonacci, n - 2)]);
  return a + b;
}

const square = (x) => x * x;

/** What it submits is no export, and travels as source. */
export async function viaHelper(x) {
  return await getClient().submit(square, x).result();
}

/** What this module imports is another copy of the library than the worker's. */
export async function viaCopy(x) {
  const client = getClient();
  const futures = [client.submit((y) => y, x), client.submit(square, x)];
  const { done } = await wait(futures);
  const values = [];
  for await (const [, value] of asCompleted(done, { withResults: true })) values.push(value);
  const cube = closure({ square }, (y) => square(y) * y);
  const failing = client.submit(() => Promise.reject(new RangeError("no")));
  const error = await failing.exception();
  return [
    futures[0] instanceof Future,
    values.sort((a, b) => a - b),
    await client.submit(cube, x).result(),
    error instanceof RangeError ? 1 : 0,
  ];
}

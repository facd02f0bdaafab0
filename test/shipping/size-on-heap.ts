/** Prints what values of many shapes take on the heap, and what is estimated: run with `--expose-gc`, in a process of its own. */
import { sizeof } from "../../src/shipping/sizeof.ts";
import { Random } from "../support/random.ts";

const chance = new Random(9);
const random = () => chance.next();
const collect = (globalThis as unknown as { gc: () => void }).gc;
const COPIES = 60;

/** Text that no other copy shares: what is cut out of JSON is kept once for all. */
const text = (length: number) =>
  Buffer.from(Array.from({ length }, () => 97 + Math.floor(random() * 26))).toString("latin1");
const list = <T>(length: number, make: (i: number) => T) => Array.from({ length }, (_, i) => make(i));
const tree = (depth: number): unknown =>
  depth === 0 ? { value: random() } : { left: tree(depth - 1), right: tree(depth - 1), weight: depth };

const shapes: Readonly<Record<string, () => unknown>> = {
  "rows of a table": () =>
    list(1000, (id) => ({ id, name: text(12), price: random() * 100, isInStock: random() > 0.5 })),
  "rings of coordinates": () => ({
    type: "Polygon",
    rings: list(10, () => list(100, () => [random() * 180, random() * 90])),
  }),
  "fractions in an array": () => list(5000, random),
  "whole numbers in an array": () => list(5000, (i) => i),
  "lines of text": () => list(500, () => text(80)),
  "text of two bytes a character": () => Buffer.from("漢字".repeat(2000), "utf16le").toString("utf16le"),
  "a map of counts": () => new Map(list(1000, (i) => [text(8), i])),
  "a set of words": () => new Set(list(1000, () => text(8))),
  "a matrix in rows": () => list(50, () => new Float64Array(100)),
  "one large array": () => new Uint8Array(300_000),
  "pictures with names": () => list(200, (i) => ({ name: `picture ${i}`, pixels: new Uint8Array(400) })),
  "a tree": () => tree(9),
  "many small objects, some large": () =>
    list(1000, (i) => (i % 20 === 0 ? { list: list(100, () => ({ a: 1, b: 2 })) } : { a: i })),
  "a dictionary": () => Object.fromEntries(list(500, (n) => [text(10), { n, tags: [text(5), text(5)] }])),
  dates: () => list(500, (i) => ({ when: new Date(i), what: i })),
};

function used(): number {
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const truths: Record<string, { readonly truth: number; readonly estimate: number }> = {};
for (const [name, make] of Object.entries(shapes)) {
  make();
  const kept: unknown[] = new Array(COPIES).fill(0);
  const before = used();
  for (let i = 0; i < COPIES; i++) kept[i] = make();
  truths[name] = { truth: (used() - before) / COPIES, estimate: sizeof(kept[0]) };
}
console.log(JSON.stringify(truths));

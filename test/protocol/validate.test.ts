/** What is let pass of what strangers say, and what is not: with the field named that is wrong. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ProtocolError } from "../../src/protocol/errors.ts";
import { validatePeerMessage } from "../../src/protocol/peer-forms.ts";
import { PACKED } from "../../src/protocol/task-spec.ts";
import {
  MOST_MESSAGES,
  validateClientMessages,
  validateNews,
  validateOrders,
  validateWorkerMessages,
} from "../../src/protocol/validate.ts";
import { Random } from "../support/random.ts";

const error = { type: "error", base: "Error", name: "Error", message: "no" };
const fn = { name: "f", hash: "h", kind: "source", source: "() => 1" };
const graph = { type: "update-graph", first: 0, count: 1, rows: [0, 1, 0, 5], functions: [[0, fn]], options: {} };

/** One of each kind that says something. */
const fromClients: readonly unknown[] = [
  graph,
  { ...graph, uniform: undefined, options: { priority: 1, retries: Number.POSITIVE_INFINITY, speculate: false } },
  { ...graph, rows: [1, 2], count: 2, uniform: { fn: 0, slots: 1, shape: 0 }, keys: [undefined, "k"] },
  { ...graph, rows: [0, 2, PACKED, ["x"], -3], options: { demands: { workers: ["w"], backoff: { delayMs: 1 } } } },
  { type: "scatter", id: 3, value: new Map(), nbytes: 10, broadcast: true },
  { type: "carry-keys", id: 3, tasks: [1, -2] },
  { type: "gather", ranges: [0, 5, -4, 1] },
  { type: "client-releases-keys", ids: [1] },
  { type: "client-desires-key", id: 4, key: "f-c-1" },
  { type: "client-lost-value", ids: [2] },
  { type: "cancel-keys", ids: [1], force: false, reason: "because" },
  { type: "retry-keys", ids: [] },
  { type: "fire-and-forget", ids: [0] },
  { type: "news-received", batch: 3 },
  { type: "withdraw-request", number: 0 },
  { type: "request", number: 0, request: { type: "who-has", tasks: undefined } },
  {
    type: "request",
    number: 1,
    request: {
      type: "coordinate",
      target: { kind: "queue", name: "jobs", limit: 3 },
      act: { type: "put", value: { value: 1, tasks: [] } },
    },
  },
];

const fromWorkers: readonly unknown[] = [
  { type: "task-finished", ranges: [1, 1, 2], values: [1, undefined], spent: [0, 2, 13.5] },
  { type: "task-stored", id: 1, run: 2, nbytes: 9, valueType: "Map", pushed: { value: 1, moved: false } },
  { type: "task-erred", id: 1, run: 0, error },
  { type: "task-erred", id: 1, run: 1, error: { type: "value", value: 7 } },
  { type: "task-started", id: 1, run: 1 },
  { type: "task-dropped", runs: [1, 1, 2, 1] },
  { type: "task-progress", id: 1, run: 1, fraction: 0.5, note: undefined },
  { type: "task-items", id: 1, run: 1, items: [1, 2] },
  { type: "add-keys", ids: [1] },
  { type: "missing-data", id: 0, run: 0, missing: 4, holders: ["thread://a/0"] },
  { type: "data", id: 1, found: false, value: undefined, moved: false },
  { type: "client-messages", messages: [graph] },
  { type: "task-carries", id: 1, run: 1, tasks: [0] },
  { type: "task-seceded", id: 1, run: 1 },
  { type: "task-rejoined", id: 1, run: 1 },
  { type: "slots-lent", count: 1 },
  { type: "errand-done", number: 0, outcome: { value: undefined } },
  { type: "set-resources", resources: { gpu: 1 } },
  { type: "worker-holds", number: 1, values: [{ client: "c", clientTask: 0, hash: "h", nbytes: 1, valueType: "" }] },
];

const orders: readonly unknown[] = [
  { type: "rejoin", number: 1 },
  { type: "adopt-held", client: "c", clientTask: 0, id: undefined },
  { type: "compute-task", client: "c", rows: [1, 1, 0, 0, 1, 1, 7], whoHas: [7, 100, 1, 0], peers: ["thread://a/0"] },
  { type: "compute-blocks", client: "c", blocks: [0, 2, 0, 1, 1, 0, 3], args: [1, 2, 3, 4, 5, 6] },
  { type: "register-functions", functions: [[0, fn]] },
  { type: "put-data", id: 1, value: "x", nbytes: 1 },
  { type: "acquire-replicas", whoHas: [1, 5, 2, 0, 1], peers: ["a", "b"] },
  { type: "get-data", id: 1, move: true },
  { type: "free-keys", ids: [1, 2] },
  { type: "cancel-compute", ids: [1], runs: [1], reason: "no", unlessBegun: "all" },
  { type: "stream-credit", id: 1, run: 1, credit: 2 ** 40 },
  { type: "remove-peer", address: "a" },
  { type: "client-news", news: { batch: 1, messages: [] } },
  { type: "adopt-data", scattered: 0, id: 5 },
  { type: "errand", number: 0, errand: { type: "leave" } },
];

const news: readonly unknown[] = [
  { type: "keys-in-memory", ranges: [0, 2], values: [1, 2], shared: [1] },
  { type: "key-stored", id: 0, nbytes: 1, valueType: "Array" },
  { type: "value-fetched", id: 0, value: 1, nbytes: 1, shared: true, moved: false },
  { type: "task-erred", id: 0, error },
  { type: "tasks-started", ids: [0] },
  { type: "tasks-pending", ids: [0] },
  { type: "cancelled-keys", ids: [0], reason: "no" },
  { type: "task-progress", id: 0, fraction: 1, note: "done" },
  { type: "answer", number: 0, outcome: { value: 1, grants: [{ id: -1, key: "k" }] } },
  { type: "answer", number: 0, outcome: { error } },
  { type: "warning", text: "mind" },
];

const peers: readonly unknown[] = [
  { type: "get-data", request: 1, ids: [1] },
  { type: "data", request: 1, ids: [1], values: [undefined] },
];

function refused(act: () => void, where: RegExp): void {
  assert.throws(act, (thrown) => {
    assert.ok(thrown instanceof ProtocolError, String(thrown));
    assert.match(thrown.message, where);
    return true;
  });
}

describe("messages from outside", () => {
  it("pass if they are words of the protocol", () => {
    validateClientMessages(fromClients);
    validateWorkerMessages(fromWorkers);
    validateOrders(orders);
    validateNews({ batch: 1, messages: news });
    for (const message of peers) validatePeerMessage(message);
  });

  it("are refused with the field named that is wrong", () => {
    const client = (message: unknown) => () => validateClientMessages([message]);
    const worker = (message: unknown) => () => validateWorkerMessages([message]);
    refused(() => validateClientMessages("all"), /messages must be a list, not "all"/);
    refused(client({ type: "constructor" }), /\[0\]\.type is no word of the protocol: "constructor"/);
    refused(client({ ...graph, first: -1 }), /\(update-graph\)\.first must be a whole number, not -1/);
    refused(client({ ...graph, count: 2 }), /\.rows holds 1 tasks, and should hold 2/);
    refused(client({ ...graph, rows: [0, 9, 0, 5] }), /\.rows\[0\] has fewer arguments than it says/);
    refused(client({ ...graph, rows: [0, 1, 1, "x"] }), /\.rows\[3\] must be a whole number/);
    refused(client({ ...graph, options: { depth: 3 } }), /\.options\.depth must be/);
    refused(client({ ...graph, options: { priority: Number.NaN } }), /\.options\.priority must be a number, not NaN/);
    refused(client({ ...graph, extra: 1 }), /has no field "extra"/);
    refused(client({ ...graph, functions: [[0, { name: "f" }]] }), /\.functions\[0\]\[1\]\.hash must be a text/);
    refused(client({ type: "request", number: 0, request: { type: "retire-some", count: 0.5 } }), /\.count must be/);
    refused(worker({ type: "task-finished", ranges: [1, 1], values: [], spent: [] }), /\.ranges has 2 items/);
    refused(worker({ type: "task-finished", ranges: [1, 1, 2], values: [1], spent: [] }), /\.values has 1 items/);
    refused(worker({ type: "task-stored", id: 1, run: 1, nbytes: -5, valueType: "" }), /\.nbytes must be/);
    refused(
      worker({ type: "client-messages", messages: [{ type: "gather", ranges: [0, 0] }] }),
      /\.ranges\[1\] must be/,
    );
    refused(() => validateOrders([{ type: "acquire-replicas", whoHas: [1, 5, 1, 9], peers: ["a"] }]), /\.whoHas\[3\]/);
    refused(() => validateNews({ batch: 1, messages: [{ type: "tasks-started" }] }), /\(tasks-started\)\.ids must be/);
    refused(() => validatePeerMessage({ type: "data", request: 1, ids: [1], values: [] }), /\.values has 0 items/);
    const flood = { type: "actor-results", ranges: [0, 100_000], values: [] };
    refused(() => validatePeerMessage(flood), /\.values has 0 items for 100000 calls/);
  });

  it("are refused if there are too many of them", () => {
    const flood = Array.from({ length: MOST_MESSAGES + 1 }, () => ({ type: "news-received", batch: 1 }));
    refused(() => validateClientMessages(flood), /has 100001 items, and 100000 are allowed/);
    refused(() => validateClientMessages(fromClients, 3), /has \d+ items, and 3 are allowed/);
  });

  it("do nothing but throw a ProtocolError, whatever is wrong with them", () => {
    const random = new Random(1);
    const junk = [undefined, null, -1, 0.5, Number.NaN, "x", true, [], {}, [[]], 2 ** 60, () => 1, new Map(), 10n];
    const all = [...fromClients, ...fromWorkers, ...orders, ...news, ...peers];
    const validators: readonly ((message: unknown) => void)[] = [
      validateClientMessages,
      validateWorkerMessages,
      validateOrders,
      validatePeerMessage,
    ];
    let refusals = 0;
    for (let i = 0; i < 20_000; i++) {
      const spoilt = spoil(random.pick(all), random, () => random.pick(junk));
      for (const validate of validators) {
        try {
          validate(validate === validatePeerMessage ? spoilt : [spoilt]);
        } catch (thrown) {
          assert.ok(thrown instanceof ProtocolError, String((thrown as Error).stack));
          assert.ok(thrown.message.length < 500, thrown.message);
          refusals += 1;
        }
      }
    }
    assert.ok(refusals > 40_000, `${refusals} were refused`);
  });
});

/** A copy with something somewhere in it replaced. */
function spoil(value: unknown, random: Random, other: () => unknown): unknown {
  if (typeof value !== "object" || value === null || value instanceof Map || random.chance(0.2)) return other();
  const copy = (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>;
  const field = random.pick(Object.keys(copy));
  if (field === undefined) return other();
  if (random.chance(0.1)) delete copy[field];
  else copy[field] = spoil(copy[field], random, other);
  return copy;
}

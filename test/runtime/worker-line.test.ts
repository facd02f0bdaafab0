/** How a worker comes to speak past its host: nothing overtakes, and nothing is said where nobody hears it any more. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memoryWire } from "../../src/adapters/memory-wire.ts";
import { SystemClock } from "../../src/adapters/system-clock.ts";
import type { LineOrder } from "../../src/ports/spawner.ts";
import type { SchedulerToWorkerMessage, WorkerMessage } from "../../src/protocol/worker-messages.ts";
import { LineTally } from "../../src/runtime/line-tally.ts";
import { RemoteWorkerComm } from "../../src/runtime/remote-worker-comm.ts";
import type { WorkerComm } from "../../src/runtime/sending.ts";
import { Trunk } from "../../src/runtime/trunk.ts";
import { WorkerLine } from "../../src/runtime/worker-line.ts";

const order = (id: number): SchedulerToWorkerMessage => ({ type: "free-keys", ids: [id] });
const report = (id: number): WorkerMessage => ({
  type: "task-finished",
  ranges: [id, 1, 1],
  values: [id],
  spent: [0, 1, 5],
});

/** Messages of wires arrive within the turn, and what they lead to in those after it. */
async function turns(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise(setImmediate);
}

function trunks(): readonly [Trunk, Trunk] {
  const both = [new Trunk({ clock: new SystemClock() }), new Trunk({ clock: new SystemClock() })] as const;
  const [left, right] = memoryWire();
  both[0].attach(left);
  both[1].attach(right);
  return both;
}

/** A worker at one end, its scheduler at the other, and between them a host that passes on what it is told to. */
async function stage() {
  const [schedulers, hosts] = trunks();
  const told: unknown[] = [];
  const heard: WorkerMessage[] = [];
  const ended: unknown[] = [];
  const comm = new RemoteWorkerComm(schedulers.channel(1), {
    wantsLine: () => told.push("wanted"),
    ended: (gone) => ended.push(gone),
  });
  comm.listen((messages) => heard.push(...messages));
  const channel = hosts.channel(1);
  channel.listen((word) => told.push(word));

  const owned: unknown[] = [];
  let deliver: (messages: readonly SchedulerToWorkerMessage[]) => void = () => {};
  const owner: WorkerComm = {
    closed: new Promise<string>(() => {}),
    send: (messages) => void owned.push(...messages),
    listen: (hear) => {
      deliver = hear;
    },
    close: (reason) => void owned.push({ closed: reason }),
  };
  const opened = { resolve: (_: Trunk) => {}, reject: (_: Error) => {} };
  const opening = new Promise<Trunk>((resolve, reject) => Object.assign(opened, { resolve, reject }));
  const worker = new WorkerLine(owner, () => opening);
  const orders: SchedulerToWorkerMessage[] = [];
  worker.listen((messages) => orders.push(...messages));
  const tally = new LineTally();
  const obey = (order: LineOrder) => deliver([order as unknown as SchedulerToWorkerMessage]);
  const open = () => {
    const plan = { address: "ws://any", line: "line-1", ticket: new Uint8Array(1), tally: tally.shared };
    obey({ type: "line-open", plan });
  };
  return {
    comm,
    channel,
    told,
    heard,
    ended,
    owned,
    worker,
    obey,
    orders,
    tally,
    open,
    opened,
    deliver: () => deliver,
  };
}

describe("a worker's own line", () => {
  it("is spoken by from where all that went by the host has come, each way", async () => {
    const t = await stage();
    t.open();
    const [there, here] = trunks();
    t.comm.send([order(1)]);
    t.comm.takeLine(there);
    t.comm.send([order(2)]);
    await turns();
    assert.deepEqual(
      t.told,
      [[order(1)], { type: "line-begins" }],
      "what comes after that is not the host's to pass on",
    );
    t.opened.resolve(here);
    await turns();
    t.worker.send([report(1)]);
    assert.deepEqual(t.owned, [report(1)]);
    assert.deepEqual(t.orders, [], "what the host passes on is on its way");
    t.deliver()([order(1)]);
    t.obey({ type: "line-begins" });
    t.worker.send([report(2)]);
    await turns();
    assert.deepEqual(t.orders, [order(1), order(2)]);
    assert.deepEqual(t.owned, [report(1), { type: "line-begun" }]);
    assert.deepEqual(t.heard, [], "what the host passes on is on its way");
    t.channel.send([report(1)]);
    t.channel.send({ type: "line-begun" });
    await turns();
    assert.deepEqual(t.heard, [report(1), report(2)]);
    assert.deepEqual([t.tally.tasks, t.tally.busyUs], [1, 5], "what its host does not hear is counted for it");
  });

  it("begins when it is let in, though it hears of that last", async () => {
    const t = await stage();
    t.open();
    const [there, here] = trunks();
    t.comm.takeLine(there);
    t.comm.send([order(1)]);
    t.obey({ type: "line-begins" });
    t.worker.send([report(1)]);
    assert.deepEqual(t.owned, [report(1)]);
    t.opened.resolve(here);
    await turns();
    assert.deepEqual(t.orders, [order(1)]);
    assert.deepEqual(t.owned, [report(1), { type: "line-begun" }]);
  });

  it("has batches wait for the links that were ordered before them, which its host makes", async () => {
    const t = await stage();
    t.open();
    const [there, here] = trunks();
    t.opened.resolve(here);
    t.comm.takeLine(there);
    t.obey({ type: "line-begins" });
    t.comm.tell({ type: "link", peer: "ws://other/0", host: "other", pipe: 7 });
    t.comm.send([order(1)]);
    t.comm.send([order(2)]);
    await turns();
    assert.deepEqual(t.orders, []);
    t.obey({ type: "line-link-made" });
    assert.deepEqual(t.orders, [order(1), order(2)]);
  });

  it("is not missed if it cannot be opened before anything went by it", async () => {
    const t = await stage();
    t.open();
    t.opened.reject(new Error("nobody answers"));
    await turns();
    t.worker.send([report(1)]);
    t.deliver()([order(1)]);
    assert.deepEqual([t.owned, t.orders], [[report(1)], [order(1)]]);
  });

  it("is over for the worker's host when it is waited for and cannot be opened, or breaks: nothing is said any more", async () => {
    const failing = await stage();
    failing.open();
    failing.obey({ type: "line-begins" });
    failing.opened.reject(new Error("nobody answers"));
    await turns();
    failing.worker.send([report(1)]);
    assert.deepEqual(failing.owned, [{ type: "line-over", reason: "nobody answers" }]);

    const breaking = await stage();
    breaking.open();
    const [there, here] = trunks();
    breaking.opened.resolve(here);
    breaking.comm.takeLine(there);
    breaking.obey({ type: "line-begins" });
    await turns();
    there.close("it was given up");
    await here.closed;
    await turns();
    breaking.worker.send([report(1)]);
    assert.deepEqual(breaking.owned, [{ type: "line-begun" }, { type: "line-over", reason: "it was given up" }]);
    assert.deepEqual(
      breaking.told.at(-1),
      { type: "end", reason: "it was given up", isForGood: false },
      "the scheduler waits for nothing from it",
    );
  });

  it("is left when the host has another scheduler, to which the worker speaks by way of the host", async () => {
    const t = await stage();
    t.open();
    const [there, here] = trunks();
    t.opened.resolve(here);
    t.comm.takeLine(there);
    t.obey({ type: "line-begins" });
    await turns();
    t.deliver()([{ type: "rejoin", number: 3 }]);
    t.worker.send([{ type: "worker-holds", number: 3, values: [] } as unknown as WorkerMessage]);
    await here.closed;
    assert.deepEqual(t.orders, [{ type: "rejoin", number: 3 }]);
    assert.deepEqual((t.owned.at(-1) as WorkerMessage).type, "worker-holds");
  });

  it("ends the worker alone that says by it what is no word of the protocol", async () => {
    const t = await stage();
    const [there, here] = trunks();
    t.comm.takeLine(there);
    t.channel.send({ type: "line-begun" });
    here.channel(0).send([{ type: "nonsense" }]);
    await turns();
    const last = t.told.at(-1) as { readonly type: string; readonly reason: string };
    assert.equal(last.type, "end");
    assert.match(last.reason, /ProtocolError/);
    assert.deepEqual([t.heard, t.ended], [[], []]);
  });

  it("is one: whoever says that it has begun, or opens another, without there being any is not believed", async () => {
    const t = await stage();
    t.channel.send({ type: "line-begun" });
    await turns();
    assert.deepEqual(t.ended, [undefined]);
    const other = await stage();
    const [[first], [second, there]] = [trunks(), trunks()];
    other.comm.takeLine(first);
    other.comm.takeLine(second);
    assert.match(await there.closed, /no worker that waits for it/);
  });

  it("that is over before it began closes what was opened for it", async () => {
    const t = await stage();
    t.open();
    t.deliver()([{ type: "rejoin", number: 1 }]);
    const [there, here] = trunks();
    t.opened.resolve(here);
    assert.match(await there.closed, /not wanted any more/);
  });
});

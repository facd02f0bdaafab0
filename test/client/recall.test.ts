/** A client that loses its scheduler and finds another: what it tells that, and what its user notices. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memoryComm } from "../../src/adapters/memory-comm.ts";
import { Client } from "../../src/client/client.ts";
import { Recall, type RecallOptions } from "../../src/client/recall.ts";
import { Session } from "../../src/client/session.ts";
import type {
  ClientMessage,
  ClientRequest,
  News,
  SchedulerToClientMessage,
} from "../../src/protocol/client-messages.ts";
import { CommClosedError, encodeError } from "../../src/protocol/errors.ts";

const add = (x: number, y: number) => x + y;

/** What is due later is made to happen by the test. */
class Alarms {
  due: { readonly ms: number; readonly act: () => void }[] = [];

  after = (ms: number, act: () => void): (() => void) => {
    const alarm = { ms, act };
    this.due.push(alarm);
    return () => {
      this.due = this.due.filter((each) => each !== alarm);
    };
  };

  ring(ms: number): void {
    for (const alarm of this.due.filter((each) => each.ms === ms)) {
      this.due = this.due.filter((each) => each !== alarm);
      alarm.act();
    }
  }
}

function remote(options: Partial<RecallOptions> = {}) {
  const alarms = new Alarms();
  const recall = new Recall({ after: alarms.after, ...options });
  const session = new Session("me", recall, () => () => {});
  recall.speakFor(session);
  const client = new Client({ session, ready: Promise.resolve(), close: async () => {} });
  return {
    recall,
    client,
    alarms,
    /** A scheduler that is the test. */
    scheduler: () => {
      const [clientEnd, schedulerEnd] = memoryComm<readonly ClientMessage[], News>();
      const sent: ClientMessage[] = [];
      let tellHeard = () => {};
      const heard = () =>
        new Promise<void>((resolve) => {
          tellHeard = resolve;
        });
      schedulerEnd.listen((messages) => {
        sent.push(...messages);
        tellHeard();
      });
      recall.attach(clientEnd);
      let batch = 0;
      return {
        async sent(): Promise<ClientMessage[]> {
          await settled();
          return sent.splice(0);
        },
        /** What is sent, once it is so many messages. */
        async some(count: number): Promise<ClientMessage[]> {
          while (sent.length < count) await heard();
          return sent.splice(0);
        },
        /** What is sent next, once it is: a request of this type. */
        async asked(type: ClientRequest["request"]["type"]): Promise<ClientRequest> {
          while (sent.length === 0) await heard();
          const [message, ...others] = sent.splice(0);
          assert.ok(message?.type === "request" && message.request.type === type, `${type} is asked: ${message?.type}`);
          assert.deepEqual(others, []);
          return message;
        },
        async tell(...messages: SchedulerToClientMessage[]) {
          schedulerEnd.send({ batch: ++batch, messages });
          await settled();
        },
        async hangUp() {
          schedulerEnd.close("it crashed");
          await settled();
        },
      };
    },
  };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));
const inMemory = (id: number, value: unknown, shared: number[] = []): SchedulerToClientMessage => {
  return { type: "keys-in-memory", ranges: [id, 1], values: [value], shared };
};
/** The answer of a scheduler that has noted `count` events under a topic, and tells of the last with these messages. */
const noted = (number: number, count: number, ...messages: unknown[]): SchedulerToClientMessage => {
  const events = messages.map((message, i) => {
    return { number: count - messages.length + i + 1, topic: "training", atMs: 0, from: "them", message };
  });
  return { type: "answer", number, outcome: { value: { events, count, nowMs: 0, missed: 0 } } };
};

/** The answer of a scheduler that was told `count` traces, the last of them with spans of these names. */
const traced = (number: number, count: number, ...names: string[]): SchedulerToClientMessage => {
  const rows = names.flatMap((_, i) => [0, i, 1000, 1, 1, 0, -1, 0]);
  const traces = names.length === 0 ? [] : [{ type: "trace", worker: "w", texts: names, rows }];
  return { type: "answer", number, outcome: { value: { traces, count, missed: 0 } } };
};

describe("a client that finds another scheduler", () => {
  it("submits again what is pending, with its function, under the same number", async () => {
    const { client, scheduler } = remote();
    const first = scheduler();
    const sum = client.submit(add, 1, 2);
    const value = sum.result();
    const { key } = sum;
    await first.sent();
    await first.hangUp();
    assert.equal(sum.status, "pending");
    const second = scheduler();
    const [graph, gather] = await second.sent();
    assert.ok(graph?.type === "update-graph");
    assert.deepEqual([graph.first, graph.rows], [0, [0, 2, 0, 1, 2]]);
    assert.equal(graph.functions.length, 1);
    assert.deepEqual(gather, { type: "gather", ranges: [0, 1] });
    await second.tell(inMemory(0, 3));
    assert.equal(await value, 3);
    assert.equal(sum.key, key);
  });

  it("says nothing of what has come, or has been let go", async () => {
    const { client, scheduler, recall } = remote();
    const first = scheduler();
    const [done, released] = [client.submit(add, 1, 2), client.submit(add, 3, 4)];
    await first.sent();
    await first.tell(inMemory(0, 3));
    released.release();
    await first.sent();
    await first.hangUp();
    assert.equal(recall.size, 0);
    assert.deepEqual(await scheduler().sent(), []);
    assert.equal(await done.result(), 3);
  });

  it("gives small inputs that have come as data, and asks for no more than is needed", async () => {
    const { client, scheduler } = remote();
    const first = scheduler();
    const input = client.submit(add, 1, 2);
    const sum = client.submit(add, input, 10);
    await first.sent();
    await first.tell(inMemory(0, 3));
    await first.hangUp();
    const [data, graph, released] = await scheduler().sent();
    assert.deepEqual(data, { type: "scatter", id: 0, value: 3, nbytes: 0, prefix: "add" });
    assert.ok(graph?.type === "update-graph");
    assert.deepEqual([graph.first, graph.rows], [1, [0, 2, 1, 0, 10]]);
    assert.deepEqual(released, { type: "client-releases-keys", ids: [0] });
    assert.equal(sum.status, "pending");
  });

  it("lets go of an input that it gives for others' sake only when these have been said", async () => {
    const { client, scheduler } = remote();
    const first = scheduler();
    const input = client.submit(add, 1, 2);
    const pending = client.submit(add, input, 10);
    await first.tell({ type: "task-erred", id: 0, error: encodeError(new Error("this time it fails")) });
    await first.hangUp();
    const second = scheduler();
    await second.sent();
    // It went well this time, because `pending` needs it: its own user has been told that it failed.
    await second.tell(inMemory(0, 3));
    assert.deepEqual([input.status, pending.status], ["error", "pending"]);
    const another = client.submit(add, input, 20);
    const [, data, graph, released] = await second.sent();
    assert.deepEqual(data, { type: "scatter", id: 0, value: 3, nbytes: 0, prefix: "add" });
    assert.ok(graph?.type === "update-graph" && graph.first === 2);
    assert.deepEqual(released, { type: "client-releases-keys", ids: [0] });
    assert.equal(another.status, "pending");
  });

  it("has a large result made again, and its future is pending meanwhile", async () => {
    const { client, scheduler } = remote();
    const first = scheduler();
    const large = client.submit(() => new Float64Array(5000));
    await first.sent();
    await first.tell({ type: "key-stored", id: 0, nbytes: 40_000, valueType: "Float64Array" });
    assert.equal(large.status, "finished");
    await first.hangUp();
    const [graph] = await scheduler().sent();
    assert.ok(graph?.type === "update-graph");
    assert.equal(large.status, "pending");
  });

  it("gives scattered values again, and says of those that it could not remember that they are lost", async () => {
    const { client, scheduler } = remote({ mostBytes: 1000 });
    const first = scheduler();
    const [small, large] = [client.scatter("small"), client.scatter(new Float64Array(5000))];
    const of = client.submit((x: unknown) => x, large);
    await first.sent();
    await first.hangUp();
    const messages = await scheduler().sent();
    assert.deepEqual(
      messages.map((message) => (message.type === "scatter" ? message.value : message.type)),
      ["small"],
    );
    assert.deepEqual([small.status, large.status, of.status], ["finished", "lost", "lost"]);
    await assert.rejects(large.result(), (error) => {
      assert.ok(error instanceof CommClosedError);
      assert.match(error.message, /data-me-1 is lost: it was scattered, and there was too much of that/);
      return true;
    });
    await assert.rejects(of.result(), /is lost: it depends on what is gone/);
  });

  it("asks again what only looks, and refuses what may have been done", async () => {
    const { client, scheduler } = remote();
    const first = scheduler();
    const info = client.schedulerInfo();
    const published = client.publishDataset("points", 1);
    published.catch(() => {});
    assert.deepEqual(
      (await first.sent()).map(({ type }) => type),
      ["request", "request"],
    );
    await first.hangUp();
    await assert.rejects(published, (error) => {
      assert.ok(error instanceof CommClosedError);
      assert.match(error.message, /the scheduler was lost \(it crashed\) before it answered.*publish-dataset/);
      return true;
    });
    const second = scheduler();
    const [request] = await second.sent();
    assert.ok(request?.type === "request" && request.request.type === "scheduler-info");
    const value = { address: "local", workers: {}, clients: [], queued: 0 };
    await second.tell({ type: "answer", number: request.number, outcome: { value } });
    assert.deepEqual(await info, value);
  });

  it("goes on following a topic, whose events the next scheduler counts from the start", async () => {
    const { client, scheduler } = remote();
    const first = scheduler();
    const heard: unknown[] = [];
    const subscribed = client.subscribeTopic("training", ({ message }) => heard.push(message));
    const begun = await first.asked("events");
    assert.deepEqual(begun.request, { type: "events", topic: "training" });
    await first.tell(noted(begun.number, 3));
    const subscription = await subscribed;
    const before = await first.asked("events");
    assert.deepEqual(before.request, { type: "events", topic: "training", after: 3 });
    await first.tell(noted(before.number, 4, "of the first"));
    await first.asked("events");
    await first.hangUp();
    const second = scheduler();
    const after = await second.asked("events");
    assert.deepEqual(after.request, { type: "events", topic: "training", after: 4 });
    await second.tell(noted(after.number, 1, "of the second"));
    assert.deepEqual(heard, ["of the first", "of the second"]);
    const next = await second.asked("events");
    assert.deepEqual(next.request, { type: "events", topic: "training", after: 1 });
    subscription.close();
    assert.deepEqual(await second.sent(), [{ type: "withdraw-request", number: next.number }]);
  });

  it("goes on recording, and has it end where there is nobody to be told", async (t) => {
    const { client, scheduler } = remote();
    // Between two looks, a recording keeps nothing alive.
    const alive = setInterval(() => {}, 10_000);
    t.after(() => clearInterval(alive));
    const first = scheduler();
    const begun = client.taskStream();
    await first.tell(traced((await first.asked("trace-open")).number, 7));
    const recording = await begun;
    const names = () => recording.spans.map(({ name }) => name);
    const before = await first.asked("trace-read");
    assert.deepEqual(before.request, { type: "trace-read", after: 7, now: false });
    await first.tell(traced(before.number, 8, "of the first"));
    await first.asked("trace-read");
    await first.hangUp();
    const second = scheduler();
    await second.tell(traced((await second.asked("trace-open")).number, 2));
    const after = await second.asked("trace-read");
    assert.deepEqual(after.request, { type: "trace-read", after: 2, now: false });
    await second.tell(traced(after.number, 3, "of the second"));
    assert.deepEqual(names(), ["of the first", "of the second"]);
    await second.asked("trace-read");
    await second.hangUp();
    await recording.stop();
    const third = scheduler();
    assert.deepEqual(await third.sent(), []);
    for await (const spans of recording) assert.fail(`${spans.length} more`);
  });

  it("takes back what it has asked to be recorded, if that is stopped before the answer", async () => {
    const { client, scheduler } = remote();
    const first = scheduler();
    const begun = client.taskStream();
    await first.tell(traced((await first.asked("trace-open")).number, 0));
    const recording = await begun;
    await first.asked("trace-read");
    await first.hangUp();
    const second = scheduler();
    const { number } = await second.asked("trace-open");
    await recording.stop();
    assert.deepEqual(await second.sent(), [{ type: "withdraw-request", number }]);
    await second.tell(traced(number, 0));
    await second.asked("trace-close");
  });

  it("goes on forwarding what workers write", async () => {
    const { client, scheduler } = remote();
    const first = scheduler();
    const heard: string[] = [];
    const forwarded = client.forwardLogs({ handler: ({ text }) => heard.push(text) });
    const [follow, events] = await first.some(2);
    assert.ok(follow?.type === "request" && follow.request.type === "log-follow");
    assert.ok(events?.type === "request" && events.request.type === "events");
    await first.tell(noted(events.number, 0));
    const forwarding = await forwarded;
    const before = await first.asked("events");
    await first.tell(noted(before.number, 1, { atMs: 0, level: "log", text: "of the first" }));
    await first.asked("events");
    await first.hangUp();
    const second = scheduler();
    const [again, next] = await second.some(2);
    assert.deepEqual(again, follow);
    assert.ok(next?.type === "request" && next.request.type === "events");
    await second.tell(noted(next.number, 1, { atMs: 0, level: "log", text: "of the second" }));
    assert.deepEqual(heard, ["of the first", "of the second"]);
    const last = await second.asked("events");
    forwarding.close();
    assert.deepEqual(
      await second.sent(),
      [last.number, follow.number].map((number) => ({ type: "withdraw-request", number })),
    );
  });

  it("counts news on, and acknowledges what this scheduler has sent", async () => {
    const { client, scheduler } = remote();
    const first = scheduler();
    client.submit(add, 1, 2);
    await first.sent();
    await first.tell(inMemory(0, 3));
    assert.deepEqual(await first.sent(), [{ type: "news-received", batch: 1 }]);
    await first.hangUp();
    const second = scheduler();
    client.submit(add, 3, 4);
    await second.sent();
    await second.tell(inMemory(1, 7));
    assert.deepEqual(await second.sent(), [{ type: "news-received", batch: 1 }]);
  });

  it("claims another client's task again and again for a while, for that client may be late", async () => {
    const { client, scheduler, alarms } = remote({ claimForMs: 5000 });
    const first = scheduler();
    const theirs = client.future("f-them-0");
    await first.sent();
    await first.hangUp();
    const second = scheduler();
    const claim = { type: "client-desires-key", id: 0, key: "f-them-0" };
    assert.deepEqual(await second.sent(), [claim]);
    await second.tell({ type: "cancelled-keys", ids: [0], reason: "there is no such task" });
    assert.equal(theirs.status, "pending");
    alarms.ring(250);
    assert.deepEqual(await second.sent(), [claim]);
    alarms.ring(5000);
    await second.tell({ type: "cancelled-keys", ids: [0], reason: "there is no such task" });
    assert.equal(theirs.status, "cancelled");
  });

  it("ends what is pending as lost when no other is found", async () => {
    const { client, scheduler, recall } = remote();
    const first = scheduler();
    const sum = client.submit(add, 1, 2);
    await first.sent();
    await first.hangUp();
    recall.end("no scheduler could be reached");
    await assert.rejects(sum.result(), /no scheduler could be reached/);
    assert.equal(sum.status, "lost");
  });
});

/** What the scheduler notes of what happens, how much of it is kept, and who is told. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { NotedEvents } from "../../src/protocol/cluster-events.ts";
import { EventLog } from "../../src/scheduler/event-log.ts";
import { SchedulerMachine } from "../../src/scheduler/machine.ts";
import { requestRules } from "../../src/scheduler/requests.ts";
import { SchedulerStage } from "../support/scheduler-stage.ts";
import { follow as followOn } from "../support/transcript.ts";

const follow = (transcript: string) => followOn(transcript, new SchedulerStage());

const emptyLog = () => new EventLog(new SchedulerMachine().state);
const messages = (noted: { readonly events: readonly { readonly message: unknown }[] } | undefined) =>
  noted?.events.map(({ message }) => message);

describe("an event log", () => {
  it("keeps the last thousand of each topic, and says how many were missed", () => {
    const log = emptyLog();
    for (let i = 1; i <= 1200; i++) log.log(["x"], i, "c1");
    log.log(["y"], "other", "c1");
    assert.equal(log.read("x").count, 1200);
    assert.deepEqual(messages(log.read("x"))?.slice(0, 2), [201, 202]);
    assert.deepEqual(messages(log.readAfter("x", 1198)), [1199, 1200]);
    assert.equal(log.readAfter("x", 1198)?.missed, 0);
    assert.equal(log.readAfter("x", 150)?.missed, 50);
    assert.equal(log.readAfter("x", 1200), undefined);
    assert.deepEqual(messages(log.readAfter("all", 1200)), ["other"]);
  });

  it("notes once what is logged under one topic twice, and under `all` without another name", () => {
    const log = emptyLog();
    log.log(["x", "x", "all"], 1, "c1");
    assert.deepEqual(messages(log.read("x")), [1]);
    assert.deepEqual(
      log.read("all").events.map(({ topic, number }) => [topic, number]),
      [
        ["x", 1],
        ["all", 2],
      ],
    );
  });

  it("lets go of the topic that was silent for longest when there are very many, and begins it anew", () => {
    const log = emptyLog();
    for (let i = 0; i < 1500; i++) log.log([`t${i}`], i, "c1");
    assert.deepEqual(messages(log.read("t0")), []);
    assert.deepEqual(messages(log.read("t1499")), [1499]);
    assert.equal(log.read("all").count, 1500);
    log.log(["t0"], "again", "c1");
    assert.deepEqual(messages(log.readAfter("t0", 7)), ["again"], "whoever had read more of it hears that");
  });
});

describe("events", () => {
  it("are told to who follows a topic as soon as there are some, and to nobody who has given up or left", () => {
    follow(`
      > add client c1
      > add client c2
      > c1: request 0 {"type": "events", "topic": "x", "after": 0}
      > c1: request 1 {"type": "events", "topic": "x", "after": 0}
      > c2: request 0 {"type": "events", "topic": "x", "after": 0}
      > c1: withdraw 1
      > remove client c2
      > add client c3
      > c3: request 0 {"type": "log-event", "topics": ["x", "y"], "message": 5}
        c3 <- 1: answer 0: done
        c1 <- 1: answer 0: {"events":[{"number":2,"topic":"x","atMs":0,"from":"c3","message":5}],"count":1,"nowMs":0,"missed":0}
    `);
  });

  it("tell who came, who went and why, what was done, and of what clients were warned", () => {
    follow(`
      > add client c1
      > add worker w1
      > at 10 ms
      > c1: request 0 {"type": "pause-workers", "workers": ["w1"]}
        c1 <- 1: answer 0: done
      > remove worker w1
      > add worker w2
      > c1: submit x = f(1) on w7
        wake at 5010
        c1 <- 2: warning: no worker can run f-c1-0: it asks for w7, and there is w2. It waits 5000 ms for one that can
      > c1: request 1 {"type": "events", "topic": "all"}
        c1 <- 3: answer 1: {"events":[${[
          '{"number":1,"topic":"workers","atMs":0,"from":"scheduler","message":{"type":"worker-added","worker":"w1","name":"w1"}}',
          '{"number":2,"topic":"cluster","atMs":10,"from":"scheduler","message":{"type":"pause-workers","client":"c1","about":"w1"}}',
          '{"number":3,"topic":"workers","atMs":10,"from":"scheduler","message":{"type":"worker-removed","worker":"w1","name":"w1","reason":"it is gone","expected":false}}',
          '{"number":4,"topic":"workers","atMs":10,"from":"scheduler","message":{"type":"worker-added","worker":"w2","name":"w2"}}',
          '{"number":5,"topic":"warnings","atMs":10,"from":"scheduler","message":{"type":"warning","text":"no worker can run f-c1-0: it asks for w7, and there is w2. It waits 5000 ms for one that can","client":"c1"}}',
        ].join(",")}],"count":5,"nowMs":10,"missed":0}
    `);
  });

  it("of before there was somebody to note them are noted afterwards, with the tasks that killed", () => {
    const machine = new SchedulerMachine();
    const worker = (address: string) => machine.handle({ type: "add-worker", worker: address, name: "w", nThreads: 1 });
    const die = (address: string) =>
      machine.handle({ type: "remove-worker", worker: address, reason: "it died", expected: false });
    machine.handle({ type: "add-client", client: "c1" });
    worker("w1");
    const options = {};
    const shipped = { name: "f", hash: "f" };
    const graph = {
      first: 0,
      count: 1,
      rows: [],
      uniform: { fn: 0, slots: 0, shape: 0 },
      functions: [[0, shipped]],
      options,
    };
    machine.handle({
      type: "client-message",
      client: "c1",
      message: { type: "update-graph", ...graph, functions: [[0, shipped]] },
    });
    die("w1");
    worker("w2");
    die("w2");
    worker("w3");
    die("w3");
    machine.learn(requestRules, undefined, undefined, 7);
    machine.handle(
      {
        type: "client-message",
        client: "c1",
        message: { type: "request", number: 0, request: { type: "events", topic: "all" } },
      },
      7,
    );
    const news = machine.take().flatMap((each) => (each.type === "send-to-client" ? each.messages : []));
    const answer = news.find((each) => each.type === "answer");
    assert.ok(answer !== undefined && "value" in answer.outcome);
    const { events } = answer.outcome.value as NotedEvents;
    const removal = (address: string) => [
      "workers",
      { type: "worker-removed", worker: address, name: "w", reason: "it died", expected: false },
    ];
    assert.deepEqual(
      events.map(({ topic, message }) => [topic, message]),
      [
        removal("w1"),
        removal("w2"),
        removal("w3"),
        ["tasks", { type: "task-killed-workers", key: "f-c1-0", workers: ["w1", "w2", "w3"] }],
      ],
    );
  });

  it("are the last that is heard of a cluster that is shut down", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: request 0 {"type": "shutdown"}
        end the cluster: client c1 shut the cluster down
    `);
  });
});

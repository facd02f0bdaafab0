/** Where time went, by what was recorded, and the same in the forms of other tools. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { chromeTrace, joinedProfile } from "../../src/client/profile-exports.ts";
import type { TaskSpan } from "../../src/client/recording.ts";
import { idleMs, longestTasks, timeAccounts, transferAccounts } from "../../src/client/time-accounts.ts";

const span = (more: Partial<TaskSpan>): TaskSpan => ({
  worker: "w1",
  kind: "compute",
  name: "f",
  key: undefined,
  beganMs: 0,
  ms: 1,
  tasks: 1,
  nbytes: 0,
  status: "ok",
  ...more,
});

describe("accounts of time", () => {
  it("add up by name and kind, those that took most first", () => {
    const accounts = timeAccounts([
      span({ ms: 2, tasks: 3 }),
      span({ name: "g", ms: 10, status: "error" }),
      span({ kind: "wait", ms: 4 }),
      span({ kind: "transfer", name: "w2", ms: 1 }),
      span({ kind: "deserialize", ms: 1, tasks: 0 }),
    ]);
    assert.deepEqual(accounts, [
      { name: "g", tasks: 1, errors: 1, compute: 10, wait: 0, transfer: 0, deserialize: 0 },
      { name: "f", tasks: 3, errors: 0, compute: 2, wait: 4, transfer: 0, deserialize: 1 },
      { name: "(transfers)", tasks: 0, errors: 0, compute: 0, wait: 0, transfer: 1, deserialize: 0 },
    ]);
  });

  it("count what was idle once, though spans overlap or reach beyond", () => {
    const spans = [
      span({ beganMs: 12, ms: 4 }),
      span({ beganMs: 14, ms: 4 }),
      span({ beganMs: 5, ms: 6 }),
      span({ beganMs: 29, ms: 10 }),
    ];
    assert.equal(idleMs(spans, ["w1"], { fromMs: 10, toMs: 30 }), 1 + 11);
    assert.equal(idleMs(spans, ["w1", "w2"], { fromMs: 10, toMs: 30 }), 12 + 20);
  });

  it("add up what moved between each two, and list the longest that were told one by one", () => {
    const moved = [
      span({ kind: "transfer", name: "w2", nbytes: 5 }),
      span({ kind: "transfer", name: "w2", nbytes: 6, ms: 2 }),
    ];
    assert.deepEqual(transferAccounts(moved), [{ from: "w2", to: "w1", times: 2, nbytes: 11, ms: 3 }]);
    const spans = [span({ ms: 9, tasks: 2 }), span({ ms: 1 }), span({ ms: 3 }), ...moved];
    assert.deepEqual(
      longestTasks(spans, 1).map(({ ms }) => ms),
      [3],
    );
  });
});

describe("exports", () => {
  it("give Chrome a process for each host, with a name", () => {
    const { traceEvents } = chromeTrace([
      span({ worker: "thread://worker/0" }),
      span({ worker: "ws://desk-x1/0" }),
      span({ worker: "thread://worker/1" }),
      span({ worker: "ws://desk-x1/1" }),
    ]);
    assert.deepEqual(
      traceEvents.filter(({ name }) => name === "process_name").map(({ pid, args }) => [pid, args?.["name"]]),
      [
        [1, "worker"],
        [2, "desk-x1"],
      ],
    );
    assert.deepEqual(
      traceEvents.filter(({ ph }) => ph === "X").map(({ pid, tid }) => [pid, tid]),
      [
        [1, 1],
        [2, 2],
        [1, 3],
        [2, 4],
      ],
    );
  });

  it("give Chrome a lane for each worker, and one more where two tasks overlap", () => {
    const { traceEvents } = chromeTrace([
      span({ beganMs: 0, ms: 5, name: "a" }),
      span({ beganMs: 1, ms: 2, name: "b" }),
      span({ beganMs: 6, ms: 1, name: "c" }),
      span({ worker: "w2", beganMs: 0, kind: "transfer", name: "w1" }),
    ]);
    assert.deepEqual(
      traceEvents.filter(({ name }) => name === "thread_name").map(({ tid, args }) => [tid, args?.["name"]]),
      [
        [1, "w1"],
        [2, "w2"],
        [3, "w1 (2)"],
      ],
    );
    assert.deepEqual(
      traceEvents.filter(({ ph }) => ph === "X").map(({ tid, name, ts, dur }) => [tid, name, ts, dur]),
      [
        [1, "a", 0, 5000],
        [2, "from w1", 0, 1000],
        [3, "b", 1000, 2000],
        [1, "c", 6000, 1000],
      ],
    );
  });

  it("join the stacks of several workers into one profile, each on its address", () => {
    const frame = (functionName: string) => ({ functionName, scriptId: "0", url: "", lineNumber: 0, columnNumber: 0 });
    const profile = {
      nodes: [
        { id: 1, callFrame: frame("(root)"), children: [2] },
        { id: 2, callFrame: frame("work") },
      ],
      startTime: 100,
      endTime: 130,
      samples: [2, 2],
      timeDeltas: [10, 20],
    };
    const joined = joinedProfile([
      { worker: "w1", profile },
      { worker: "w2", profile },
    ]);
    assert.deepEqual(
      joined?.nodes.map(({ id, callFrame, children }) => [id, callFrame.functionName, children]),
      [
        [1, "(root)", [2, 4]],
        [2, "w1", [3]],
        [3, "work", []],
        [4, "w2", [5]],
        [5, "work", []],
      ],
    );
    assert.deepEqual([joined?.samples, joined?.startTime, joined?.endTime], [[3, 3, 5, 5], 100, 160]);
    assert.equal(joinedProfile([]), undefined);
  });
});

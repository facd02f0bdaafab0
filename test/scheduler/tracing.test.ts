/** What workers are told of how much they are to tell, as those come and go who want to know. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Traces } from "../../src/protocol/tracing.ts";
import { SchedulerStage } from "../support/scheduler-stage.ts";
import { follow as followOn } from "../support/transcript.ts";

const follow = (transcript: string) => followOn(transcript, new SchedulerStage());

describe("what workers tell of themselves", () => {
  it("is what whoever wants most of it wants, shared among them, until nobody does", () => {
    follow(`
      > add client c1
      > add client c2
      > add worker w1
      > c1: request 0 {"type": "trace-open", "perSecond": 400}
        w1 <- errand 0: trace 400 a second, each 250 ms
        c1 <- 1: answer 0: {"traces":[],"count":0,"missed":0}
      > add worker w2
        w2 <- errand 1: trace 400 a second, each 250 ms
      > add worker w3
        w1 <- errand 2: trace 133.33333333333334 a second, each 250 ms
        w2 <- errand 2: trace 133.33333333333334 a second, each 250 ms
        w3 <- errand 2: trace 133.33333333333334 a second, each 250 ms
      > c2: request 0 {"type": "trace-open"}
        w1 <- errand 3: trace Infinity a second, each 250 ms
        w2 <- errand 3: trace Infinity a second, each 250 ms
        w3 <- errand 3: trace Infinity a second, each 250 ms
        c2 <- 1: answer 0: {"traces":[],"count":0,"missed":0}
      > remove client c2
        w1 <- errand 4: trace 133.33333333333334 a second, each 250 ms
        w2 <- errand 4: trace 133.33333333333334 a second, each 250 ms
        w3 <- errand 4: trace 133.33333333333334 a second, each 250 ms
      > remove client c1
        w1 <- errand 5: trace off
        w2 <- errand 5: trace off
        w3 <- errand 5: trace off
    `);
  });

  it("goes on for whoever opens while others are being closed, and ends for as many as have opened", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: request 0 {"type": "trace-open"}
        w1 <- errand 0: trace Infinity a second, each 250 ms
        c1 <- 1: answer 0: {"traces":[],"count":0,"missed":0}
      > c1: request 1 {"type": "trace-open"}
        c1 <- 2: answer 1: {"traces":[],"count":0,"missed":0}
      > c1: request 2 {"type": "trace-close"}
        w1 <- errand 1: trace Infinity a second, each 250 ms
      > c1: request 3 {"type": "trace-close"}
        w1 <- errand 2: trace off
      > c1: request 4 {"type": "trace-open"}
        w1 <- errand 3: trace Infinity a second, each 250 ms
        c1 <- 3: answer 4: {"traces":[],"count":0,"missed":0}
      > w1: done 1 = null
        c1 <- 4: answer 2: done
      > w1: done 2 = null
        c1 <- 5: answer 3: done
      > c1: request 5 {"type": "trace-close"}
        w1 <- errand 4: trace off
      > w1: done 4 = null
        c1 <- 6: answer 5: done
    `);
  });

  it("is kept until it has been read to its end, though an answer was not waited for any more", () => {
    const stage = new SchedulerStage();
    const read = (number: number, after: number, now: boolean) => {
      const request = { type: "trace-read", after, now } as const;
      stage.machine.handle({ type: "client-message", client: "c1", message: { type: "request", number, request } });
      const [told] = stage.machine.take();
      const [answer] = told?.type === "send-to-client" ? told.messages : [];
      assert.ok(answer?.type === "answer" && "value" in answer.outcome);
      const { traces, count, missed } = answer.outcome.value as Traces;
      return { spans: traces.map(({ texts }) => texts.join()), count, missed };
    };
    const play = (...commands: readonly string[]) => commands.map((command) => stage.play(command));
    play("add client c1", "add worker w1");
    play(`c1: request 0 {"type": "trace-open"}`, `c1: request 1 {"type": "trace-open"}`, "w1: done 0 = null");
    play(`c1: request 2 {"type": "trace-close"}`, `c1: request 3 {"type": "trace-close"}`);
    const trace = { type: "trace", texts: ["f"], rows: Float64Array.of(0, 0, 5, 1, 1, 0, -1, 0) } as const;
    stage.machine.handle({ type: "worker-message", worker: "w1", message: trace });
    play("w1: done 1 = null", "w1: done 2 = null");
    const all = { spans: ["f"], count: 1, missed: 0 };
    assert.deepEqual(read(4, 0, false), all);
    play("c1: withdraw 4");
    assert.deepEqual(read(5, 0, true), all);
    assert.deepEqual(read(6, 1, true), { spans: [], count: 1, missed: 0 });
    assert.deepEqual(read(7, 0, true), all, "for the other that was opened");
    assert.deepEqual(read(8, 1, true), { spans: [], count: 1, missed: 0 });
    assert.deepEqual(read(9, 0, true), { spans: [], count: 1, missed: 1 }, "nobody was left to read it");
  });
});

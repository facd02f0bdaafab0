/** Workers that end and are replaced, and a cluster that begins anew. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ClientMessage } from "../../src/protocol/client-messages.ts";
import { SchedulerMachine } from "../../src/scheduler/machine.ts";
import { requestRules } from "../../src/scheduler/requests.ts";
import { SchedulerStage } from "../support/scheduler-stage.ts";
import { follow as followOn } from "../support/transcript.ts";
import { assertForgotten } from "../support/validate.ts";

const follow = (transcript: string) => followOn(transcript, new SchedulerStage());

describe("restarting the cluster", () => {
  it("cancels everybody's tasks, ends all workers, and is answered when others are there", () => {
    follow(`
      > add client c1
      > add client c2
      > add worker w1
      > add worker w2
      > c1: submit x = f(1), y = g(x), z = f(2)
        w1 <- learn f
        w1 <- compute x = f(1)
        w2 <- learn f
        w2 <- compute z = f(2)
      > c2: claim v = "f-c1-0"
      > c2: scatter d = 5
      > c1: request 0 {"type": "restart", "waits": true}
        end w1: the cluster was restarted
        end w2: the cluster was restarted
        w2 <- cancel z@1
        w1 <- cancel x@1
        c2 <- 1: d cancelled: the cluster was restarted
        c2 <- 1: v cancelled: the cluster was restarted
        c1 <- 1: z cancelled: the cluster was restarted
        c1 <- 1: y cancelled: the cluster was restarted
        c1 <- 1: x cancelled: the cluster was restarted
      > show tasks
        no tasks
      > expect 1 workers
      > remove worker w1 asked
      > expect 2 workers
      > remove worker w2 asked
      > add worker w3
      > expect 1 workers
      > add worker w4
      > expect 0 workers
        c1 <- 2: answer 0: done
    `);
  });

  it("lets a name be given anew, and late words about the old task do nothing to the new one", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1) as "shared"
        w1 <- learn f
        w1 <- compute x = f(1) as "shared"
      > c1: request 0 {"type": "restart", "waits": false}
        end w1: the cluster was restarted
        w1 <- cancel x@1
        c1 <- 1: x cancelled: the cluster was restarted
        c1 <- 1: answer 0: done
      > add worker w2
      > c1: submit y = f(2) as "shared"
        w2 <- learn f
        w2 <- compute y = f(2) as "shared"
      > c1: release x
      > w1: finish x = 1
      > remove worker w1 asked
      > w2: finish y = 2
        c1 <- 2: y = 2
    `);
  });

  it("forgets tasks that were not looked at one by one, and values that are on their way", () => {
    const machine = new SchedulerMachine();
    machine.learn(requestRules);
    machine.handle({ type: "add-client", client: "c1" });
    const hear = (message: ClientMessage) => machine.handle({ type: "client-message", client: "c1", message });
    const COUNT = 100;
    const rows = Array.from({ length: COUNT }, (_, i) => i);
    const uniform = { fn: 0, slots: 1, shape: 0 };
    const functions = [[0, { name: "f", hash: "f" }]] as const;
    hear({ type: "update-graph", first: 0, count: COUNT, rows, uniform, functions, options: {} });
    machine.handle({ type: "add-worker", worker: "w1", name: "w1", nThreads: 1 });
    const message = { type: "task-finished", ranges: [1, 1, 1], values: [7], spent: [0, 1, 50_000] } as const;
    machine.handle({ type: "worker-message", worker: "w1", message });
    machine.take();
    hear({ type: "request", number: 0, request: { type: "restart", waits: false } });
    const cancelled = machine.take().flatMap((instruction) => {
      if (instruction.type !== "send-to-client") return [];
      return instruction.messages.flatMap((each) => (each.type === "cancelled-keys" ? each.ids : []));
    });
    assert.deepEqual(
      cancelled.toSorted((x, y) => x - y),
      rows,
      "the one whose value is on its way too",
    );
    machine.handle({ type: "remove-worker", worker: "w1", reason: "it was asked to", expected: true });
    hear({ type: "news-received", batch: 1 });
    assertForgotten(machine.state);
  });

  it("cancels tasks submitted meanwhile that need what is gone", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > c1: request 0 {"type": "restart", "waits": false}
        end w1: the cluster was restarted
        w1 <- cancel x@1
        c1 <- 1: x cancelled: the cluster was restarted
        c1 <- 1: answer 0: done
      > c1: submit y = g(x)
        c1 <- 2: y cancelled: it depends on a future that was released or cancelled before
    `);
  });

  it("gives plugins to the workers that come", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: request 0 {"type": "register-plugin", "name": "p", "plugin": {}}
        w1 <- errand 0: register-plugin p
      > c1: request 1 {"type": "restart", "waits": false}
        end w1: the cluster was restarted
        c1 <- 1: answer 1: done
      > expect 1 workers
      > remove worker w1 asked
      > add worker w2
        w2 <- errand 1: register-plugin p
      > expect 0 workers
      > w2: done 1 = null
        c1 <- 2: answer 0: done
    `);
  });
});

describe("restarting some workers", () => {
  it("has their tasks run again elsewhere, blames none of them, and is answered when others are there", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: submit x = f(1)
        w1 <- learn f
        w1 <- compute x = f(1)
      > w1: start x
        c1 <- 1: x started
      > c1: request 0 {"type": "restart", "workers": ["w1"], "waits": true}
        end w1: it was restarted
      > expect 1 workers
      > remove worker w1 asked
        c1 <- 2: x pending
      > add worker w2
        w2 <- learn f
        w2 <- compute x@2 = f(1)
      > expect 0 workers
        c1 <- 3: answer 0: done
    `);
  });

  it("that are not there is refused", () => {
    follow(`
      > add client c1
      > add worker w1
      > c1: request 0 {"type": "restart", "workers": ["w1", "w2"], "waits": true}
        c1 <- 1: answer 0 failed: there is no worker w2; there are w1
    `);
  });
});

/** Functions that nobody can have a use for are forgotten, by the scheduler and by workers, and those that somebody may have are not. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ClientMessage } from "../../src/protocol/client-messages.ts";
import type { ForgetErrand } from "../../src/protocol/errands.ts";
import type { ShippedFunction } from "../../src/protocol/task-spec.ts";
import type { SchedulerToWorkerMessage, SendErrand, WorkerMessage } from "../../src/protocol/worker-messages.ts";
import { demandRules } from "../../src/scheduler/demands.ts";
import { SchedulerMachine } from "../../src/scheduler/machine.ts";
import { nestingRules } from "../../src/scheduler/nesting.ts";
import { requestRules } from "../../src/scheduler/requests.ts";
import { totals } from "../../src/scheduler/totals.ts";
import { contentHash } from "../../src/shipping/content-hash.ts";

/** What a client may speak of by number, and when it is looked what can be forgotten. */
const SPOKEN_OF = 256;
const MANY = 500;

class Stage {
  readonly machine = new SchedulerMachine();
  #nowMs = 1;
  #tasks = 0;
  #functions = 0;

  constructor() {
    const { machine } = this;
    machine.learn(requestRules, nestingRules, demandRules({ noWorkersTimeoutMs: 1e6, hash: contentHash }), 1);
    machine.handle({ type: "add-client", client: "c" }, 1);
    machine.handle({ type: "add-worker", worker: "w", name: "w", nThreads: 1, resources: {} }, 1);
    machine.take();
  }

  get state() {
    return this.machine.state;
  }

  /** One task of a new function; what the worker is sent. */
  submit(name = "f"): readonly SchedulerToWorkerMessage[] {
    const fn = this.#functions++;
    const shipped = { name, hash: `${name} ${fn}` } as ShippedFunction;
    return this.hearClient(fn, shipped);
  }

  hearClient(fn: number, shipped: ShippedFunction): readonly SchedulerToWorkerMessage[] {
    const first = this.#tasks++;
    const graph = { type: "update-graph", first, count: 1, rows: [1], functions: [[fn, shipped]], options: {} };
    const message = { ...graph, uniform: { fn, slots: 1, shape: 0 } } as unknown as ClientMessage;
    this.machine.handle({ type: "client-message", client: "c", message }, ++this.#nowMs);
    return this.#sent();
  }

  say(message: WorkerMessage): readonly SchedulerToWorkerMessage[] {
    this.machine.handle({ type: "worker-message", worker: "w", message }, ++this.#nowMs);
    return this.#sent();
  }

  /** One after the other is run, and forgotten: what the worker is sent. */
  run(count: number): readonly SchedulerToWorkerMessage[] {
    const sent: SchedulerToWorkerMessage[] = [];
    for (let i = 0; i < count; i++) {
      const orders = this.submit();
      sent.push(...orders, ...this.finish(orders));
    }
    return sent;
  }

  finish(orders: readonly SchedulerToWorkerMessage[]): readonly SchedulerToWorkerMessage[] {
    const blocks = orders.find((each) => each.type === "compute-blocks");
    assert.ok(blocks?.type === "compute-blocks", "it was sent");
    const [fn, , , id, run] = blocks.blocks as [number, number, number, number, number];
    const told = this.say({ type: "task-finished", ranges: [id, run, 1], values: [1], spent: [fn, 1, 1000] } as never);
    const { batch } = this.state.clients.get("c") as { readonly batch: number };
    const message: ClientMessage = { type: "news-received", batch: batch - 1 };
    this.machine.handle({ type: "client-message", client: "c", message }, ++this.#nowMs);
    return [...told, ...this.#sent()];
  }

  #sent(): readonly SchedulerToWorkerMessage[] {
    return this.machine.take().flatMap((each) => (each.type === "send-to-worker" ? each.messages : []));
  }
}

function forgetIn(messages: readonly SchedulerToWorkerMessage[]) {
  return messages.filter(
    (each): each is SendErrand & { errand: ForgetErrand } =>
      each.type === "errand" && each.errand.type === "forget-functions",
  );
}

describe("a function", () => {
  it("is forgotten once no task runs it and the client has introduced many others", () => {
    const stage = new Stage();
    const sent = stage.run(MANY);
    const [errand, ...more] = forgetIn(sent);
    assert.ok(errand !== undefined && more.length === 0, "the worker is told once");
    assert.equal(errand.errand.ids.length, MANY - SPOKEN_OF);
    assert.ok(errand.errand.ids.includes(0) && !errand.errand.ids.includes(MANY - SPOKEN_OF));
    stage.say({ type: "errand-done", number: errand.number, outcome: { value: undefined } });
    for (const next of forgetIn(stage.run(MANY)))
      stage.say({ type: "errand-done", number: next.number, outcome: { value: undefined } });
    const most = MANY + 2 * SPOKEN_OF;
    const { functions, functionsById, clients, workers } = stage.state;
    for (let i = 0; i < 5; i++) {
      for (const next of forgetIn(stage.run(MANY)))
        stage.say({ type: "errand-done", number: next.number, outcome: { value: undefined } });
      assert.ok(functionsById.size <= most, `${functionsById.size} are known`);
      assert.equal(functions.size, functionsById.size);
      assert.ok((clients.get("c")?.functions.size ?? 0) <= most);
      assert.ok((workers.get("w")?.knows.size ?? 0) <= most);
    }
    assert.equal(totals(stage.state)[0]?.runs, 7 * MANY, "what they have taken is still known");
  });

  it("stays while a task is there that runs it", () => {
    const stage = new Stage();
    const orders = stage.submit("long");
    for (let i = 0; i < MANY; i++) stage.submit();
    const [errand] = forgetIn(stage.finish(orders));
    assert.equal(errand, undefined, "all of them are still to be run");
    assert.equal(stage.state.functionsById.size, MANY + 1);
  });

  it("is known for as long as the worker may speak of it, who has not heard that it is forgotten", () => {
    const stage = new Stage();
    const errands = forgetIn(stage.run(2 * MANY));
    const key = "f 0 f";
    assert.equal(stage.state.functions.get(key)?.id, 0, "one of its tasks may just be submitting it by its hash");
    for (const { number } of errands) stage.say({ type: "errand-done", number, outcome: { value: undefined } });
    stage.run(MANY);
    assert.equal(stage.state.functions.get(key), undefined);
  });

  it("is a new one when it comes again, and travels again", () => {
    const stage = new Stage();
    for (const { number } of forgetIn(stage.run(2 * MANY)))
      stage.say({ type: "errand-done", number, outcome: { value: undefined } });
    const orders = stage.hearClient(1_000_000, { name: "f", hash: "f 0" } as ShippedFunction);
    const registered = orders.find((each) => each.type === "register-functions");
    assert.ok(registered?.type === "register-functions" && registered.functions[0]?.[1].hash === "f 0");
    assert.deepEqual(stage.finish(orders), []);
  });
});

/**
 * A stage for a worker's machine. Tasks go by the names that transcripts give them.
 *
 *   compute x = f(1), y = g(x) [awaited] [with x on w2 w3]     next
 *   put x = "value"                                            announce x
 *   get x [move]                                               progress x 0.5
 *   free x y                                                   succeed x = 5
 *   recall [surplus] x@1 y@2                                   acquire x y from w2
 *   cancel x@1                                                 succeed x 20000 [movable]
 *   forget w2                                                  fail x "message"
 *   receive 1: x = "value"                                     peer asks x y
 *   show values                                                secede x, rejoin x
 *   scatter 0 = "value"                                        lend 1
 *   adopt 0 as x                                               go on x
 *   credit x@1 2                                               give x 5
 *   store wrote 1                                              store gave 1 = "value"
 *   store refused 1 ["why nothing can be written"]             store lost 1
 *   peer waits for x
 *
 * An input is looked up when the task that needs it runs, as it is when a task is executed.
 */

import assert from "node:assert/strict";
import { encodeError } from "../../src/protocol/errors.ts";
import { AWAITED, isReference } from "../../src/protocol/task-spec.ts";
import { SPAN_FIELDS } from "../../src/protocol/tracing.ts";
import type { ComputeTask, WorkerMessage } from "../../src/protocol/worker-messages.ts";
import type { WorkerInstruction } from "../../src/worker/contract.ts";
import { WorkerMachine } from "../../src/worker/machine.ts";
import type { LocalTask } from "../../src/worker/state.ts";
import { type Stage, Words } from "./transcript.ts";
import { validateWorker } from "./validate.ts";

const US_PER_RUN = 100;

export class WorkerStage implements Stage {
  readonly machine: WorkerMachine;
  readonly #names: string[] = [];
  readonly #running = new Map<string, LocalTask>();

  constructor(nThreads = 1) {
    this.machine = new WorkerMachine(nThreads);
  }

  play(command: string): readonly string[] {
    const words = new Words(command);
    const lines = this.#act(words.word(), words);
    words.end();
    lines.push(...this.machine.take().flatMap((instruction) => this.#narrate(instruction)));
    validateWorker(this.machine.state);
    return lines;
  }

  #act(verb: string, words: Words): string[] {
    switch (verb) {
      case "compute":
        this.machine.handle(this.#compute(words));
        return [];
      case "put": {
        const [name, value] = words.demand(/(\w+) = (\S+)/) as [string, string];
        this.machine.handle({ type: "put-data", id: this.#id(name), value: JSON.parse(value), nbytes: 20_000 });
        return [];
      }
      case "get":
        this.machine.handle({ type: "get-data", id: this.#id(words.word()), move: words.has("move") });
        return [];
      case "free":
        this.machine.handle({ type: "free-keys", ids: this.#ids(words) });
        return [];
      case "cancel": {
        const [name, run] = words.demand(/(\w+)@(\d+)/) as [string, string];
        const ids = [this.#id(name)];
        this.machine.handle({ type: "cancel-compute", ids, runs: [Number(run)], reason: "not wanted" });
        return [];
      }
      case "scatter": {
        const [id, value] = words.demand(/(\d+) = (\S+)/) as [string, string];
        this.machine.scatter(Number(id), JSON.parse(value));
        return [];
      }
      case "adopt": {
        const [scattered, name] = words.demand(/(\d+)(?: as (\w+))?/) as [string, string];
        const id = name === "" ? undefined : this.#id(name);
        this.machine.handle({ type: "adopt-data", scattered: Number(scattered), id });
        return [];
      }
      case "lend":
        this.machine.lend(Number(words.word()));
        return [];
      case "acquire": {
        const ids: number[] = [];
        while (!words.has("from")) ids.push(this.#id(words.word()));
        const peers = [words.word()];
        this.machine.handle({ type: "acquire-replicas", whoHas: ids.flatMap((id) => [id, 20_000, 1, 0]), peers });
        return [];
      }
      case "recall": {
        const ids: number[] = [];
        const runs: number[] = [];
        const unlessBegun = words.has("surplus") ? "surplus" : "all";
        while (!words.isEmpty) {
          const [name, run] = words.demand(/(\w+)@(\d+)/) as [string, string];
          ids.push(this.#id(name));
          runs.push(Number(run));
        }
        this.machine.handle({ type: "cancel-compute", ids, runs, reason: "not wanted", unlessBegun });
        return [];
      }
      case "credit": {
        const [name, run, credit] = words.demand(/(\w+)@(\d+) (\d+)/) as [string, string, string];
        this.machine.handle({ type: "stream-credit", id: this.#id(name), run: Number(run), credit: Number(credit) });
        return [];
      }
      case "forget":
        this.machine.handle({ type: "remove-peer", address: words.word() });
        return [];
      case "receive": {
        const [request, name, value] = words.demand(/(\d+):\s*(?:(\w+) = (\S+))?/) as [string, string, string];
        const found = name === "" ? [] : [this.#id(name)];
        this.machine.receive(Number(request), found, found.length === 0 ? [] : [JSON.parse(value)]);
        return [];
      }
      case "peer": {
        if (words.has("waits")) {
          this.machine.state.keeping?.readForPeers(this.#id(words.demand(/for (\w+)/)[0] as string));
          return [];
        }
        words.demand(/asks/);
        const { ids, values, later } = this.machine.lookUp(this.#ids(words));
        const answers = ids.map((id, i) => `${this.#names[id]} = ${JSON.stringify(values[i])}`);
        const rest = later.map((id) => `${this.#names[id]} later`);
        return [`answer ${[...answers, ...rest].join(", ") || "nothing"}`];
      }
      case "store":
        return this.#hearStore(words);
      case "show":
        words.demand(/values/);
        return [`values: ${[...this.machine.state.values.keys()].map((id) => this.#names[id]).join(" ") || "none"}`];
      default:
        return this.#execute(verb, words);
    }
  }

  #hearStore(words: Words): string[] {
    const rules = this.machine.state.keeping ?? assert.fail("there is no limit");
    const verb = words.word();
    const number = Number(words.word());
    if (verb === "wrote") rules.written(number);
    else if (verb === "refused") rules.refused(number, words.take(/"(.*?)"/)?.[0]);
    else if (verb === "lost") rules.notRead(number);
    else if (verb === "gave") rules.readBack(number, JSON.parse(words.demand(/= (\S+)/)[0] as string), [{}]);
    else assert.fail(`a store says no ${verb}`);
    return [];
  }

  #execute(verb: string, words: Words): string[] {
    if (verb === "next") {
      const task = this.machine.next();
      if (task === undefined) return ["run nothing"];
      this.#running.set(this.#name(task), task);
      const input = (slot: unknown, i: number) =>
        JSON.stringify(isReference(task.shape, i) ? this.machine.input(task, slot as number) : slot);
      return [`run ${this.#name(task)} with ${task.slots.map(input).join(" ") || "nothing"}`];
    }
    if (verb === "go") words.demand(/on/);
    const name = words.word();
    const task = this.#running.get(name) ?? assert.fail(`${name} is not running`);
    switch (verb) {
      case "go":
        return [this.machine.mayGoOn(task) ? `${name} may go on` : `${name} has to wait`];
      case "give":
        this.machine.give(task, JSON.parse(words.word()), []);
        return [];
      case "announce":
        this.machine.announce(task);
        return [];
      case "secede":
        this.machine.secede(task);
        return [];
      case "rejoin":
        this.machine.rejoin(task);
        return [];
      case "progress":
        this.machine.progress(task, Number(words.word()), undefined);
        return [];
      case "fail":
        this.machine.fail(task, { error: encodeError(new Error(words.demand(/"(.*?)"/)[0])) }, US_PER_RUN);
        return [];
      case "succeed": {
        const small = words.take(/= (\S+)/)?.[0];
        if (small !== undefined) {
          const load = { buffers: [], movable: false };
          this.machine.succeed(task, { value: JSON.parse(small), nbytes: 8, valueType: "number", load }, US_PER_RUN);
          return [];
        }
        const nbytes = Number(words.word());
        const load = { buffers: [new ArrayBuffer(1)], movable: words.has("movable") };
        this.machine.succeed(task, { value: "large", nbytes, valueType: "Array", load }, US_PER_RUN);
        return [];
      }
      default:
        return assert.fail(`nobody says ${verb} to a worker`);
    }
  }

  #compute(words: Words): ComputeTask {
    const rows: unknown[] = [];
    do {
      const [name, run, args] = words.demand(/(\w+)(?:@(\d+))? = f\((.*?)\)/) as [string, string, string];
      let shape = words.has("awaited") ? AWAITED : 0;
      const slots = (args === "" ? [] : args.split(",")).map((text, i) => {
        if (!/^\s*[a-z]\w*$/.test(text)) return JSON.parse(text) as unknown;
        shape |= 1 << i;
        return this.#id(text.trim());
      });
      const id = this.#id(name);
      rows.push(id, run === "" ? 1 : Number(run), id, 0, slots.length, shape, ...slots);
    } while (words.take(/,/) !== undefined);
    const whoHas: number[] = [];
    const peers: string[] = [];
    while (words.take(/with/) !== undefined) {
      const [name, holders] = words.demand(/(\w+) on ((?:w\d+ ?)+)/) as [string, string];
      const addresses = holders.trim().split(" ");
      whoHas.push(this.#id(name), 20_000, addresses.length);
      for (const address of addresses) whoHas.push(peers.push(address) - 1);
    }
    return { type: "compute-task", client: "c1", rows, ...(whoHas.length === 0 ? {} : { whoHas, peers }) };
  }

  #id(name: string): number {
    const known = this.#names.indexOf(name);
    return known >= 0 ? known : this.#names.push(name) - 1;
  }

  #ids(words: Words): number[] {
    return words
      .rest()
      .split(" ")
      .map((name) => this.#id(name));
  }

  #name(task: { readonly id: number; readonly run: number }): string {
    const name = this.#names[task.id] ?? String(task.id);
    return task.run === 1 ? name : `${name}@${task.run}`;
  }

  #narrate(instruction: WorkerInstruction): readonly string[] {
    switch (instruction.type) {
      case "gather-dep":
        return [
          `ask ${instruction.from} for ${instruction.ids.map((id) => this.#names[id]).join(" ")}, request ${instruction.request}`,
        ];
      case "write-value":
        return [`write ${JSON.stringify(instruction.value)} as ${instruction.number}`];
      case "read-value":
        return [`read ${instruction.number}`];
      case "remove-value":
        return [`remove ${instruction.number}`];
      case "came-back":
        return [`${this.#names[instruction.id]} can be given to peers`];
      case "go-on":
        return [`${this.#name(instruction.task)} goes on`];
      case "abort":
        return [`abort ${this.#name(instruction.task)}: ${instruction.reason}`];
      case "send": {
        const lines = instruction.messages.flatMap((message) => this.#say(message));
        return instruction.transfer.length === 0 ? lines : [...lines, `(${instruction.transfer.length} transferred)`];
      }
    }
  }

  #say(message: WorkerMessage): readonly string[] {
    switch (message.type) {
      case "task-finished": {
        const lines: string[] = [];
        let taken = 0;
        for (let i = 0; i < message.ranges.length; i += 3) {
          const [first, run, count] = message.ranges.slice(i, i + 3) as [number, number, number];
          for (let id = first; id < first + count; id++) {
            lines.push(`-> ${this.#name({ id, run })} = ${JSON.stringify(message.values[taken++])}`);
          }
        }
        for (let i = 0; i < message.spent.length; i += 3)
          lines.push(`-> ${message.spent[i + 1]} in ${message.spent[i + 2]} us`);
        return lines;
      }
      case "task-stored": {
        const pushed =
          message.pushed === undefined ? "" : message.pushed.moved ? ", moved along" : ", and a copy of it";
        return [`-> ${this.#name(message)} is here, ${message.nbytes} bytes${pushed}`];
      }
      case "task-erred":
        return [
          `-> ${this.#name(message)} failed: ${message.error.type === "error" ? message.error.message : "something"}`,
        ];
      case "memory-used":
        return [`-> uses ${message.threadBytes} bytes`];
      case "set-resources":
        return [`-> has ${JSON.stringify(message.resources)}`];
      case "task-started":
        return [`-> ${this.#name(message)} starts`];
      case "task-dropped":
        return message.runs.flatMap((id, i, runs) =>
          i % 2 === 0 ? [`-> dropped ${this.#name({ id, run: runs[i + 1] as number })}`] : [],
        );
      case "task-progress":
        return [`-> ${this.#name(message)} is ${message.fraction * 100} % done`];
      case "task-items":
        return [`-> ${this.#name(message)} gives ${message.items.map((item) => JSON.stringify(item)).join(" ")}`];
      case "add-keys":
        return [`-> copied ${message.ids.map((id) => this.#names[id]).join(" ")}`];
      case "missing-data": {
        const { missing, holders } = message;
        return [
          `-> ${this.#names[missing]} is missing${message.run === 0 ? "" : ` for ${this.#name(message)}`}, asked ${holders.join(" ") || "nobody"}`,
        ];
      }
      case "client-messages":
        return message.messages.map(({ type }) => `-> tasks say ${type}`);
      case "task-carries":
        return [`-> ${this.#name(message)} returns futures ${message.tasks.join(" ")}`];
      case "task-seceded":
        return [`-> ${this.#name(message)} gives its slot back`];
      case "task-rejoined":
        return [`-> ${this.#name(message)} counts again`];
      case "slots-lent":
        return [`-> ${message.count} slots are lent`];
      case "worker-holds":
        return [
          `-> holds ${message.values.map(({ client, clientTask, hash, nbytes }) => `${hash} ${client}/${clientTask} (${nbytes} bytes)`).join(", ") || "nothing"}`,
        ];
      case "trace":
        return [`-> ${message.rows.length / SPAN_FIELDS} spans`];
      case "log":
        return [`-> ${message.lines.length} lines`];
      case "errand-done":
        return [`-> errand ${message.number} is done`];
      case "data":
        return [
          `-> ${this.#names[message.id]} ${message.found ? `= ${JSON.stringify(message.value)}` : "is not here"}${message.moved ? ", moved" : ""}`,
        ];
    }
  }
}

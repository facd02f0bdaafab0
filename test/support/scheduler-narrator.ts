/** Says what a scheduler's machine has the shell do, one line a message or task. */
import type { SchedulerToClientMessage } from "../../src/protocol/client-messages.ts";
import type { Errand } from "../../src/protocol/errands.ts";
import { ALONE, AWAITED, isReference } from "../../src/protocol/task-spec.ts";
import {
  BLOCK_HEADER,
  COMPUTE_HEADER,
  type ComputeBlocks,
  type ComputeTask,
  type SchedulerToWorkerMessage,
} from "../../src/protocol/worker-messages.ts";
import type { SchedulerInstruction } from "../../src/scheduler/contract.ts";

export class SchedulerNarrator {
  /** Names of tasks by the scheduler's numbers. */
  readonly names = new Map<number, string>();
  /** The run of a task that a worker was sent last, by `worker name`. */
  readonly runs = new Map<string, number>();
  readonly #functionNames = new Map<number, string>();
  readonly #nameOf: (client: string, id: number) => string | undefined;

  /** `nameOf`: a client's name for its task, by its number. */
  constructor(nameOf: (client: string, id: number) => string | undefined) {
    this.#nameOf = nameOf;
  }

  narrate(instruction: SchedulerInstruction): readonly string[] {
    switch (instruction.type) {
      case "send-to-worker":
        return instruction.messages.flatMap((message) =>
          this.#toWorker(instruction.worker, message).map((line) => `${instruction.worker} <- ${line}`),
        );
      case "send-to-client": {
        const { client, batch, messages } = instruction;
        return messages.flatMap((message) =>
          this.#toClient(client, message).map((line) => `${client} <- ${batch}: ${line}`),
        );
      }
      case "link-workers":
        return [`link ${instruction.from} and ${instruction.to}`];
      case "end-client":
        return [`end ${instruction.client}: ${instruction.reason}`];
      case "end-worker":
        return [`end ${instruction.worker}: ${instruction.reason}`];
      case "end-cluster":
        return [`end the cluster: ${instruction.reason}`];
      case "write-journal":
        return ["write the journal"];
      case "keep-value":
        return [`keep the value of ${this.name(instruction.id)}`];
      case "look-into":
        return [`look into ${instruction.worker}`];
      case "wake-me-at":
        return [`wake at ${instruction.atMs}`];
    }
  }

  name(id: number): string {
    return this.names.get(id) ?? `task ${id}`;
  }

  #toWorker(worker: string, message: SchedulerToWorkerMessage): readonly string[] {
    switch (message.type) {
      case "register-functions":
        return message.functions.map(([id, { name }]) => {
          this.#functionNames.set(id, name);
          return `learn ${name}`;
        });
      case "compute-task":
        return this.#rows(worker, message);
      case "compute-blocks":
        return this.#blocks(worker, message);
      case "rejoin":
        return ["begin anew"];
      case "adopt-held": {
        const { client, clientTask, id } = message;
        const name = this.#nameOf(client, clientTask) ?? `${client}/${clientTask}`;
        if (id !== undefined) this.names.set(id, name);
        return [id === undefined ? `let go of ${name}` : `${name} is wanted`];
      }
      case "put-data":
        return [`put ${this.name(message.id)} = ${show(message.value)}`];
      case "acquire-replicas": {
        const { whoHas, peers } = message;
        return whoHas.flatMap((id, i) =>
          i % 4 === 0 ? [`acquire ${this.name(id)} from ${peers[whoHas[i + 3] as number]}`] : [],
        );
      }
      case "get-data":
        return [`get ${this.name(message.id)}${message.move ? ", it may move" : ""}`];
      case "free-keys":
        return [`free ${message.ids.map((id) => this.name(id)).join(" ")}`];
      case "cancel-compute": {
        const verbs = { none: "cancel", all: "recall", surplus: "recall surplus" };
        return message.ids.map(
          (id, i) => `${verbs[message.unlessBegun ?? "none"]} ${this.name(id)}@${message.runs[i]}`,
        );
      }
      case "stream-credit":
        return [`credit ${message.credit} for ${this.name(message.id)}@${message.run}`];
      case "remove-peer":
        return [`forget ${message.address}`];
      case "client-news": {
        const { batch, messages } = message.news;
        const tasks = `tasks of ${worker}`;
        return messages.flatMap((each) => this.#toClient(tasks, each).map((line) => `tell tasks ${batch}: ${line}`));
      }
      case "adopt-data":
        return [
          message.id === undefined
            ? "keep nothing of what was scattered"
            : `keep ${this.name(message.id)}, scattered there`,
        ];
      case "errand":
        return [`errand ${message.number}: ${describeErrand(message.errand)}`];
    }
  }

  #rows(worker: string, { rows, names = [], data = [], whoHas = [], peers = [] }: ComputeTask): readonly string[] {
    const lines: string[] = [];
    for (let at = 0; at < rows.length; ) {
      const [id, run, , fn, count, shape] = rows.slice(at, at + COMPUTE_HEADER) as number[] as [
        number,
        number,
        number,
        number,
        number,
        number,
      ];
      const first = at + COMPUTE_HEADER;
      const slots = rows.slice(first, first + count);
      at = first + count;
      const args = slots.map((slot, i) => (isReference(shape, i) ? this.name(slot as number) : show(slot)));
      const key = names[names.indexOf(id) + 1];
      const marks = [
        names.includes(id) ? ` as ${show(key)}` : "",
        (shape & AWAITED) !== 0 ? ", awaited" : "",
        (shape & ALONE) !== 0 ? ", alone" : "",
      ];
      lines.push(
        `compute ${this.#sent(worker, id, run)} = ${this.#functionNames.get(fn)}(${args.join(", ")})${marks.join("")}`,
      );
    }
    for (let i = 0; i < data.length; i += 2) lines.push(`with ${this.name(data[i] as number)} = ${show(data[i + 1])}`);
    for (let i = 0; i < whoHas.length; ) {
      const [id, , count] = whoHas.slice(i, i + 3) as [number, number, number];
      const holders = whoHas.slice(i + 3, i + 3 + count).map((holder) => peers[holder]);
      lines.push(`with ${this.name(id)} on ${holders.join(" ")}`);
      i += 3 + count;
    }
    return lines;
  }

  #blocks(worker: string, { blocks, args }: ComputeBlocks): readonly string[] {
    const lines: string[] = [];
    let taken = 0;
    for (let at = 0; at < blocks.length; at += BLOCK_HEADER) {
      const [fn, slots, shape, first, run, , count] = blocks.slice(at, at + BLOCK_HEADER) as number[] as [
        number,
        number,
        number,
        number,
        number,
        number,
        number,
      ];
      for (let i = 0; i < count; i++) {
        const values = args.slice(taken, taken + slots).map(show);
        taken += slots;
        const mark = (shape & AWAITED) !== 0 ? ", awaited" : "";
        lines.push(
          `compute ${this.#sent(worker, first + i, run)} = ${this.#functionNames.get(fn)}(${values.join(", ")})${mark}`,
        );
      }
    }
    return lines;
  }

  /** Notes which run of a task the worker was sent. */
  #sent(worker: string, id: number, run: number): string {
    const name = this.name(id);
    this.runs.set(`${worker} ${name}`, run);
    return run === 1 ? name : `${name}@${run}`;
  }

  #toClient(client: string, message: SchedulerToClientMessage): readonly string[] {
    const name = (id: number) => this.#nameOf(client, id) ?? `number ${id}`;
    switch (message.type) {
      case "keys-in-memory":
        return idsOf(message.ranges).map(
          (id, i) => `${name(id)} = ${show(message.values[i])}${message.shared.includes(i) ? ", shared" : ""}`,
        );
      case "key-stored":
        return [`${name(message.id)} is stored, ${message.nbytes} bytes`];
      case "value-fetched":
        return [
          `${name(message.id)} = ${show(message.value)}${message.shared ? ", shared" : ""}${message.moved ? ", moved" : ""}`,
        ];
      case "task-erred":
        return [
          `${name(message.id)} failed: ${message.error.type === "error" ? firstSentence(message.error.message) : show(message.error.value)}`,
        ];
      case "tasks-started":
        return [`${message.ids.map(name).join(" ")} started`];
      case "tasks-pending":
        return [`${message.ids.map(name).join(" ")} pending`];
      case "cancelled-keys":
        return message.ids.map((id) => `${name(id)} cancelled: ${message.reason}`);
      case "task-progress":
        return [`${name(message.id)} is ${message.fraction * 100} % done`];
      case "answer": {
        const { outcome, number } = message;
        if ("error" in outcome) {
          const { error } = outcome;
          return [`answer ${number} failed: ${error.type === "error" ? error.message : show(error.value)}`];
        }
        const answer = `answer ${number}: ${JSON.stringify(outcome.value, briefly) ?? "done"}`;
        if (outcome.grants === undefined) return [answer];
        const grants = outcome.grants.map(({ id, key }) => `${name(id)} is ${key}`);
        return [`${answer}${grants.length === 0 ? "" : `; ${grants.join(", ")}`}`];
      }
      case "warning":
        return [`warning: ${message.text}`];
    }
  }
}

function describeErrand(errand: Errand): string {
  switch (errand.type) {
    case "run":
      return `run ${errand.fn.name}`;
    case "forget-functions":
      return `forget functions ${errand.ids.join(" ")}`;
    case "trace":
      return errand.pace ? `trace ${errand.pace.perSecond} a second, each ${errand.pace.everyMs} ms` : "trace off";
    case "log":
      return `log${errand.isOn === undefined ? "" : errand.isOn ? " on" : " off"}`;
    case "register-plugin":
    case "unregister-plugin":
      return `${errand.type} ${errand.name}`;
    case "register-module":
      return `${errand.type} ${errand.url}`;
    case "leave":
      return "leave";
    case "drop-actor":
    case "move-actor":
      return `${errand.type} ${errand.actor}`;
  }
}

function show(value: unknown): string {
  return typeof value === "string" && value.startsWith("[") ? value : JSON.stringify(value);
}

function firstSentence(text: string): string {
  return text.split(". ")[0] as string;
}

/** The ids that `first, count, first, count, …` stand for. */
export function idsOf(ranges: readonly number[]): number[] {
  const ids: number[] = [];
  for (let i = 0; i < ranges.length; i += 2) {
    for (let k = 0; k < (ranges[i + 1] as number); k++) ids.push((ranges[i] as number) + k);
  }
  return ids;
}

/** Of an error its message is enough. */
function briefly(key: string, value: unknown): unknown {
  return key === "error" ? (value as { readonly message?: string } | undefined)?.message : value;
}

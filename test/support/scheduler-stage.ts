/**
 * A stage for a scheduler's machine. Tasks go by the names that transcripts give them.
 *
 *   add worker w1 [slots 2] [with gpu 1]
 *                                  c1: submit x = f(1), y = g(x, "a", [x]) [as "key"] [priority 1] [retries 2]
 *                                    [after 100 ms [times 2] [at most 300 ms]] [needs gpu 1 and cpu 2] [on w1 w2 [or others]]
 *                                    [within 50 ms] [quorum 2 of 3] [labelled l]
 *   remove worker w1 [asked]       c1: scatter d = 5 [20000 bytes] [as "key"] [of f] [locally] [2 copies] [to w1 w2] [everywhere]
 *                                  c1: lost x
 *   add client c1                  c1: gather x y                           c1: claim x2 = "key"
 *   remove client c1               c1: release x                            c1: retry x
 *                                  c1: cancel x [force]                     c1: fire-and-forget x
 *                                  c1: heard 2
 *   expect 2 workers               look around
 *                                  c1: request 1 {"type": "scheduler-info"}
 *                                  c1: publish d = [x, 1] [instead]         c1: unpublish d
 *                                  c1: read d as p q                        c1: list datasets
 *                                  c1: who has [x y]                        c1: what has [w1]
 *                                  c1: replicate [2 of] x y [on w1 w2]      c1: rebalance [x y] [on w1 w2]
 *                                  c1: sizes [of x y]                       c1: info
 *   c1: withdraw 0
 *   c1: ask 0 queue q/3 put {"value":5}      (number, kind, name, limit, act and what else it says; `as x` names a task it is granted)
 *                                  c1: submit x = f(1) [streaming]         c1: credit x 4
 *                                  c1: items x [credit 2]                  c1: close x
 *                                  c1: recipe y [as p q]
 *   w1: start x                    w1: finish x = 5, y = 6 [in 200 us]      w1: erred x "message"
 *   w1: store x 20000 [pushed | moved]   w1: drop x@1 y@1                   w1: add x
 *   w1: items x 1 2
 *   w1: progress x 0.5             w1: missing x [for y] [asked w2]         w1: data x [moved | missing]
 *   w1: carries x y z              (names of tasks of w1, which the value of its run holds)
 *   w1: secede x                   w1: rejoin x                             w1: lend 1
 *   w1: memory 100 [of 5000 [full] [gives up "why"]]
 *   w1: done 0 = 5                 w1: undone 0 "message"
 *
 *   tasks of w1: submit y = f(1) in x, and whatever else clients say
 *
 *   show tasks                     show deaths
 *
 *   learn hosts                    remove host a [asked]                    link a and b: 5 ms, 1000 bytes a ms
 *   add foreign worker a/0         add foreign client c1
 *   a/0: holds f c1 0 20000        (function, client, its number for the task, bytes)
 *
 * A worker called a/0 is one of host a.
 *   at 100 ms                      starting 1 worker      set w1 gpu 2      w1: has gpu 2
 *
 * Futures in what is published are found by their names; those in what is read are given new ones.
 * A worker speaks of the run it was last sent unless another is named, as in x@1.
 */
import assert from "node:assert/strict";
import type { ClientMessage } from "../../src/protocol/client-messages.ts";
import type { SharedAct, SharedKind } from "../../src/protocol/coordination.ts";
import { encodeError } from "../../src/protocol/errors.ts";
import type { Request } from "../../src/protocol/requests.ts";
import { PACKED, STREAM } from "../../src/protocol/task-spec.ts";
import { NO_TASK, type WorkerMessage } from "../../src/protocol/worker-messages.ts";
import type { SchedulerEvent } from "../../src/scheduler/contract.ts";
import { demandRules } from "../../src/scheduler/demands.ts";
import { hostRules } from "../../src/scheduler/hosts.ts";
import { SchedulerMachine } from "../../src/scheduler/machine.ts";
import { nestingRules } from "../../src/scheduler/nesting.ts";
import { requestRules } from "../../src/scheduler/requests.ts";
import { contentHash } from "../../src/shipping/content-hash.ts";
import { optionsIn, resourcesIn, workersIn } from "./option-words.ts";
import { SchedulerNarrator } from "./scheduler-narrator.ts";
import { type Stage, Words } from "./transcript.ts";
import { validateScheduler } from "./validate.ts";

/** One that knows tasks by name on the client's side. */
interface StageClient {
  readonly names: string[];
  /** Its names for what the scheduler numbered: -1, -2, … */
  readonly granted: string[];
  /** Questions it has asked. */
  questions: number;
  readonly functions: Map<string, number>;
}

export class SchedulerStage implements Stage {
  readonly machine = new SchedulerMachine();
  #nowMs = 0;
  readonly #clients = new Map<string, StageClient>();
  readonly #idOf = new Map<string, number>();
  readonly #narrator = new SchedulerNarrator((client, id) => {
    const known = this.#clients.get(client);
    return id < 0 ? known?.granted[-id - 1] : known?.names[id];
  });

  constructor() {
    this.machine.learn(requestRules, nestingRules, demandRules({ noWorkersTimeoutMs: 5000, hash: contentHash }));
  }

  play(command: string): readonly string[] {
    const words = new Words(command);
    if (words.take(/show tasks/)) return this.#showTasks();
    if (words.take(/show deaths/)) return this.#showDeaths();
    if (words.take(/look around/)) {
      this.machine.learn(requestRules);
      this.machine.handle({ type: "look-around" });
      return this.#outcome();
    }
    if (words.take(/learn hosts/)) {
      this.machine.learnHosts(hostRules());
      return this.#outcome();
    }
    const expected = words.take(/expect (\d+) workers/)?.[0];
    if (expected !== undefined) {
      this.machine.handle({ type: "workers-starting", count: Number(expected) });
      return this.#outcome();
    }
    const speaker = words.take(/([\w/]+|tasks of [\w/]+):/)?.[0];
    if (speaker === undefined) this.#changeParties(words);
    else if (this.#clients.has(speaker))
      for (const message of this.#clientSays(speaker, words)) this.#hearClient(speaker, message);
    else this.#handle({ type: "worker-message", worker: speaker, message: this.#workerSays(speaker, words) });
    words.end();
    return this.#outcome();
  }

  /** The scheduler's number of a task. */
  id(name: string): number {
    return this.#idOf.get(name) ?? assert.fail(`there is no task ${name}`);
  }

  #hearClient(client: string, message: ClientMessage): void {
    const worker = client.split("tasks of ")[1];
    if (worker === undefined) this.#handle({ type: "client-message", client, message });
    else
      this.#handle({
        type: "worker-message",
        worker,
        message: { type: "client-messages", messages: [message] },
      });
    this.#learnNames();
  }

  #handle(event: SchedulerEvent): void {
    this.machine.handle(event, this.#nowMs);
  }

  #outcome(): readonly string[] {
    this.#learnNames();
    const lines = this.machine.take().flatMap((instruction) => this.#narrator.narrate(instruction));
    validateScheduler(this.machine.state);
    return lines;
  }

  #showTasks(): readonly string[] {
    const { state } = this.machine;
    for (const span of state.tasks.folds()) state.unfold(span);
    const lines = [...state.tasks.values()].map((task) => {
      const holders = [...state.replicas.rightsOf(task)].map(({ address }) => ` ${address}`).join("");
      return `${this.#narrator.name(task.id)} ${task.state}${task.atClient ? ", at the client" : ""}${holders === "" ? "" : `, on${holders}`}`;
    });
    return lines.length === 0 ? ["no tasks"] : lines;
  }

  #showDeaths(): readonly string[] {
    return [...this.machine.state.tasks.values()].flatMap((task) =>
      task.deaths === undefined ? [] : [`${this.#narrator.name(task.id)} ${task.deaths.length}`],
    );
  }

  #learnNames(): void {
    for (const [client, { names }] of this.#clients) {
      const tasks = this.machine.state.clients.get(client.replace("tasks of ", ""))?.tasks;
      for (const [number, name] of names.entries()) {
        const span = tasks?.foldAt(number);
        const id = span === undefined ? tasks?.get(number)?.id : span.firstTask + number - span.firstClientTask;
        if (id === undefined || this.#narrator.names.has(id)) continue;
        this.#narrator.names.set(id, name);
        this.#idOf.set(name, id);
      }
    }
  }

  #changeParties(words: Words): void {
    const [atMs] = words.take(/at (\d+) ms/) ?? [];
    const [starting] = words.take(/starting (\d+) workers?/) ?? [];
    const [changed] = words.take(/set (\w+)/) ?? [];
    if (atMs !== undefined) {
      this.#nowMs = Number(atMs);
      return this.#handle({ type: "time-passed" });
    }
    if (starting !== undefined) return this.#handle({ type: "workers-starting", count: Number(starting) });
    if (changed !== undefined) {
      return this.#handle({ type: "set-resources", worker: changed, resources: resourcesIn(words) });
    }
    const host = words.take(/remove host (\w+)/)?.[0];
    if (host !== undefined) {
      const workers = [...this.machine.state.workers.keys()].filter((address) => address.startsWith(`${host}/`));
      const expected = words.has("asked");
      return this.#handle({ type: "remove-host", workers, reason: "its host is gone", expected });
    }
    const link = words.take(/link (\w+) and (\w+): ([\d.]+) ms, (\d+) bytes a ms/);
    if (link !== undefined) {
      const [from, to, latencyMs, bytesPerMs] = link as [string, string, string, string];
      const measured = { latencyMs: Number(latencyMs), bytesPerMs: Number(bytesPerMs) };
      return this.#handle({ type: "link-measured", from, to, ...measured });
    }
    const said = words.demand(/(add|remove) (foreign )?(worker|client) ([\w/]+)/);
    const [verb, foreign, party, name] = said as [string, string, string, string];
    const more = foreign === "" ? {} : { isForeign: true };
    if (verb === "add" && party === "worker") {
      const nThreads = Number(words.take(/slots (\d+)/)?.[0] ?? 1);
      this.#clients.set(`tasks of ${name}`, { names: [], granted: [], questions: 0, functions: new Map() });
      const resources = words.take(/with/) === undefined ? {} : resourcesIn(words);
      this.#handle({ type: "add-worker", worker: name, name, nThreads, resources, ...more });
    } else if (verb === "add") {
      this.#clients.set(name, { names: [], granted: [], questions: 0, functions: new Map() });
      this.#handle({ type: "add-client", client: name, ...more });
    } else if (party === "worker") {
      this.#handle({ type: "remove-worker", worker: name, reason: "it is gone", expected: words.has("asked") });
    } else {
      this.#handle({ type: "remove-client", client: name });
    }
  }

  *#clientSays(client: string, words: Words): Iterable<ClientMessage> {
    const known = this.#clients.get(client) as StageClient;
    const { names } = known;
    const ids = () => {
      const ids: number[] = [];
      for (let name = words.take(/[a-z]\w*/); name !== undefined; name = words.take(/[a-z]\w*/)) {
        ids.push(numberOf(known, name[0] as string));
      }
      return ids;
    };
    const ask = (request: Request): ClientMessage => ({ type: "request", number: known.questions++, request });
    const verb = words.word();
    switch (verb) {
      case "submit":
        yield this.#graph(client, words);
        return;
      case "scatter": {
        const [name, value] = words.demand(/(\w+) = ("[^"]*"|\S+)/) as [string, string];
        const nbytes = Number(words.take(/(\d+) bytes/)?.[0] ?? 8);
        const key = words.take(/as "(.*?)"/)?.[0];
        const number = names.lastIndexOf(name);
        const id = number >= 0 ? number : names.push(name) - 1;
        const prefix = words.take(/of (\w+)/)?.[0];
        const isLocal = words.has("locally") || (client.startsWith("tasks of ") && nbytes > 8192);
        const count = words.take(/(\d+) copies/)?.[0];
        const workers = workersIn(words, /to/);
        const broadcast = words.has("everywhere") || (count !== undefined && Number(count));
        const more = {
          ...(key && { key }),
          ...(prefix && { prefix }),
          ...(isLocal && { isLocal }),
          ...(workers && { workers }),
          ...(broadcast && { broadcast }),
        };
        yield { type: "scatter", id, value: JSON.parse(value), nbytes, ...more };
        return;
      }
      case "gather":
        yield { type: "gather", ranges: ids().flatMap((id) => [id, 1]) };
        return;
      case "release":
        yield { type: "client-releases-keys", ids: ids() };
        return;
      case "claim": {
        const [name, key] = words.demand(/(\w+) = "(.*?)"/) as [string, string];
        yield { type: "client-desires-key", id: names.push(name) - 1, key };
        return;
      }
      case "lost":
        yield { type: "client-lost-value", ids: ids() };
        return;
      case "cancel":
        yield { type: "cancel-keys", force: words.has("force"), ids: ids(), reason: "it was cancelled" };
        return;
      case "retry":
        yield { type: "retry-keys", ids: ids() };
        return;
      case "fire-and-forget":
        yield { type: "fire-and-forget", ids: ids() };
        return;
      case "ask":
        yield question(words, this.#clients.get(client) as StageClient, (name) => this.id(name));
        return;
      case "withdraw":
        yield { type: "withdraw-request", number: Number(words.word()) };
        return;
      case "heard":
        yield { type: "news-received", batch: Number(words.word()) };
        return;
      case "publish": {
        const [name, text] = words.demand(/(\w+) = (\[.*\]|\S+)/) as [string, string];
        const tasks = tasksIn(text).map((each) => numberOf(known, each));
        const override = words.has("instead");
        yield ask({ type: "publish-dataset", name, value: { value: text, tasks }, override });
        return;
      }
      case "read": {
        const name = words.word();
        if (words.has("as")) known.granted.push(...words.rest().split(" "));
        yield ask({ type: "get-dataset", name });
        return;
      }
      case "unpublish":
        yield ask({ type: "unpublish-dataset", name: words.word() });
        return;
      case "recipe": {
        const id = numberOf(known, words.word());
        if (words.has("as")) known.granted.push(...words.rest().split(" "));
        yield ask({ type: "recipe", id });
        return;
      }
      case "credit": {
        const [id] = ids();
        yield ask({ type: "stream-credit", id: id as number, credit: Number(words.word()) });
        return;
      }
      case "items": {
        const name = words.word();
        const credit = Number(words.take(/credit (\d+)/)?.[0] ?? 0);
        yield ask({ type: "stream-items", id: numberOf(known, name), credit });
        return;
      }
      case "close":
        yield ask({ type: "stream-close", id: ids()[0] as number });
        return;
      case "list":
        words.demand(/datasets/);
        yield ask({ type: "list-datasets" });
        return;
      case "request":
        this.machine.learn(requestRules);
        yield { type: "request", number: Number(words.word()), request: JSON.parse(words.rest()) };
        return;
      case "who": {
        words.demand(/has/);
        const tasks = ids();
        yield ask({ type: "who-has", tasks: tasks.length === 0 ? undefined : tasks });
        return;
      }
      case "what":
        words.demand(/has/);
        yield ask({ type: "has-what", workers: words.isEmpty ? undefined : words.rest().split(" ") });
        return;
      case "info":
        yield ask({ type: "scheduler-info" });
        return;
      case "sizes":
        yield ask({ type: "nbytes", tasks: words.has("of") ? ids() : undefined });
        return;
      case "replicate":
      case "rebalance": {
        const n = words.take(/(\d+) of/)?.[0];
        const [names, place] = words.rest().split(/\s*\bon /) as [string, string | undefined];
        const tasks = names === "" ? undefined : names.split(" ").map((name) => numberOf(known, name));
        const workers = place?.split(" ");
        if (verb === "rebalance") yield ask({ type: verb, tasks, workers });
        else yield ask({ type: verb, tasks: tasks ?? [], n: n === undefined ? undefined : Number(n), workers });
        return;
      }
      default:
        assert.fail(`clients do not say ${verb}`);
    }
  }

  #graph(client: string, words: Words): ClientMessage {
    const known = this.#clients.get(client) as StageClient;
    const { names, functions } = known;
    const first = names.length;
    const rows: unknown[] = [];
    const introduced: [number, { name: string; hash: string }][] = [];
    const keys: (string | undefined)[] = [];
    do {
      const [name, fn, args] = words.demand(/(\w+) = (\w+)\((.*?)\)/) as [string, string, string];
      let number = functions.get(fn);
      if (number === undefined) {
        number = functions.size;
        functions.set(fn, number);
        introduced.push([number, { name: fn, hash: fn }]);
      }
      const { slots, shape } = this.#slots(known, args);
      keys.push(words.take(/as "(.*?)"/)?.[0]);
      rows.push(number, slots.length, words.has("streaming") ? shape | STREAM : shape, ...slots);
      names.push(name);
    } while (words.take(/,/) !== undefined);
    const chosen = optionsIn(words);
    const parent = words.take(/in (\w+)/)?.[0];
    const options = parent === undefined ? chosen : { ...chosen, parent: this.id(parent) };
    const named = keys.some((key) => key !== undefined) ? { keys } : {};
    return { type: "update-graph", first, count: names.length - first, rows, functions: introduced, options, ...named };
  }

  /** `x, 1, "a"` as slots; with brackets in it, packed. */
  #slots(known: StageClient, text: string): { slots: unknown[]; shape: number } {
    const number = (name: string) => numberOf(known, name);
    if (text.includes("[")) return { slots: [text, ...tasksIn(text).map(number)], shape: PACKED };
    let shape = 0;
    const slots = text === "" ? [] : text.split(",").map((each) => each.trim());
    const filled = slots.map((each, i) => {
      if (!/^[a-z]\w*$/.test(each)) return JSON.parse(each) as unknown;
      shape |= 1 << i;
      return number(each);
    });
    return { slots: filled, shape };
  }

  #workerSays(worker: string, words: Words): WorkerMessage {
    const verb = words.word();
    const run = (name: string, suffix: string) =>
      suffix === "" ? (this.#narrator.runs.get(`${worker} ${name}`) ?? 0) : Number(suffix);
    const task = () => {
      const [name, suffix] = words.demand(/([a-z]\w*)(?:@(\d+))?/) as [string, string];
      return { id: this.id(name), run: run(name, suffix) };
    };
    switch (verb) {
      case "holds": {
        const [hash, client, clientTask, nbytes] = words.rest().split(" ") as [string, string, string, string];
        const value = { hash, client, clientTask: Number(clientTask), nbytes: Number(nbytes), valueType: "Array" };
        return { type: "worker-holds", number: 1, values: [value] };
      }
      case "has":
        return { type: "set-resources", resources: resourcesIn(words) };
      case "start":
        return { type: "task-started", ...task() };
      case "finish": {
        const ranges: number[] = [];
        const values: unknown[] = [];
        do {
          const { id, run } = task();
          ranges.push(id, run, 1);
          values.push(JSON.parse(words.demand(/= ("[^"]*"|\{.*?\}|[^\s,]+)/)[0] as string));
        } while (words.take(/,/) !== undefined);
        const us = words.take(/in (\d+) us/)?.[0];
        const { tasks } = this.machine.state;
        const first = ranges[0] as number;
        const fn = (tasks.foldAt(first)?.fn ?? tasks.get(first)?.function)?.id;
        return {
          type: "task-finished",
          ranges,
          values,
          spent: us === undefined ? [] : [fn ?? 0, values.length, Number(us)],
        };
      }
      case "erred":
        return { type: "task-erred", ...task(), error: encodeError(new Error(words.demand(/"(.*?)"/)[0])) };
      case "store": {
        const stored = { type: "task-stored", ...task(), nbytes: Number(words.word()), valueType: "Array" } as const;
        const moved = words.has("moved");
        return moved || words.has("pushed") ? { ...stored, pushed: { value: "large", moved } } : stored;
      }
      case "drop": {
        const runs: number[] = [];
        while (!words.isEmpty) {
          const { id, run } = task();
          runs.push(id, run);
        }
        return { type: "task-dropped", runs };
      }
      case "secede":
        return { type: "task-seceded", ...task() };
      case "rejoin":
        return { type: "task-rejoined", ...task() };
      case "memory": {
        const [held, limit] = words.demand(/(\d+)(?: of (\d+))?/) as [string, string];
        const isFull = words.has("full");
        const kept = { limit: Number(limit), heldBytes: Number(held), spilledBytes: 0, isFull };
        const givesUp = words.take(/gives up "(.*?)"/)?.[0];
        const said = { type: "memory-used", threadBytes: undefined, ...(limit !== "" && { kept }) } as const;
        return givesUp === undefined ? said : { ...said, givesUp };
      }
      case "carries": {
        const { id, run: number } = task();
        const known = this.#clients.get(`tasks of ${worker}`) as StageClient;
        return {
          type: "task-carries",
          id,
          run: number,
          tasks: words
            .rest()
            .split(" ")
            .map((name) => numberOf(known, name)),
        };
      }
      case "lend":
        return { type: "slots-lent", count: Number(words.word()) };
      case "items":
        return { type: "task-items", ...task(), items: words.rest().split(" ").map(Number) };
      case "progress":
        return { type: "task-progress", ...task(), fraction: Number(words.word()), note: undefined };
      case "add":
        return { type: "add-keys", ids: [task().id] };
      case "missing": {
        const { id: missing } = task();
        const needing = words.has("for") ? task() : { id: NO_TASK, run: 0 };
        const holders = words.take(/asked/) === undefined ? [] : words.rest().split(" ");
        return { type: "missing-data", ...needing, missing, holders };
      }
      case "data": {
        const { id } = task();
        const found = !words.has("missing");
        return { type: "data", id, found, value: found ? "large" : undefined, moved: words.has("moved") };
      }
      case "done": {
        const [number, value] = words.demand(/(\d+) = ("[^"]*"|\S+)/) as [string, string];
        return { type: "errand-done", number: Number(number), outcome: { value: JSON.parse(value) } };
      }
      case "undone": {
        const [number, message] = words.demand(/(\d+) "(.*?)"/) as [string, string];
        return { type: "errand-done", number: Number(number), outcome: { error: encodeError(new Error(message)) } };
      }
      default:
        return assert.fail(`workers do not say ${verb}`);
    }
  }
}

/** A client's number for a task. */
function numberOf({ names, granted }: StageClient, name: string): number {
  const number = names.lastIndexOf(name);
  if (number >= 0) return number;
  const grant = granted.lastIndexOf(name);
  assert.ok(grant >= 0, `there is no task ${name}`);
  return -grant - 1;
}

/** Names of tasks in a text, each once. */
function tasksIn(text: string): readonly string[] {
  return [...new Set(text.match(/\b[a-z]\w*/g) ?? [])];
}

/**
 * What clients ask of what they share. A name that begins with a capital was not given by anybody; what is put or set is packed, with
 * the tasks that are named beside it; `by` names the task that asks.
 */
function question(words: Words, client: StageClient, idOf: (name: string) => number): ClientMessage {
  const [number, kind, name, limit, type] = words.demand(/(\d+) (\w+) (\w+)(?:\/(\d+))? ([\w-]+)/) as string[];
  const isAnonymous = /^[A-Z]/.test(name as string);
  const said = limit === "" ? undefined : Number(limit);
  const target = { kind: kind as SharedKind, name: name as string, limit: said, isAnonymous };
  const granted = words.take(/as (\w+)/)?.[0];
  if (granted !== undefined) client.granted.push(granted);
  const act = JSON.parse(words.rest() || "{}");
  const tasks = (act.tasks ?? []).map((task: string) => numberOf(client, task));
  const pack = (value: unknown) => ({ value, tasks });
  if (type === "put" || type === "set") act.value = pack(act.value);
  if (type === "put-back") act.values = act.values.map(pack);
  const task = act.by === undefined ? undefined : idOf(act.by);
  const request = { type: "coordinate", target, act: { ...act, type } as SharedAct, task } as const;
  return { type: "request", number: Number(number), request };
}

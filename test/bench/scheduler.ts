/**
 * The scheduler alone: no threads, no messages on the way, no clock but the one that measures. `--help` says how to ask.
 *
 * A client submits, workers answer at once with what they were sent, and the client acknowledges and lets go. Each task makes five
 * moves, released -> waiting -> queued -> processing -> memory -> forgotten, one by one or many at a time.
 */
import { parseArgs } from "node:util";
import type { ClientMessage } from "../../src/protocol/client-messages.ts";
import type { SchedulerToWorkerMessage, WorkerMessage } from "../../src/protocol/worker-messages.ts";
import { BLOCK_HEADER, COMPUTE_HEADER } from "../../src/protocol/worker-messages.ts";
import { SchedulerMachine } from "../../src/scheduler/machine.ts";
import { weavingRules } from "../../src/scheduler/woven.ts";

const MOVES = 5;
/** Runs of few tasks are repeated until there were so many, but not more often than that. */
const ENOUGH_TASKS = 200_000;
const MOST_RUNS = 50;
const PER_MESSAGE = 512;
const LARGE = 20_000;
/** Small enough for tasks to be sent after their inputs. Microseconds. */
const TASK_US = 5;

type Row = readonly number[];

/** `inputs` of each task, by number; an empty list for a root. */
const SHAPES: Readonly<Record<string, (task: number, count: number) => Row>> = {
  independent: () => [],
  chain: (task) => (task === 0 ? [] : [task - 1]),
  tree: (task, count) => {
    const leaves = Math.floor(count / 2) + 1;
    return task < leaves ? [] : [2 * (task - leaves), 2 * (task - leaves) + 1];
  },
  pairs: (task) => (task < 2 ? [] : [task - 1, task - 2]),
};

interface Options {
  readonly tasks: number;
  readonly workers: number;
  /** Results that stay on the workers, and that the client goes on wanting. */
  readonly isKept: boolean;
}

class Run {
  readonly machine = new SchedulerMachine(weavingRules);
  readonly #options: Options;
  /** What each worker has been sent: `id, run, count` each. */
  readonly #sent = new Map<string, number[]>();
  /** Tasks whose result has been announced. */
  finished = 0;

  constructor(options: Options) {
    this.#options = options;
    this.machine.handle({ type: "add-client", client: "c" });
    for (let i = 0; i < options.workers; i++) {
      const worker = `w${i}`;
      this.#sent.set(worker, []);
      this.machine.handle({ type: "add-worker", worker, name: worker, nThreads: 1, resources: {} } as never);
    }
    // One task that teaches how long they take.
    this.#submit(0, 1, [0, 1, 0, 1], [[0, { name: "f", hash: "f" }]]);
    this.#answerAll();
  }

  /** Submits and finishes them all; returns how long that took, in milliseconds. */
  perform(shape: (task: number, count: number) => Row): number {
    const { tasks } = this.#options;
    const messages: (() => void)[] = [];
    for (let first = 0; first < tasks; first += PER_MESSAGE) {
      const count = Math.min(PER_MESSAGE, tasks - first);
      const inputs = Array.from({ length: count }, (_, i) => shape(first + i, tasks));
      const isPlain = inputs.every((each) => each.length === 0);
      const rows = isPlain
        ? Array.from({ length: count }, (_, i) => first + i)
        : inputs.flatMap((each, i) =>
            each.length === 0
              ? [0, 1, 0, first + i]
              : [0, each.length, (1 << each.length) - 1, ...each.map((input) => input + 1)],
          );
      messages.push(() =>
        this.#submit(first + 1, count, rows, [], isPlain ? { fn: 0, slots: 1, shape: 0 } : undefined),
      );
    }
    const begun = performance.now();
    for (const submit of messages) submit();
    this.#answerAll();
    return performance.now() - begun;
  }

  #submit(first: number, count: number, rows: unknown[], functions: never[] | unknown[], uniform?: object): void {
    this.#hear({ type: "update-graph", first, count, rows, functions, options: {}, uniform } as never);
    if (!this.#options.isKept) this.#hear({ type: "gather", ranges: [first, count] });
  }

  #hear(message: ClientMessage): void {
    this.machine.handle({ type: "client-message", client: "c", message });
    this.#take();
  }

  #take(): void {
    for (const instruction of this.machine.take()) {
      if (instruction.type === "send-to-worker") {
        const sent = this.#sent.get(instruction.worker) as number[];
        for (const message of instruction.messages) note(sent, message);
      } else if (instruction.type === "send-to-client") {
        this.finished += instruction.messages.reduce((sum, each) => sum + newsIn(each), 0);
        const news = { type: "news-received", batch: instruction.batch } as const;
        this.machine.handle({ type: "client-message", client: "c", message: news });
      }
    }
  }

  #answerAll(): void {
    for (let isBusy = true; isBusy; ) {
      isBusy = false;
      for (const [worker, sent] of this.#sent) {
        if (sent.length === 0) continue;
        isBusy = true;
        for (const message of this.#options.isKept ? stored(sent) : [finished(sent)]) {
          this.machine.handle({ type: "worker-message", worker, message });
        }
        this.#take();
      }
    }
  }
}

function note(sent: number[], message: SchedulerToWorkerMessage): void {
  if (message.type === "compute-blocks") {
    for (let b = 0; b < message.blocks.length; b += BLOCK_HEADER) {
      sent.push(message.blocks[b + 3] as number, message.blocks[b + 4] as number, message.blocks[b + 6] as number);
    }
  } else if (message.type === "compute-task") {
    const { rows } = message;
    for (let at = 0; at < rows.length; at += COMPUTE_HEADER + (rows[at + 4] as number)) {
      sent.push(rows[at] as number, rows[at + 1] as number, 1);
    }
  }
}

function finished(sent: number[]): WorkerMessage {
  const ranges = sent.splice(0);
  let count = 0;
  for (let i = 2; i < ranges.length; i += 3) count += ranges[i] as number;
  return { type: "task-finished", ranges, values: new Array(count).fill(1), spent: [0, count, count * TASK_US] };
}

function* stored(sent: number[]): Iterable<WorkerMessage> {
  const ranges = sent.splice(0);
  for (let i = 0; i < ranges.length; i += 3) {
    for (let k = 0; k < (ranges[i + 2] as number); k++) {
      const id = (ranges[i] as number) + k;
      yield { type: "task-stored", id, run: ranges[i + 1] as number, nbytes: LARGE, valueType: "Float64Array" };
    }
  }
}

function newsIn(message: { readonly type: string }): number {
  if (message.type === "key-stored") return 1;
  return message.type === "keys-in-memory" ? (message as unknown as { values: unknown[] }).values.length : 0;
}

function collect(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

function measure(name: string, options: Options): { readonly perSecond: number; readonly bytes: number } {
  const run = new Run(options);
  const before = collect();
  const ms = run.perform(SHAPES[name] as never);
  const bytes = (collect() - before) / options.tasks;
  if (run.finished !== options.tasks + 1) throw new Error(`${run.finished - 1} of ${options.tasks} tasks finished`);
  return { perSecond: (options.tasks * MOVES * 1000) / ms, bytes };
}

/** The median of so many runs that the compiler has seen enough: what is asked is what a move costs, not what it costs at first. */
function typical(name: string, options: Options): { readonly perSecond: number; readonly bytes: number } {
  const count = Math.min(MOST_RUNS, Math.ceil(ENOUGH_TASKS / options.tasks));
  const runs = Array.from({ length: count }, () => measure(name, options));
  const middle = (figures: number[]) => figures.sort((a, b) => a - b)[count >> 1] as number;
  return { perSecond: middle(runs.map((run) => run.perSecond)), bytes: middle(runs.map((run) => run.bytes)) };
}

const { values } = parseArgs({
  options: {
    most: { type: "string", default: "1000000" },
    workers: { type: "string", default: "2,100,10000" },
    help: { type: "boolean", short: "h", default: false },
  },
});
if (values.help) {
  console.log(`The scheduler alone: moves of tasks a second, and bytes for each that is finished and wanted.

node --expose-gc --import tsx test/bench/scheduler.ts [--most 1000000] [--workers 2,100,10000]
  --most      tasks in the largest run; each run has ten times as many as the one before
  --workers   how many workers, for one table each`);
  process.exit(0);
}

const sizes: number[] = [];
for (let tasks = 1000; tasks <= Number(values.most); tasks *= 10) sizes.push(tasks);
const million = (value: number) => `${(value / 1e6).toFixed(2)}M`;
for (const name of Object.keys(SHAPES)) measure(name, { tasks: 20_000, workers: 2, isKept: false }); // Warm.

for (const workers of values.workers.split(",").map(Number)) {
  console.log(`\n${workers} workers: moves a second`);
  console.log(["tasks".padStart(12), ...Object.keys(SHAPES).map((name) => name.padStart(14))].join(""));
  for (const tasks of sizes) {
    const cells = Object.keys(SHAPES).map((name) =>
      million(typical(name, { tasks, workers, isKept: false }).perSecond).padStart(14),
    );
    console.log([String(tasks).padStart(12), ...cells].join(""));
  }
}

console.log("\nfinished and wanted, results on the workers");
for (const tasks of sizes) {
  const { perSecond, bytes } = typical("independent", { tasks, workers: 2, isKept: true });
  console.log(
    `${String(tasks).padStart(12)}${`${bytes.toFixed(0)} bytes a task`.padStart(24)}${million(perSecond).padStart(10)} moves a second`,
  );
}

/**
 * What a durable cluster writes down: what has changed of that which is to outlive the scheduler, told as entries of a journal.
 *
 * Whoever changes a task here says so with `touch`, and no more: what there is to be written is found by comparing the task as it is with what
 * was written of it, when it is asked for with `take`. So what comes and goes between two times leaves no trace, and no way to change a task
 * is one too many to be thought of.
 *
 * What was written of a task stays until nobody can ask for it any more **and** nothing refers to it that has no value in the journal: what
 * would have to be made again needs its inputs. Large values are fetched from their workers, and kept beside the journal.
 *
 * A client that goes without letting go of its futures, with its page or process, leaves them behind: `recovery.ts` has them kept in the name
 * of what was wanted before, until somebody has claimed them. Few programs need it: the machine is taught this when a cluster is durable.
 */

import type { ClientId, ClientTaskId, TaskId } from "../protocol/identity.ts";
import { type JournalEntry, TO_BE_RUN, WANT_BITS, WANTED } from "../protocol/journal.ts";
import { ACTOR, type Demands, STREAM } from "../protocol/task-spec.ts";
import type { DurabilityRules, JournalInstruction } from "./contract.ts";
import { isAnchor } from "./coordination/shared.ts";
import { DurablePlaces } from "./durable-places.ts";
import { JournalPage } from "./journal-page.ts";
import type { ClientRecord, TaskGroup, TaskRecord } from "./records.ts";
import type { RequestTools } from "./request-tools.ts";
import type { SchedulerState } from "./state.ts";
import type { FunctionRecord } from "./worker-record.ts";

/** Of large values that are kept at a time. What is beyond that is made again when it is needed. Bytes. */
const MOST_KEPT_BYTES = 512 * 2 ** 20;

/** Values at the scheduler that are larger are kept beside the journal, too. Bytes. */
const MOST_INLINE = 64 * 1024;

/** Epochs of which it is known when they began. */
const MOST_TIMES = 1000;

/** What the journal says of a task. */
interface Written {
  readonly task: TaskRecord;
  /** It cannot be kept, be it that it gives many values or makes an actor: nothing is written of it. */
  readonly isUnkept: boolean;
  wants: number;
  outcome: "none" | "value" | "failure";
  /** What it was written to refer to, while it has no outcome. */
  inputs: readonly Written[];
  /** How many refer to it so. */
  needed: number;
  /** Nobody can ask for it any more. */
  isGone: boolean;
  /** How many times it was said what it holds. */
  holds: number;
}

/** A large value: asked for, on its way to the store, there, or given up. */
interface Large {
  standing: "asked" | "leaving" | "stored" | "refused";
  readonly nbytes: number;
}

export class Durability implements DurabilityRules {
  readonly places: DurablePlaces;
  /** Clients of before, whose tasks go by the numbers that they had. */
  readonly ghosts = new Map<ClientId, ClientRecord>();
  /** Those of them whose tasks were submitted by tasks: workers' names mean others now. */
  readonly ghostsOfWorkers = new Set<ClientRecord>();
  /** What was wanted by those who are gone, and in which epoch they went: it is kept as if something held it. */
  readonly lostIn = new Map<TaskRecord, number>();
  /** Of whoever keeps the journal. */
  hear: (instruction: JournalInstruction) => void = () => {};
  /** All there is will be written when that is over. */
  isRecovering = false;
  epoch = 1;
  times: readonly (readonly [number, number])[] = [];
  readonly #state: SchedulerState;
  readonly #tools: RequestTools;
  #dirty = new Set<TaskRecord>();
  #written = new Map<TaskRecord, Written>();
  #functions = new Set<FunctionRecord>();
  readonly #large = new Map<TaskRecord, Large>();
  #largeBytes = 0;
  /** Tasks with large values that nobody has asked for yet. */
  #unasked: TaskRecord[] = [];
  /** Tasks of the past that somebody has claimed. */
  #claimed: TaskRecord[] = [];
  #isDue = false;

  constructor(state: SchedulerState, tools: RequestTools) {
    this.#state = state;
    this.#tools = tools;
    this.places = new DurablePlaces((task) => this.touch(task));
  }

  /** `times`: when each epoch began; those of long ago are let go. */
  begin(epoch: number, times: readonly (readonly [number, number])[]): void {
    this.epoch = epoch;
    this.times = times.slice(-MOST_TIMES);
  }

  touch(task: TaskRecord): void {
    if (this.isRecovering) return;
    this.#dirty.add(task);
    const { state, value } = task;
    if (state === "memory" && (value === this.#tools.NO_VALUE || task.nbytes > MOST_INLINE)) this.#unasked.push(task);
    else if (state !== "memory" && this.#large.get(task)?.standing === "asked") this.#large.delete(task);
    this.#due();
  }

  claimed(client: ClientRecord, task: TaskRecord): void {
    this.touch(task);
    if (client.worker === undefined && this.lostIn.has(task)) this.#claimed.push(task);
  }

  resume({ client, uniform, rows }: TaskGroup, at: number, id: ClientTaskId): boolean {
    const task = this.ghosts.get(client.id)?.tasks.get(id);
    if (task === undefined || task.client === client || task.state === "forgotten") return false;
    const { shipped } = uniform?.fn ?? (rows[at] as FunctionRecord);
    if (task.at >= 0 && task.function.shipped.hash !== shipped.hash) return false;
    this.#tools.enterClaim(client, id, task);
    this.#tools.tellHowFar(this.#state, client, id, task);
    return true;
  }

  receiveValue(task: TaskRecord, value: unknown): void {
    const { nbytes } = task;
    const known = this.#large.get(task)?.standing;
    if (known === "leaving" || known === "stored" || known === "refused" || isUnkept(task)) return;
    if (task.value !== this.#tools.NO_VALUE && nbytes <= MOST_INLINE) return;
    const isTooMuch = this.#largeBytes + nbytes > MOST_KEPT_BYTES;
    this.#large.set(task, { standing: isTooMuch ? "refused" : "leaving", nbytes });
    if (isTooMuch) return;
    this.#largeBytes += nbytes;
    this.#state.orders.push({ type: "keep-value", id: task.id, value });
  }

  valueKept(id: TaskId, isKept: boolean): void {
    const task = this.#state.tasks.get(id);
    const large = task && this.#large.get(task);
    if (task === undefined || large === undefined) return;
    large.standing = isKept ? "stored" : "refused";
    if (!isKept) this.#largeBytes -= large.nbytes;
    this.#dirty.add(task);
  }

  /** Its value came from beside the journal, and is there still. */
  foundStored(task: TaskRecord): void {
    this.#large.set(task, { standing: "stored", nbytes: task.nbytes });
    this.#largeBytes += task.nbytes;
  }

  isOfPast(task: TaskRecord): boolean {
    return this.lostIn.has(task);
  }

  settle(): void {
    const { kept } = this.#state;
    for (const task of this.#claimed.splice(0)) {
      this.lostIn.delete(task);
      if (kept.rightsOf(task).size === 0) task.flags &= ~this.#tools.FLAG_KEPT;
      if (!task.isNeeded) this.#state.recommend(task, "released");
    }
    for (const task of this.#unasked.splice(0)) this.#fetch(task);
    if (this.places.isDirty) this.#due();
  }

  /** Has a large value kept, once it is there: it is fetched from a worker, unless it is here. */
  #fetch(task: TaskRecord): void {
    if (task.value !== this.#tools.NO_VALUE && task.state === "memory") return this.receiveValue(task, task.value);
    const [holder] = this.#state.replicas.rightsOf(task);
    if (holder === undefined || this.#large.has(task) || task.state !== "memory" || isUnkept(task)) return;
    this.#large.set(task, { standing: "asked", nbytes: task.nbytes });
    this.#state.toWorker(holder).send({ type: "get-data", id: task.id, move: false });
  }

  #due(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#state.orders.push({ type: "write-journal" });
  }

  take(isWhole = false): readonly JournalEntry[] {
    this.#isDue = false;
    const page = new JournalPage(this.ghostsOfWorkers);
    if (isWhole) {
      this.#written = new Map();
      this.#functions = new Set();
      this.places.writeAll();
    }
    const changed = isWhole ? this.#state.tasks.values() : this.#dirty;
    this.#dirty = new Set();
    for (const task of changed) this.#note(task, page);
    const epoch: readonly JournalEntry[] = isWhole
      ? [{ type: "epoch", epoch: this.epoch, times: this.times, nextTask: this.#state.nextTaskId }]
      : [];
    const places = this.places.take();
    return [...epoch, ...page.entries(), ...places];
  }

  #note(task: TaskRecord, page: JournalPage): void {
    const known = this.#written.get(task);
    if (task.state === "forgotten") {
      if (known === undefined) return;
      known.isGone = true;
      if (known.needed === 0) this.#forget(known, page);
      return;
    }
    const isTriedAgain = known?.outcome === "failure" && task.state !== "erred";
    const written = known === undefined || isTriedAgain ? this.#write(task, page) : known;
    written.isGone = false;
    if (written.isUnkept) return;
    const wants = this.#wantsOf(task);
    if (wants !== written.wants) {
      page.want(task.id, wants);
      written.wants = wants;
    }
    this.#noteHolds(written, page);
    if (written.outcome !== "none") return;
    if (task.state === "erred" && task.error !== undefined) {
      page.add({ type: "failed", id: task.id, error: task.error });
      this.#settleOutcome(written, "failure", page);
    } else if (task.state === "memory") this.#noteValue(written, page);
  }

  #noteValue(written: Written, page: JournalPage): void {
    const { task } = written;
    const isStored = this.#large.get(task)?.standing === "stored";
    if (isStored) page.add({ type: "stored", id: task.id, nbytes: task.nbytes, valueType: task.valueType });
    else if (task.value === this.#tools.NO_VALUE || task.nbytes > MOST_INLINE) return;
    else page.value(task);
    this.#settleOutcome(written, "value", page);
  }

  #noteHolds(written: Written, page: JournalPage): void {
    const { task } = written;
    const all = this.#state.nesting?.carriedBy(task) ?? [];
    for (const { tasks } of all.slice(written.holds)) {
      for (const each of tasks) if (!this.#written.has(each)) this.#note(each, page);
      const isInValue = (task.flags & this.#tools.FLAG_CARRIES) !== 0;
      page.add({ type: "holds", id: task.id, tasks: tasks.map(({ id }) => id), isInValue });
    }
    written.holds = all.length;
  }

  /** Writes what a task is, after what it refers to. */
  #write(task: TaskRecord, page: JournalPage): Written {
    if (task.inputs.length > 0) this.#writeInputs(task, page);
    return this.#writeOne(task, page);
  }

  #writeInputs(task: TaskRecord, page: JournalPage): void {
    const unwritten = new Set([task]);
    for (const each of unwritten) {
      if (hasOutcome(each)) continue;
      for (const input of each.inputs) if (!this.#written.has(input)) unwritten.add(input);
    }
    unwritten.delete(task);
    // Each after those that it refers to: those were submitted before it, and have lower numbers.
    for (const each of [...unwritten].sort((a, b) => a.id - b.id)) this.#writeOne(each, page);
  }

  #writeOne(task: TaskRecord, page: JournalPage): Written {
    const isWhole = hasOutcome(task);
    const inputs = isWhole ? NOTHING : this.#inputsOf(task);
    const isGone = task.state === "forgotten";
    const wants = this.#wantsOf(task);
    let written = this.#written.get(task);
    if (written === undefined) {
      written = { task, isUnkept: isUnkept(task), wants, outcome: "none", inputs, needed: 0, isGone, holds: 0 };
      this.#written.set(task, written);
    } else {
      // It is tried again.
      written.wants = wants;
      written.outcome = "none";
      written.inputs = inputs;
      written.isGone = isGone;
      written.holds = 0;
    }
    if (written.isUnkept) return written;
    for (const input of inputs) input.needed += 1;
    if (isWhole) page.data(task, wants);
    else {
      if (!this.#functions.has(task.function)) {
        this.#functions.add(task.function);
        page.functions.push([task.function.id, task.function.shipped]);
      }
      page.task(task, wants);
    }
    // Of what is only here because others refer to it, nobody says anything later.
    if (isGone) this.#noteValue(written, page);
    return written;
  }

  #inputsOf({ inputs }: TaskRecord): readonly Written[] {
    return inputs.length === 0 ? NOTHING : Array.from(new Set(inputs), (input) => this.#written.get(input) as Written);
  }

  #settleOutcome(written: Written, outcome: Written["outcome"], page: JournalPage): void {
    written.outcome = outcome;
    this.#letGo(written, page);
  }

  #forget(written: Written, page: JournalPage): void {
    const { task } = written;
    this.#written.delete(task);
    this.lostIn.delete(task);
    const large = this.#large.get(task);
    if (large !== undefined) {
      this.#large.delete(task);
      if (large.standing === "leaving" || large.standing === "stored") this.#largeBytes -= large.nbytes;
    }
    const ghost = this.ghosts.get(task.client.id);
    if (ghost?.tasks.get(task.clientTask) === task) ghost.tasks.delete(task.clientTask);
    if (!written.isUnkept) page.forgotten.push(task.id);
    this.#letGo(written, page);
  }

  /** It can do without its inputs. */
  #letGo(written: Written, page: JournalPage): void {
    const { inputs } = written;
    if (inputs.length === 0) return;
    written.inputs = NOTHING;
    for (const input of inputs) {
      input.needed -= 1;
      if (input.needed === 0 && input.isGone) this.#forget(input, page);
    }
  }

  #wantsOf(task: TaskRecord): number {
    const lostIn = this.lostIn.get(task);
    const isWantedNow =
      (task.wanted && task.client.worker === undefined) ||
      task.claims?.some(({ client }) => client.worker === undefined) === true;
    const wanted =
      (lostIn !== undefined || isWantedNow) && !(task.name !== undefined && isAnchor(task.name)) ? WANTED : 0;
    const since = isWantedNow ? 0 : (lostIn ?? 0);
    return wanted | (task.keep ? TO_BE_RUN : 0) | (since * WANT_BITS);
  }
}

const NOTHING: readonly Written[] = [];

/** Whether nothing need be known of how it was made. */
function hasOutcome(task: TaskRecord): boolean {
  return task.at < 0 || task.isFinal || task.state === "erred";
}

/** What gives many values, or lives in its worker, ends with that. */
function isUnkept(task: TaskRecord): boolean {
  if (task.at < 0) return false;
  const { actor }: Demands = task.group.options.demands ?? {};
  return (task.shape & (STREAM | ACTOR)) !== 0 || actor !== undefined;
}

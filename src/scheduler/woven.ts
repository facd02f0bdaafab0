/**
 * Woven spans: tasks of one function that refer to one another, as the links of a chain or the levels of a tree do.
 *
 * They stay together as plain tasks do (`plain.ts`), and are sent in portions. A portion goes to the worker that makes what its tasks
 * need, before that is made: there they run without a word to the scheduler between them. What is known already goes along. Of each
 * task of such a span, and of each to which one refers, is noted what has come of it and who has it in hand: see `kin.ts`.
 *
 * All values are small here, and are kept for as long as a task that needs them is not the client's. So nothing has to be computed
 * again but what was in the hands of a worker that died.
 *
 * When something happens to one of the tasks alone, all woven spans are unfolded: each task that is not over gets the record that it
 * would have had, those it needs get one as well, and they go the way of all others.
 */

import { added } from "../collections/added.ts";
import type { UpdateGraph } from "../protocol/client-messages.ts";
import type { ClientTaskId, TaskId } from "../protocol/identity.ts";
import type { WeavingRules } from "./contract.ts";
import type { Kin } from "./kin.ts";
import type { ClientRecord, Span, TaskGroup, TaskRecord } from "./records.ts";
import type { RequestTools } from "./request-tools.ts";
import type { SchedulerState } from "./state.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** What takes longer is sent when what it needs is there: it had better be decided then where it runs. Microseconds. */
const LONGEST_US = 200;
const MOST_SLOTS = 8;
/** The most tasks in one portion that could go to any worker. */
const MOST_ANYWHERE = 128;
/** A span is unfolded before any of its tasks is sent again. */
const FIRST_RUN = 1;

const NONE: readonly never[] = [];

/** In place of a value: there will be one. */
const NOT_YET = Symbol("not yet");
/** In place of a value: the client has it, and nobody else. */
const GONE = Symbol("gone");

type SpanKin = Kin<Span, WorkerRecord>;

export function weavingRules(state: SchedulerState, tools: RequestTools): WeavingRules {
  return new Weaving(state, tools);
}

class Weaving implements WeavingRules {
  readonly #state: SchedulerState;
  readonly #tools: RequestTools;
  /** Woven spans of which some tasks have not been sent, in the order of their submission. */
  #open: Span[] = [];
  /** Whether a value has come since it was last looked at what was passed over. */
  #hasNews = false;
  /** Whether what was passed over could not be sent now for want of room. */
  #isStalled = false;

  constructor(state: SchedulerState, tools: RequestTools) {
    this.#state = state;
    this.#tools = tools;
  }

  admit(
    client: ClientRecord,
    { first, count, rows, keys, options }: UpdateGraph,
    uniform: NonNullable<TaskGroup["uniform"]>,
  ): boolean {
    const { fn, slots, shape } = uniform;
    const isUsual = keys === undefined && this.#tools.isOrdinary(options) && this.#isPossible(options.priority ?? 0);
    const isShort = fn.durationUs >= 0 && fn.durationUs <= LONGEST_US && slots <= MOST_SLOTS;
    if (!isUsual || !isShort || client.worker !== undefined || shape >= 1 << slots) return false;
    const group: TaskGroup = { client, rows, uniform, options };
    const span = new this.#tools.Span(group, uniform, this.#state.nextTaskId, first, count);
    const refs: TaskId[] = [];
    const sources = this.#findSources(client, span, refs);
    if (sources === undefined) return false;
    const holders = new Array<WorkerRecord | undefined>(count).fill(undefined);
    span.kin = { values: new Array(count).fill(NOT_YET), holders, refs, sources, skipped: [] };
    this.#state.nextTaskId += count;
    client.tasks.fold(first, count, span);
    this.#state.tasks.fold(span.firstTask, count, span);
    this.#open.push(span);
    this.#state.notes?.noteMany(span, 0, count, "waiting");
    return true;
  }

  /** Whether nobody watches, runs alone or is more urgent: of that, only single tasks know. */
  #isPossible(priority: number): boolean {
    const { watch, durability, hosts, suspects, queues } = this.#state;
    if ((watch ?? durability) !== undefined || hosts !== undefined || suspects.length > 0 || priority !== 0)
      return false;
    for (const { priority, nested, dependents, roots } of queues) {
      if (priority <= 0) return true;
      if (nested.length + dependents.length + roots.length > 0) return false;
    }
    return true;
  }

  /** The spans that `span` refers to, with the numbers of the tasks in `refs`; undefined if it refers to others than tasks of spans. */
  #findSources(client: ClientRecord, span: Span, refs: TaskId[]): Span[] | undefined {
    const { slots, count, firstClientTask, firstTask, group } = span;
    const { rows } = group;
    const { shape } = group.uniform as NonNullable<TaskGroup["uniform"]>;
    const sources: Span[] = [];
    let source: Span | undefined;
    for (let i = 0, at = 0; i < count; i++) {
      for (let slot = 0; slot < slots; slot++, at++) {
        if ((shape & (1 << slot)) === 0) continue;
        const id = rows[at] as ClientTaskId;
        if (id >= firstClientTask) {
          if (!(id < firstClientTask + i)) return undefined;
          refs.push(firstTask + id - firstClientTask);
          continue;
        }
        if (source === undefined || id < source.firstClientTask || id >= source.firstClientTask + source.count) {
          source = client.tasks.foldAt(id);
          if (source === undefined || this.#kinOf(source) === undefined) return undefined;
          if (!sources.includes(source)) sources.push(source);
        }
        const index = id - source.firstClientTask;
        if ((source.kin as SpanKin).values[index] === GONE) return undefined;
        refs.push(source.firstTask + index);
      }
    }
    return sources;
  }

  /** What is known of the tasks of a span one by one. Undefined if the client may have changed one of the values meanwhile. */
  #kinOf(span: Span): SpanKin | undefined {
    if (span.kin !== undefined) return span.kin;
    const values = new Array<unknown>(span.count).fill(GONE);
    const holders = new Array<WorkerRecord | undefined>(span.count).fill(undefined);
    for (const delivery of span.group.client.delivered) {
      for (const part of delivery.parts) {
        if (part.span !== span) continue;
        for (let i = 0; i < part.count; i++) {
          const value = part.values[part.at + i];
          if (typeof value === "object" && value !== null) return undefined;
          values[part.from + i] = value;
        }
      }
    }
    for (const { worker, from, to } of span.sent) {
      values.fill(NOT_YET, from, to);
      holders.fill(worker, from, to);
    }
    values.fill(NOT_YET, span.next);
    span.kin = { values, holders, refs: NONE, sources: NONE, skipped: [] };
    return span.kin;
  }

  note(
    { kin, group, firstClientTask }: Span,
    from: number,
    count: number,
    values: readonly unknown[],
    at: number,
  ): void {
    if (kin === undefined) return;
    this.#hasNews = true;
    const outbox = this.#state.toClient(group.client);
    let told = 0;
    for (let i = 0; i < count; i++) {
      const value = values[at + i];
      kin.values[from + i] = value;
      kin.holders[from + i] = undefined;
      if (typeof value !== "object" || value === null) continue;
      // It is kept for others, and has to be copied before a user gets hold of it.
      if (i > told) outbox.inMemoryRange(firstClientTask + from + told, i - told, values, at + told);
      outbox.inMemory(firstClientTask + from + i, value, true);
      told = i + 1;
    }
    if (count > told) outbox.inMemoryRange(firstClientTask + from + told, count - told, values, at + told);
  }

  isBrief(id: TaskId): boolean {
    const span = this.#state.tasks.foldAt(id);
    return span?.kin !== undefined && span.fn.durationUs <= LONGEST_US;
  }

  occupies(worker: WorkerRecord): boolean {
    for (const { kin, fn, sent } of this.#state.tasks.folds()) {
      if (kin === undefined || fn.durationUs > LONGEST_US) continue;
      if (sent.some((part) => part.worker === worker)) return true;
    }
    return false;
  }

  assign(): void {
    if (this.#open.length === 0) return;
    if (!this.#isPossible(0)) return this.unfold();
    const touched = new Set<WorkerRecord>();
    let isOver = false;
    this.#isStalled = false;
    for (const span of this.#open) {
      if (this.#state.roomy.size === 0) {
        this.#isStalled = true;
        break;
      }
      this.#advance(span, touched);
      if (span.next === span.count && span.kin?.skipped.length === 0) isOver = true;
    }
    this.#hasNews &&= this.#isStalled;
    if (isOver)
      this.#open = this.#open.filter(({ next, count, kin }) => next < count || (kin?.skipped.length ?? 0) > 0);
    for (const worker of touched) this.#tools.judgeRoom(this.#state, worker);
  }

  /** Sends of a span what can be sent. */
  #advance(span: Span, touched: Set<WorkerRecord>): void {
    const kin = span.kin as SpanKin;
    if (this.#hasNews && kin.skipped.length > 0) {
      kin.skipped = kin.skipped.filter((at) => {
        const { to, worker } = this.#portion(span, at, at + 1);
        if (to > at && this.#send(span, at, to, worker, touched)) return false;
        this.#isStalled ||= to > at;
        return true;
      });
    }
    while (span.next < span.count) {
      const at = span.next;
      const { to, worker, isSplit } = this.#portion(span, at, span.count);
      if (to > at) {
        if (!this.#send(span, at, to, worker, touched)) return;
      } else if (isSplit) {
        kin.skipped.push(at);
        span.next += 1;
      } else return;
    }
  }

  /**
   * Tasks from `from` on that can be sent together: up to `to`, and to `worker`, if that is not all the same. If there are none, `isSplit`
   * tells whether those after the first might be sent all the same.
   */
  #portion(span: Span, from: number, end: number): { to: number; worker: WorkerRecord | undefined; isSplit: boolean } {
    const own = span.kin as SpanKin;
    const { refs } = own;
    const each = refs.length / span.count;
    const { firstTask } = span;
    let worker: WorkerRecord | undefined;
    let source = span;
    let kin = own;
    for (let i = from; i < end; i++) {
      let needed = worker;
      for (let k = i * each; k < (i + 1) * each; k++) {
        const id = refs[k] as TaskId;
        if (id >= firstTask + from && id < firstTask + i) continue;
        if (id < source.firstTask || id >= source.firstTask + source.count) {
          source = sourceOf(span, id);
          kin = source.kin as SpanKin;
        }
        const index = id - source.firstTask;
        if (kin.values[index] !== NOT_YET) continue;
        const holder = kin.holders[index];
        if (holder === undefined) return { to: i, worker, isSplit: index < source.next };
        if (needed !== undefined && needed !== holder) return { to: i, worker, isSplit: true };
        needed = holder;
      }
      worker = needed;
    }
    return { to: end, worker, isSplit: false };
  }

  /** queued -> processing for tasks of a woven span, as many as there is room for. False if there was none for some. */
  #send(span: Span, from: number, end: number, at: WorkerRecord | undefined, touched: Set<WorkerRecord>): boolean {
    const state = this.#state;
    const { fits, expectedUs, MAX_IN_FLIGHT } = this.#tools;
    const worker = at ?? state.roomy.peek();
    const us = expectedUs(span.fn);
    if (worker === undefined || !worker.takesTasks || worker.alone || worker === state.vacating) return false;
    if (!fits(worker, us)) {
      if (at === undefined) state.roomy.delete(worker);
      return false;
    }
    const room = Math.min(MAX_IN_FLIGHT - worker.inFlight, Math.floor((worker.windowUs - worker.occupancyUs) / us));
    const most = at === undefined ? Math.min(room, MOST_ANYWHERE) : room;
    const to = Math.min(end, from + Math.max(1, most));
    const count = to - from;
    span.sent = added(span.sent, { worker, expectedUs: us, from, to });
    if (to > span.next) span.next = to;
    state.dispatches += count;
    worker.processing += count;
    worker.occupancyUs += count * us;
    worker.lastUsed = state.dispatches;
    (span.kin as SpanKin).holders.fill(worker, from, to);
    state.notes?.noteMany(span, from, count, "processing", worker);
    this.#write(span, from, to, worker);
    if (at === undefined) this.#tools.judgeRoom(state, worker);
    else touched.add(worker);
    return to === end || at === undefined;
  }

  #write(span: Span, from: number, to: number, worker: WorkerRecord): void {
    const { group, slots, fn, firstTask, firstClientTask } = span;
    const { shape } = group.uniform as NonNullable<TaskGroup["uniform"]>;
    const own = span.kin as SpanKin;
    const each = own.refs.length / span.count;
    const args = group.rows.slice(from * slots, to * slots);
    const refs = own.refs.slice(from * each, to * each);
    let source = span;
    let kin = own;
    for (let at = 0, k = 0; at < args.length; ) {
      for (let slot = 0; slot < slots; slot++, at++) {
        if ((shape & (1 << slot)) === 0) continue;
        const id = refs[k] as TaskId;
        if (id < source.firstTask || id >= source.firstTask + source.count) {
          source = sourceOf(span, id);
          kin = source.kin as SpanKin;
        }
        const value = kin.values[id - source.firstTask];
        if (value !== NOT_YET) refs[k] = 0;
        args[at] = value === NOT_YET ? undefined : value;
        k += 1;
      }
    }
    const outbox = this.#state.toWorker(worker);
    outbox.introduce(worker.knows, fn);
    const head = [fn.id, slots, shape, firstTask + from, FIRST_RUN, firstClientTask + from, to - from];
    outbox.block(group.client.id, head, args, refs);
  }

  unfold(): void {
    const spans = [...this.#state.tasks.folds()].filter(({ kin }) => kin !== undefined);
    this.#open = [];
    for (const span of spans) this.#tools.unfoldOne(this.#state, span);
    for (const span of spans) {
      for (let i = 0; i < span.count && (span.kin as SpanKin).refs.length > 0; i++) this.#tie(span, i);
    }
  }

  /** Gives a task of an unfolded span its inputs, if it is not over. */
  #tie(span: Span, index: number): void {
    const { FLAG_HAS_INPUTS } = this.#tools;
    const { group, slots } = span;
    const { shape } = group.uniform as NonNullable<TaskGroup["uniform"]>;
    const kin = span.kin as SpanKin;
    const each = kin.refs.length / span.count;
    const task = this.#state.tasks.get(span.firstTask + index);
    if (task === undefined || task.state === "memory") return;
    task.flags |= FLAG_HAS_INPUTS;
    const inputs: TaskRecord[] = [];
    let k = index * each;
    for (let slot = 0; slot < slots; slot++) {
      if ((shape & (1 << slot)) === 0) continue;
      const input = this.#inputOf(span, kin.refs[k++] as TaskId);
      group.rows[task.firstSlot + slot] = input;
      inputs.push(input);
      input.liveDependents += 1;
      input.dependents ??= [];
      input.dependents.push(task);
      if (!input.isAvailable) task.waitingOn += 1;
    }
    task.inputs = inputs;
    task.registered = true;
    if (task.state !== "waiting") return;
    if (task.waitingOn === 0) this.#state.recommend(task, "queued");
    else this.#state.candidates.push(task);
  }

  /** The record of an input; if it was the client's alone, one that is kept for whoever needs it. */
  #inputOf(span: Span, id: TaskId): TaskRecord {
    const known = this.#state.tasks.get(id);
    if (known !== undefined) return known;
    const { group, firstTask, firstClientTask, slots, kin } = sourceOf(span, id);
    const { TaskRecord, FLAG_FINAL } = this.#tools;
    const index = id - firstTask;
    const input = new TaskRecord(id, firstClientTask + index, group, index * slots, FLAG_FINAL);
    input.runId = FIRST_RUN;
    input.state = "memory";
    input.value = kin?.values[index];
    input.nbytes = 0;
    this.#state.tasks.set(id, input);
    return input;
  }
}

function sourceOf(span: Span, id: TaskId): Span {
  if (id >= span.firstTask) return span;
  const { sources } = span.kin as SpanKin;
  return sources.find(({ firstTask, count }) => id >= firstTask && id < firstTask + count) as Span;
}

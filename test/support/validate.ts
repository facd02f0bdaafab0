/** Whole-state checks: what must hold of a machine whenever it has done with an event, and what of a cluster that is idle. */

import assert from "node:assert/strict";
import { isSuspect } from "../../src/scheduler/compute.ts";
import { forEachDependency } from "../../src/scheduler/dependencies.ts";
import { ageOf, headOf } from "../../src/scheduler/line.ts";
import {
  type ClientRecord,
  FLAG_KEPT,
  FLAG_SECEDED,
  NO_VALUE,
  Span,
  type TaskRecord,
} from "../../src/scheduler/records.ts";
import { has, isNamed } from "../../src/scheduler/requirements.ts";
import { CRUMB_US, type Keeper, type SchedulerState } from "../../src/scheduler/state.ts";
import { type WorkerRecord, zombieName } from "../../src/scheduler/worker-record.ts";
import { LocalBlock, type LocalTask, type WorkerState } from "../../src/worker/state.ts";

/** Whether two are one; records are too large to be shown in full. */
function same(actual: unknown, expected: unknown, what: () => string): void {
  if (actual !== expected) assert.fail(what());
}

/** Checks everything that the scheduler's state promises between two events. */
export function validateScheduler(state: SchedulerState): void {
  const tasks = [...state.tasks.values()];
  const known = new Set(tasks);
  const live = countLiveDependents(tasks);
  let queued = 0;
  const keepers = new Set<Keeper>();
  for (const task of tasks) {
    if (task.state === "queued") queued += 1;
    const about = () => `${task.key} (${task.id}, ${task.state})`;
    same(state.tasks.get(task.id), task, () => `${about()} is filed under its id`);
    checkNeed(state, task, about);
    checkInputs(state, known, task, about);
    checkDependents(task, live.get(task) ?? 0, about);
    checkState(state, task, about);
  }
  for (const span of state.tasks.folds()) {
    // Those that refer to others wait for them; which of them wait for nothing else, their kin knows.
    if (span.kin === undefined || span.kin.refs.length === 0) queued += span.count - span.next;
    checkSpan(state, span);
  }
  assert.equal(state.queued, queued, "queued counts the tasks in state queued");
  assert.equal(state.recommendations.length, 0, "no recommendation is left");
  for (const worker of state.workers.values()) checkWorker(state, worker, tasks);
  checkRoom(state);
  checkReplicas(state, known);
  for (const client of state.clients.values()) checkClient(state, client, known);
  for (const task of tasks) {
    const isMarked = (task.flags & FLAG_KEPT) !== 0;
    assert.equal(state.kept.rightsOf(task).size > 0, isMarked, `${task.key} is kept by what keeps it`);
    for (const keeper of state.kept.rightsOf(task)) keepers.add(keeper);
  }
  let pairs = 0;
  for (const keeper of keepers) pairs += state.kept.leftsOf(keeper).size;
  assert.equal(state.kept.size, pairs, "only tasks that are there are kept");
  for (const [name, task] of state.named) {
    assert.equal(task.name, name, `what is known as ${name} has that name`);
    assert.ok(known.has(task), `${name} names a task that is there`);
  }
}

/** Checks that nothing is left of what was submitted. Workers and clients may be there, idle. */
export function assertForgotten(state: SchedulerState): void {
  validateScheduler(state);
  assert.deepEqual(
    [...state.tasks.values()].map((task) => `${task.key} ${task.state}`),
    [],
    "no task is left",
  );
  assert.equal([...state.tasks.folds()].length, 0, "no span is left");
  assert.equal(state.named.size, 0, "no name is left");
  assert.equal(state.replicas.size, 0, "no replica is left");
  assert.equal(state.kept.size, 0, "nothing is kept");
  for (const worker of state.workers.values()) {
    assert.equal(worker.inFlight, 0, `nothing is in flight on ${worker.address}`);
    assert.equal(worker.zombies.size, 0, `no zombie is left on ${worker.address}`);
    assert.equal(worker.seceded.size, 0, `nothing has seceded on ${worker.address}`);
    assert.equal(worker.occupancyUs, 0, `${worker.address} is not occupied`);
  }
  for (const client of state.clients.values()) assert.equal(client.tasks.size, 0, `${client.id} has no tasks`);
}

function countLiveDependents(tasks: readonly TaskRecord[]): ReadonlyMap<TaskRecord, number> {
  const live = new Map<TaskRecord, number>();
  for (const task of tasks) {
    if (task.registered) forEachDependency(task, (input) => live.set(input, (live.get(input) ?? 0) + 1));
  }
  return live;
}

function checkNeed(state: SchedulerState, task: TaskRecord, about: () => string): void {
  assert.ok(task.isNeeded, `somebody needs ${about()}`);
  if (task.wanted) {
    same(state.clients.get(task.client.id), task.client, () => `who wants ${about()} is there`);
    same(task.client.tasks.get(task.clientTask), task, () => `who wants ${about()} knows its number`);
  }
  if (task.claims !== undefined) assert.ok(task.claims.length > 0, `the claims on ${about()} are some`);
  for (const { client, id } of task.claims ?? []) {
    same(state.clients.get(client.id), client, () => `who claims ${about()} is there`);
    same(client.tasks.get(id), task, () => `who claims ${about()} knows its number`);
  }
  // One that came back because a recipe needs it has lost its name, perhaps to another.
  if (task.name !== undefined && (task.wanted || task.claims !== undefined)) {
    same(state.named.get(task.name), task, () => `${about()} is known by its name`);
  }
}

function checkInputs(
  state: SchedulerState,
  known: ReadonlySet<TaskRecord>,
  task: TaskRecord,
  about: () => string,
): void {
  const isUnderWay = ["waiting", "queued", "no-worker", "processing"].includes(task.state);
  assert.equal(task.registered, isUnderWay && task.hasInputs, `${about()} is registered while it is under way`);
  if (!task.registered) return;
  const slots = new Map<TaskRecord, number>();
  let missing = 0;
  forEachDependency(task, (input) => {
    slots.set(input, (slots.get(input) ?? 0) + 1);
    if (!input.isAvailable) missing += 1;
    assert.ok(known.has(input), `${input.key} is kept for ${about()}`);
  });
  if (task.state === "waiting" && state.demands?.isTimed(task)) missing += 1;
  if (task.state !== "processing") assert.equal(task.waitingOn, missing, `${about()} waits for what is not in memory`);
  for (const [input, count] of slots) {
    const entered = input.dependents?.filter((dependent) => dependent === task).length;
    assert.equal(entered, count, `${about()} is entered with ${input.key} once per slot`);
  }
}

function checkDependents(task: TaskRecord, live: number, about: () => string): void {
  assert.equal(task.liveDependents, live, `liveDependents of ${about()} counts those registered`);
}

function checkState(state: SchedulerState, task: TaskRecord, about: () => string): void {
  assert.equal(task.processingOn !== undefined, task.state === "processing", `${about()} is in a worker's hands`);
  if (task.started) assert.equal(task.state, "processing", `${about()} has begun`);
  if (task.atClient) assert.equal(task.state, "memory", `${about()} is at its client`);
  switch (task.state) {
    case "waiting":
      assert.ok(task.waitingOn > 0, `${about()} waits for something`);
      return;
    case "queued":
    case "no-worker":
      assert.equal(task.hasInputs ? task.waitingOn : 0, 0, `${about()} waits for nothing`);
      checkRestrictions(state, task, about);
      return;
    case "processing":
      same(state.workers.get(task.processingOn?.address ?? ""), task.processingOn, () => `${about()} is on a worker`);
      if (!allows(task, task.processingOn as WorkerRecord)) assert.fail(`${about()} is where it may be`);
      if (isSuspect(task) && (task.flags & FLAG_SECEDED) === 0) {
        assert.ok(task.processingOn?.alone, `${about()} is suspected, and runs alone`);
      }
      return;
    case "memory": {
      const holders = state.replicas.rightsOf(task).size;
      const isSomewhere = task.value !== NO_VALUE || task.atClient || holders > 0;
      assert.ok(isSomewhere, `the value of ${about()} is somewhere`);
      if (task.atClient) {
        same(task.value, NO_VALUE, () => `${about()} is at the client alone`);
        assert.equal(holders, 0, `${about()} is at the client alone`);
        assert.ok(task.wanted, `the client that holds ${about()} wants it`);
      }
      assert.ok(task.nbytes >= 0, `the size of ${about()} is known`);
      return;
    }
    case "erred":
      assert.notEqual(task.error, undefined, `the error of ${about()} is known`);
      return;
    default:
      assert.fail(`${about()} does not stay so`);
  }
}

/** Whether the task may run on the worker, as far as that does not change. */
function allows(task: TaskRecord, worker: WorkerRecord): boolean {
  const { workers, allowOtherWorkers = false } = task.group.options.demands ?? {};
  return workers === undefined || allowOtherWorkers || isNamed(worker, workers);
}

/** What waits for a worker is `no-worker` if there is none that might run it, and only then. */
function checkRestrictions(state: SchedulerState, task: TaskRecord, about: () => string): void {
  const { workers, resources, allowOtherWorkers = false, quorum } = task.group.options.demands ?? {};
  // Whoever has run a copy is not to run another, and who that is only the quorum knows.
  if (quorum !== undefined && task.state === "no-worker") return;
  const isRestricted = (workers !== undefined && !allowOtherWorkers) || resources !== undefined;
  const isPossible = [...state.workers.values()].some(
    (worker) => allows(task, worker) && has(worker.resources, resources ?? {}),
  );
  assert.equal(task.state === "no-worker", isRestricted && !isPossible, `${about()} waits as it should`);
}

function checkSpan(state: SchedulerState, span: Span): void {
  const { client } = span.group;
  const about = `the span from ${span.firstTask} on`;
  same(state.clients.get(client.id), client, () => `who wants ${about} is there`);
  assert.equal(span.unfolded, undefined, `${about} is folded`);
  for (const [table, first] of [
    [state.tasks, span.firstTask] as const,
    [client.tasks, span.firstClientTask] as const,
  ]) {
    for (const i of [0, span.count - 1]) same(table.foldAt(first + i), span, () => `${about} is found by its ids`);
  }
  // Each task is queued, sent, delivered, or gone.
  const parts = span.sent.map(({ from, to }) => [from, to] as const);
  let delivered = 0;
  for (const delivery of client.delivered) {
    for (const part of delivery.parts) {
      if (part.span !== span) continue;
      parts.push([part.from, part.from + part.count]);
      delivered += part.count;
    }
  }
  parts.sort(([a], [b]) => a - b);
  let end = 0;
  for (const [from, to] of parts) {
    assert.ok(from >= end && to > from && to <= span.next, `parts of ${about} do not overlap`);
    end = to;
  }
  const inHand = span.sent.reduce((sum, { from, to }) => sum + to - from, 0);
  const skipped = span.kin?.skipped ?? [];
  for (const i of skipped)
    assert.ok(i < span.next, `what was passed over of ${about} comes before what was not looked at`);
  const unsent = span.count - span.next + skipped.length;
  assert.equal(span.left, inHand + delivered + unsent, `${about} counts those that are left`);
}

function checkWorker(state: SchedulerState, worker: WorkerRecord, tasks: readonly TaskRecord[]): void {
  const about = worker.address;
  same(state.workers.get(about), worker, () => `${about} is filed under its address`);
  let inHand = 0;
  let occupancyUs = 0;
  const runs = new Set(worker.zombies.keys());
  for (const task of tasks) {
    if (task.processingOn !== worker) continue;
    runs.add(zombieName(task.id, task.runId));
    inHand += 1;
    occupancyUs += task.expectedUs;
  }
  for (const span of state.tasks.folds()) {
    for (const part of span.sent) {
      if (part.worker !== worker) continue;
      inHand += part.to - part.from;
      occupancyUs += (part.to - part.from) * part.expectedUs;
    }
  }
  assert.equal(worker.inFlight, inHand + worker.zombies.size, `${about} has in flight what it is processing`);
  for (const zombieUs of worker.zombies.values()) occupancyUs += zombieUs;
  assert.ok(Math.abs(worker.occupancyUs - occupancyUs) < 1e-3, `${about} is occupied by what it has in flight`);
  for (const run of worker.seceded.keys()) assert.ok(runs.has(run), `${about} has ${run} in flight, which has seceded`);
  for (const run of worker.used.keys())
    assert.ok(runs.has(run), `${about} has in hand what uses its resources: ${run}`);
  for (const task of tasks) {
    const { resources } = task.group.options.demands ?? {};
    if (task.processingOn !== worker || resources === undefined) continue;
    assert.deepEqual(
      worker.used.get(zombieName(task.id, task.runId)),
      resources,
      `${task.key} has its resources of ${about}`,
    );
  }
  for (const peer of worker.linked) {
    same(state.workers.get(peer.address), peer, () => `${about} is linked to workers that are there`);
    assert.ok(peer.linked.has(worker), `${about} is linked both ways`);
  }
}

function checkRoom(state: SchedulerState): void {
  const best = state.roomy.peek();
  for (const worker of state.workers.values()) {
    const about = worker.address;
    const isRoomy = state.roomy.has(worker);
    assert.equal(isRoomy, worker.heapIndex >= 0, `${about} knows whether it is in the heap`);
    const isBarred = !worker.takesTasks || worker.alone || worker === state.vacating;
    if (isRoomy) assert.ok(!isBarred, `${about} may take more`);
    else assert.ok(isBarred || worker.running >= worker.nThreads, `${about} has a free slot and is offered`);
    // The heap would be out of order if the load of a member changed behind its back. Small loads count as equal.
    if (isRoomy && best !== undefined && best.occupancyUs > worker.occupancyUs + CRUMB_US) {
      assert.fail(`${about} is less busy than ${best.address}, which is preferred`);
    }
  }
  for (const worker of state.roomy) {
    same(state.workers.get(worker.address), worker, () => `${worker.address}, which has room, is there`);
  }
  if (best === undefined) return;
  for (const { nested, dependents, roots } of state.queues) {
    for (const line of [...nested, dependents, roots]) {
      const ages = [...line].map(ageOf);
      assert.ok(
        ages.every((age, i) => i === 0 || (ages[i - 1] as number) <= age),
        "the oldest comes first",
      );
    }
    for (const line of [...nested, dependents, roots]) {
      const head = headOf(line);
      if (head !== undefined) assert.fail(`${nameOf(head)} could run on ${best.address}`);
    }
  }
}

function nameOf(item: TaskRecord | Span): string {
  return item instanceof Span ? `the span from ${item.firstTask} on` : item.key;
}

function checkReplicas(state: SchedulerState, known: ReadonlySet<TaskRecord>): void {
  for (const worker of state.workers.values()) {
    for (const task of state.replicas.leftsOf(worker)) {
      assert.ok(state.replicas.rightsOf(task).has(worker), `both views know that ${task.key} is on ${worker.address}`);
    }
  }
  let pairs = 0;
  for (const task of known) {
    const holders = state.replicas.rightsOf(task);
    pairs += holders.size;
    if (holders.size > 0) assert.equal(task.state, "memory", `${task.key} has replicas only in memory`);
    for (const worker of holders) {
      assert.ok(state.replicas.leftsOf(worker).has(task), `both views know that ${task.key} is on ${worker.address}`);
      same(state.workers.get(worker.address), worker, () => `the holder of ${task.key} is there`);
    }
  }
  assert.equal(state.replicas.size, pairs, "only tasks that are there have replicas");
}

function checkClient(state: SchedulerState, client: ClientRecord, known: ReadonlySet<TaskRecord>): void {
  same(state.clients.get(client.id), client, () => `${client.id} is filed under its id`);
  for (const task of client.tasks.values()) {
    assert.ok(known.has(task), `${client.id} knows ${task.key}, which is there`);
    const isOwn = task.wanted && task.client === client;
    const hasClaim = task.claims?.some((claim) => claim.client === client) === true;
    assert.ok(isOwn || hasClaim, `${client.id} knows ${task.key} because it wants it`);
  }
}

/** Slots that were lent at a time: what was begun in one goes on when it is given back. */
const mostLent = new WeakMap<WorkerState, number>();

/** Checks everything that a worker's state promises whenever its thread is not in the middle of something. */
export function validateWorker(state: WorkerState): void {
  const first = [...state.executing].filter((task) => !task.hasSeceded);
  mostLent.set(state, Math.max(state.lent, mostLent.get(state) ?? 0));
  assert.ok(
    first.length - (mostLent.get(state) ?? 0) <= state.nThreads,
    "no more tasks are begun than there are slots",
  );
  for (const task of state.executing) assert.equal(task.state, "executing", `task ${task.id} is executing`);
  for (const task of state.longRunning) assert.equal(task.state, "long-running", `task ${task.id} has no slot`);
  const fetchesOf = new Map<LocalTask, number>();
  const asked = new Set<number>();
  for (const request of state.requests.values()) for (const id of request.ids) asked.add(id);
  for (const fetch of state.fetches.values()) {
    assert.ok(asked.has(fetch.id), `somebody was asked for ${fetch.id}`);
    for (const task of fetch.waiters) fetchesOf.set(task, (fetchesOf.get(task) ?? 0) + 1);
  }
  for (const [task, fetches] of fetchesOf) {
    if (task.state === "waiting") assert.equal(task.waitingOn, fetches, `task ${task.id} waits for what is fetched`);
    else assert.equal(task.state, "done", `task ${task.id} does not run before its inputs are there`);
  }
  if (state.keeping !== undefined) {
    const { heldBytes, spilledBytes } = state.keeping.bytes;
    assert.ok(heldBytes >= 0 && spilledBytes >= 0, `${heldBytes} bytes are held, and ${spilledBytes} written out`);
  }
  for (const id of state.loads.keys()) assert.ok(state.values.has(id), `the load of ${id} belongs to a value`);
}

/** Checks that a worker has nothing in its hands, and holds nothing. */
export function assertEmptyHanded(state: WorkerState): void {
  validateWorker(state);
  assert.equal(state.executing.size, 0, "nothing is executing");
  assert.equal(state.longRunning.size, 0, "nothing runs on");
  assert.deepEqual([...state.scattered.keys()], [], "nothing waits for its number");
  assert.deepEqual(
    [...state.ready].filter((item) => item instanceof LocalBlock || item.state === "ready").map(({ id }) => id),
    [],
    "nothing is ready",
  );
  assert.deepEqual([...state.values.keys()], [], "no value is left");
  assert.deepEqual([...state.loads.keys()], [], "no load is left");
  const { heldBytes = 0, spilledBytes = 0 } = state.keeping?.bytes ?? {};
  assert.deepEqual([heldBytes, spilledBytes], [0, 0], "no byte is held, and none written out");
  assert.deepEqual([...state.fetches.keys()], [], "nothing is being fetched");
  assert.deepEqual([...state.requests.keys()], [], "no request is open");
}

/** A client's end of the conversation with the scheduler: calls become messages, news becomes the state of futures. */

import type { Comm } from "../ports/comm.ts";
import type { ClientMessage, News, Scatter, SchedulerToClientMessage } from "../protocol/client-messages.ts";
import { CancelledError, CommClosedError } from "../protocol/errors.ts";
import { type ClientId, type ClientTaskId, type Key, keyOf } from "../protocol/identity.ts";
import type { Request } from "../protocol/requests.ts";
import { STREAM } from "../protocol/task-spec.ts";
import type { AnyFunction } from "../shipping/function-source.ts";
import { measure } from "../shipping/measure.ts";
import { type CapturedData, captureArguments, captureWithFutures, type Naming } from "./argument-capture.ts";
import type { ScatterOptions, SubmitOptions } from "./call-options.ts";
import { type CancelOptions, type Future, type FutureOwner, futureAccess } from "./future.ts";
import { type KnownFunction, KnownFunctions } from "./known-functions.ts";
import { endWhatItHolds, Ledger } from "./ledger.ts";
import { NoticedArrays } from "./noticed.ts";
import { OpenRequests } from "./open-requests.ts";
import { openSessions } from "./open-sessions.ts";
import { demandOwn, idsOf } from "./ownership.ts";
import { captureScattered } from "./scattering.ts";
import { Submission } from "./submission.ts";

/** So many tasks are sent without waiting for the end of the turn, so that workers begin while a loop is still submitting. */
const EARLY_FLUSH = 512;

export type ClientComm = Comm<readonly ClientMessage[], News>;

export class Session implements FutureOwner {
  readonly id: ClientId;
  readonly #comm: ClientComm;
  readonly #ledger: Ledger;
  readonly #submission = new Submission();
  readonly #functions: KnownFunctions = new KnownFunctions(this);
  readonly #requests = new OpenRequests(({ id, key }, owner) => this.#claimed(id, key, owner));
  readonly #keys = new Map<ClientTaskId, Key>();
  readonly #noticed = new NoticedArrays();
  readonly naming: Naming = {
    refer: (future) => futureAccess.inputId(future, this) ?? this.#refer(future),
    literalOf: (future) => this.#literalOf(future),
    notice: (array) => this.#notice(array),
  };
  readonly #collected: FinalizationRegistry<ClientTaskId>;
  /** Tasks that the scheduler keeps until we say that we do not want them any more. Of others it forgets what it told us. */
  readonly #held = new Set<ClientTaskId>();
  /** Those among them of which there may be no copy but ours. */
  readonly #moved = new Set<ClientTaskId>();
  /** Futures on tasks that run to their end whoever lets go of them: until then the claim is kept, and with it the process. */
  readonly #unattended = new WeakSet<Future>();
  readonly #keepAlive: () => () => void;
  #letGo: (() => void) | undefined;
  #nextId: ClientTaskId = 0;
  #isFlushDue = false;
  #closed: string | undefined;

  /** `keepAlive`: see `ports/clock.ts`; held while a future is pending. */
  constructor(id: ClientId, comm: ClientComm, keepAlive: () => () => void) {
    this.id = id;
    this.#comm = comm;
    this.#keepAlive = keepAlive;
    this.#collected = new FinalizationRegistry((task) => this.#release(task));
    this.#ledger = new Ledger({
      copy: (value) => structuredClone(value),
      claim: (future, key) => (futureAccess.owner(future) as Session).claim(key),
      names: this.#keys,
      held: this.#held,
      hold: (future) => this.#hold(future),
      unhold: (future) => {
        if (this.#held.delete(futureAccess.id(future))) this.#collected.unregister(future);
      },
      tookOver: (future, value) => {
        if (futureAccess.extras(future).isInput) this.#giveBack(future, value);
        else this.#moved.add(futureAccess.id(future));
      },
      cameAgain: (id, value) => {
        if (this.#held.has(id)) this.#sendData(id, { value, futures: [] });
      },
      warn: (text) => console.warn(`manyhands: ${text}`),
    });
    openSessions.add(this);
    comm.listen((news) => this.#hear(news));
    comm.closed.then((reason) => this.#end("lost", reason));
  }

  /** Why it is closed; undefined while it is open. */
  get closed(): string | undefined {
    return this.#closed;
  }

  /** For those who speak through it: see `task-session.ts`. */
  get parts() {
    return { ledger: this.#ledger, functions: this.#functions, flush: () => this.#flush(), keepAlive: this.#keepAlive };
  }

  /** Throws what `submit` would for a function that cannot be submitted. `kind`: `STREAM` if it is to give many values. */
  know(fn: AnyFunction, kind = 0): KnownFunction {
    this.#demandOpen();
    return kind === STREAM ? this.#functions.knowGenerator(fn) : this.#functions.know(fn);
  }

  submit(fn: AnyFunction, args: unknown[], options: SubmitOptions, kind = 0): Future {
    const known = this.know(fn, kind);
    return this.append(known, args, captureArguments(args, this.naming) | kind, options);
  }

  map(
    fn: AnyFunction,
    columns: readonly (readonly unknown[])[],
    options: SubmitOptions,
    keys: readonly Key[] | undefined,
  ): Future[] {
    const known = this.know(fn);
    const count = Math.min(...columns.map((column) => column.length));
    const { key } = options;
    const futures = new Array<Future>(count);
    const args: unknown[] = [];
    for (let i = 0; i < count; i++) {
      args.length = columns.length;
      for (let k = 0; k < columns.length; k++) args[k] = columns[k]?.[i];
      const shape = captureArguments(args, this.naming);
      const name = key === undefined ? keys?.[i] : `${key}-${i}`;
      futures[i] = this.append(known, args, shape, name === undefined ? options : { ...options, key: name });
    }
    return futures;
  }

  scatter(value: unknown, options: ScatterOptions, key: Key | undefined): Future {
    this.#demandOpen();
    const { data, more } = captureScattered(value, options, key);
    const future = this.create("data", more.key);
    this.#sendData(futureAccess.id(future), data, more);
    futureAccess.change(future, "stored");
    this.#ledger.keepTrack(future);
    futureAccess.extras(future).nbytes = measure(data.value).nbytes;
    this.#hold(future);
    return future;
  }

  /** A claim on a task known by its key, whoever submitted it. */
  claim(key: Key): Future {
    this.#demandOpen();
    const id = this.#nextId++;
    this.#send({ type: "client-desires-key", id, key });
    return this.#claimed(id, key);
  }

  /** A future on a task of which others may know, too. */
  #claimed(id: ClientTaskId, key: Key, owner: FutureOwner = this.#functions.owner): Future {
    this.#keys.set(id, key);
    const future = futureAccess.create({ owner, prefix: "" }, id);
    this.#ledger.expect(id, future);
    return future;
  }

  keyOf(future: Future): Key {
    const id = futureAccess.id(future);
    return this.#keys.get(id) ?? keyOf(futureAccess.prefix(future), this.id, id);
  }

  requestValue(future: Future): void {
    const id = futureAccess.id(future);
    if (futureAccess.state(future) === "stored") this.#ledger.expect(id, future);
    this.#submission.gather(id);
    if (!this.#isFlushDue) this.#flushSoon();
  }

  release(future: Future, reason = "its future was released"): void {
    if (this.#unattended.has(future) && !future.done()) {
      futureAccess.watch(future, {
        changed: () => {
          if (!future.done()) return true;
          this.release(future);
          return false;
        },
      });
      return;
    }
    this.#collected.unregister(future);
    this.#release(futureAccess.id(future));
    this.#rest();
    if (future.done() && futureAccess.state(future) !== "stored") return;
    const { key } = future;
    futureAccess.change(
      future,
      "cancelled",
      new CancelledError(`${key} is not waited for any more: ${reason}`, { key, reason }),
    );
  }

  cancel(futures: readonly Future[], { force = false, reason = "cancel() was called" }: CancelOptions = {}): void {
    const ids = idsOf(futures, this);
    if (force) for (const future of futures) endWhatItHolds(future, reason);
    this.#send({ type: "cancel-keys", ids, force, reason });
    for (const id of ids) this.#ledger.cancel(id, reason);
    this.#rest();
  }

  retry(futures: readonly Future[]): void {
    this.#demandOpen();
    const failed = futures.filter((future) => futureAccess.state(future) === "error");
    if (failed.length === 0) return;
    for (const future of failed) {
      this.#ledger.expect(futureAccess.id(future), future);
      futureAccess.change(future, "pending");
    }
    this.#send({ type: "retry-keys", ids: idsOf(failed, this) });
  }

  fireAndForget(futures: readonly Future[]): void {
    this.#demandOpen();
    this.#send({ type: "fire-and-forget", ids: idsOf(futures, this) });
    for (const future of futures) this.#unattended.add(future);
  }

  /**
   * Asks something of the scheduler that it answers once; for values that it keeps, see {@link Answered}. Rejects when the conversation
   * ends. `isIdle`: nobody has to stay for the answer.
   */
  ask(request: Request, signal?: AbortSignal, late?: (value: unknown) => void, isIdle = false): Promise<unknown> {
    this.#demandOpen();
    const { owner } = this.#functions;
    const send = (message: ClientMessage) => this.#send(message);
    const answer = this.#requests.ask({ owner, request, send, signal, late });
    return isIdle ? answer : answer.finally(this.#keepAlive());
  }

  /** Ends the conversation. What is pending ends as cancelled. */
  close(reason: string): void {
    if (this.#closed !== undefined) return;
    this.#flush();
    this.#end("cancelled", reason);
    this.#comm.close(reason);
  }

  #end(state: "cancelled" | "lost", reason: string): void {
    if (this.#closed !== undefined) return;
    this.#closed = reason;
    openSessions.delete(this);
    this.#ledger.end(state, ({ key }) =>
      state === "cancelled"
        ? new CancelledError(`${key} was cancelled: ${reason}`, { key, reason })
        : new CommClosedError(`nothing will be heard of ${key} any more: ${reason}`),
    );
    this.#requests.end(new CommClosedError(`this will not be answered any more: ${reason}`));
    this.#letGo?.();
    this.#letGo = undefined;
  }

  #demandOpen(): void {
    if (this.#closed !== undefined) throw new CommClosedError(`this client is closed: ${this.#closed}`);
  }

  /** A future on what is no task, or on one that is not sent. */
  create(prefix: string, key: Key | undefined): Future {
    this.#submission.breakOff();
    const id = this.#nextId++;
    if (key !== undefined) this.#keys.set(id, key);
    return futureAccess.create({ owner: this.#functions.owner, prefix }, id);
  }

  append(known: KnownFunction, slots: readonly unknown[], shape: number, { task, key }: SubmitOptions): Future {
    const { as, origin } = known;
    const carried = as.futures?.map((each) => this.#refer(each));
    const id = this.#nextId++;
    const future = futureAccess.create(this.#functions.originOf(origin), id);
    this.#submission.append(id, as.number, slots, shape, task);
    if (!as.isSent) this.#submission.introduce([as.number, as.spec]);
    as.isSent = true;
    if (key !== undefined) {
      this.#keys.set(id, key);
      this.#submission.name(key);
    }
    this.#ledger.expect(id, future);
    if (carried !== undefined) this.#send({ type: "carry-keys", id, tasks: carried });
    if (this.#submission.openTasks >= EARLY_FLUSH) this.#flush();
    else if (!this.#isFlushDue) this.#flushSoon();
    return future;
  }

  /** The value of a future that has one here and for which the scheduler keeps nothing, if it is cheaper to send than to refer to. */
  #literalOf(future: Future): { readonly value: unknown } | undefined {
    if (futureAccess.state(future) !== "finished" || this.#held.has(futureAccess.id(future))) return undefined;
    const value = futureAccess.value(future);
    return typeof value === "object" && value !== null ? undefined : { value };
  }

  /** The number by which the scheduler knows the future; a value that only we have is given to it first. */
  #refer(future: Future): ClientTaskId {
    demandOwn(future, this);
    const id = futureAccess.id(future);
    if (futureAccess.state(future) !== "finished") futureAccess.extras(future).isInput = true;
    else if (this.#moved.delete(id) || !this.#held.has(id)) this.#giveBack(future, futureAccess.value(future));
    return id;
  }

  #giveBack(future: Future, value: unknown): void {
    const id = futureAccess.id(future);
    try {
      const named = this.#keys.has(id) ? { key: future.key } : { prefix: futureAccess.prefix(future) };
      this.#sendData(id, captureWithFutures(value, future.key), named);
    } catch (error) {
      // Its buffers were transferred away by the user. What was moved here is made again from its recipe; of what came along, none is kept.
      if (!this.#held.has(id)) throw error;
      this.#send({ type: "client-lost-value", ids: [id] });
    }
    this.#hold(future);
  }

  #sendData(id: ClientTaskId, { value, futures }: CapturedData, more: Partial<Scatter> = {}): void {
    const carried = futures.map((each) => this.#refer(each));
    this.#send({ type: "scatter", id, value, nbytes: measure(value).nbytes, ...more });
    if (carried.length > 0) this.#send({ type: "carry-keys", id, tasks: carried });
  }

  #notice(array: ArrayBufferView | ArrayBuffer): ClientTaskId {
    const known = this.#noticed.find(array);
    if (known !== undefined) return known;
    const data = captureWithFutures(array, "an argument");
    const id = this.#nextId++;
    this.#sendData(id, data);
    const forgotten = this.#noticed.remember(array, data.value as ArrayBuffer, id);
    if (forgotten !== undefined) this.#submission.release(forgotten);
    return id;
  }

  /** The cluster keeps something for this future; it may let go when the future is collected, if it is not released before. */
  #hold(future: Future): void {
    const id = futureAccess.id(future);
    if (this.#held.has(id)) return;
    this.#held.add(id);
    this.#collected.register(future, id, future);
  }

  /** The cluster has nothing of these any more: those whose values are here have to be given to it again, if they are needed. */
  #disown(ids: readonly ClientTaskId[]): void {
    for (const id of ids) if (this.#held.has(id)) this.#moved.add(id);
    this.#noticed.forget(ids);
  }

  #release(id: ClientTaskId): void {
    this.#keys.delete(id);
    this.#moved.delete(id);
    const wasKnown = this.#ledger.forget(id);
    if (!this.#held.delete(id) && !wasKnown) return;
    if (this.#closed !== undefined) return;
    this.#submission.release(id);
    this.#flushSoon();
  }

  #send(message: ClientMessage): void {
    this.#submission.send(message);
    this.#flushSoon();
  }

  #flushSoon(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    // A microtask. Node's queueMicrotask also tells whoever traces such things, which takes as long as a task.
    Promise.resolve().then(() => this.#flush());
  }

  #flush(): void {
    this.#isFlushDue = false;
    if (this.#closed !== undefined) return;
    if (!this.#submission.isEmpty) this.#comm.send(this.#submission.take());
    if (this.#ledger.size === 0) return this.#rest();
    this.#letGo ??= this.#keepAlive();
  }

  /** If nothing is waited for, the process may end: once all is said, for with that there may come something new. */
  #rest(): void {
    if (this.#ledger.size > 0) return;
    // That values have arrived, which the scheduler keeps until it hears of it.
    if (!this.#submission.isEmpty) this.#flushSoon();
    if (this.#isFlushDue) return;
    this.#functions.forgetLast();
    this.#letGo?.();
    this.#letGo = undefined;
  }

  #hear({ batch, messages }: News): void {
    let values = 0;
    for (let i = 0; i < messages.length; i++) {
      const message = messages[i] as SchedulerToClientMessage;
      if (message.type === "keys-in-memory") values += message.values.length;
      if (message.type === "answer") this.#requests.settle(message);
      else this.#ledger.hear(message);
      if (message.type === "cancelled-keys") this.#disown(message.ids);
    }
    if (values > 0) {
      const isUrgent = this.#submission.acknowledge(batch, values) || this.#ledger.size === 0;
      if (isUrgent && !this.#isFlushDue) this.#flushSoon();
    }
    this.#rest();
    if (this.#ledger.size > 0) return;
    this.#noticed.clear((id) => {
      this.#submission.release(id);
      this.#flushSoon();
    });
  }
}

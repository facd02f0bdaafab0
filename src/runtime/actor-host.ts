/**
 * The actors of a worker: made by tasks, called past the scheduler.
 *
 * Calls come in batches. Of each caller they are begun in the order in which they were made; a method that is not async has ended by
 * then, others interleave where they await. What came of a batch is sent when it is through, or every now and then, and before that, the
 * checkpoints of those actors that are to survive their worker.
 */

import type { ActorClient, TaskClient } from "../ports/task-clients.ts";
import {
  type ActorCalls,
  type ActorErrand,
  FAILED,
  FAREWELL,
  LOST,
  MOVED,
  NEXT,
  PACKED_ARGUMENTS,
  READ,
  RECEIVED,
  RETURN,
} from "../protocol/actors.ts";
import { UnserializableError } from "../protocol/errors.ts";
import type { FunctionId } from "../protocol/identity.ts";
import type { PackedFutures } from "../protocol/packed-futures.ts";
import { measure } from "../shipping/measure.ts";
import { takeTransfers } from "../shipping/transfer.ts";
import { ActorCaller, type SendResults } from "./actor-caller.ts";
import type { ActorShell } from "./actor-shell.ts";
import { ActorStreams, isItems } from "./actor-streams.ts";
import { HostedActor, hasCheckpoints } from "./hosted-actor.ts";
import { FLUSH_MS } from "./pacing.ts";
import { isThenable } from "./thenable.ts";

/** So many calls are worked off before it is looked at the clock. */
const LOOK_AFTER = 32;

export class ActorHost {
  readonly #shell: ActorShell;
  readonly #actors = new Map<number, HostedActor>();
  readonly #clients = new Map<HostedActor, ActorClient>();
  /** Those whose checkpoints are due. */
  readonly #dirty = new Set<HostedActor>();
  /** Why actors that were here are not any more. */
  readonly #gone = new Map<number, string>();
  /** By what they call through. */
  readonly #callers = new Map<object, ActorCaller>();
  readonly #streams = new Map<ActorCaller, ActorStreams>();
  readonly #toFlush = new Set<ActorCaller>();
  #isFlushDue = false;
  #isSaving = false;

  constructor(shell: ActorShell) {
    this.#shell = shell;
  }

  get isEmpty(): boolean {
    return this.#actors.size === 0;
  }

  /** Makes an actor of what a task's class made. Settles with a handle on it, when it can be called. */
  async create(
    made: unknown,
    { key, fn }: { readonly key: string; readonly fn: FunctionId },
    task: TaskClient,
  ): Promise<object> {
    const instance = (await made) as Record<string, unknown>;
    const client = task.hostActor(key.replace(/ \(again \d+\)$/, ""));
    try {
      const { actor: number, options, state } = await client.host(hasCheckpoints(instance));
      const actor = new HostedActor({ number, name: client.name, fn, instance }, options);
      this.#actors.set(number, actor);
      this.#clients.set(actor, client);
      if (state !== undefined) {
        await this.#shell.apart(() => actor.method("restore")?.call(instance, state.value));
        await client.ready(number);
      }
      return client.handle;
    } catch (error) {
      client.letGo();
      throw error;
    }
  }

  /** Calls that come through `way`, numbered from 0 by each who begins anew there. */
  hear(way: object, send: SendResults, { first, calls }: ActorCalls): void {
    if (first === 0) this.forget(way);
    let caller = this.#callers.get(way);
    if (caller === undefined) {
      caller = new ActorCaller(send);
      this.#callers.set(way, caller);
    }
    let sentMs = this.#shell.now();
    for (let at = 0, number = first; at < calls.length; number++) {
      const count = calls[at + 2] as number;
      const end = at + 3 + Math.abs(count);
      this.#take(
        caller,
        number,
        calls[at] as number,
        calls[at + 1] as string | number,
        calls.slice(at + 3, end),
        count,
      );
      at = end;
      if (number % LOOK_AFTER !== 0 || this.#dirty.size > 0) continue;
      const nowMs = this.#shell.now();
      if (nowMs - sentMs < FLUSH_MS) continue;
      caller.flush();
      sentMs = nowMs;
    }
    this.#toFlush.add(caller);
    this.#flush();
  }

  /** Whether somebody who has called through `way` is still to claim what came of that. */
  owes(way: object): boolean {
    return !!this.#callers.get(way)?.packed.size;
  }

  /** Nobody will call through `way` any more. */
  forget(way: object): void {
    const caller = this.#callers.get(way);
    this.#callers.delete(way);
    if (caller === undefined) return;
    caller.heardFarewell();
    this.#streams.get(caller)?.endAll();
    this.#streams.delete(caller);
  }

  /** Has an actor end here, or get ready to go on elsewhere. */
  perform(errand: ActorErrand): unknown {
    const actor = this.#actors.get(errand.actor);
    if (errand.type === "drop-actor") {
      this.#gone.set(errand.actor, errand.reason);
      if (actor === undefined) return undefined;
      this.#remove(actor);
      actor.flushWaiting();
      this.#flush();
      const dispose = actor.instance[Symbol.asyncDispose as never] ?? actor.instance[Symbol.dispose as never];
      if (typeof dispose === "function") {
        void Promise.resolve(this.#shell.apart(() => (dispose as () => unknown).call(actor.instance))).catch(() => {});
      }
      return undefined;
    }
    return actor === undefined ? undefined : this.#move(actor);
  }

  async #move(actor: HostedActor): Promise<void> {
    actor.isMoving = true;
    actor.flushWaiting();
    this.#flush();
    if (actor.underWay > 0) {
      await new Promise<void>((resolve) => {
        actor.whenIdle = resolve;
      });
    }
    try {
      await this.#save(actor);
      await this.#takeLeave(actor);
      this.#remove(actor);
    } catch (error) {
      actor.isMoving = false;
      throw error;
    }
  }

  /** The worker may end right afterwards: until nobody calls any more, and all have heard that they are to look elsewhere. */
  async #takeLeave(actor: HostedActor): Promise<void> {
    let callers: readonly ActorCaller[] = [...this.#callers.values()];
    while (callers.length > 0) {
      for (const caller of callers) actor.turnedAway.delete(caller);
      await Promise.all(callers.map((caller) => caller.farewell(actor.number)));
      callers = [...this.#callers.values()].filter((caller) => actor.turnedAway.has(caller));
    }
  }

  endAll(): void {
    for (const actor of [...this.#actors.values()]) {
      this.#gone.set(actor.number, "its scheduler is gone");
      this.#remove(actor);
      actor.flushWaiting();
    }
  }

  #remove(actor: HostedActor): void {
    this.#actors.delete(actor.number);
    this.#dirty.delete(actor);
    if (actor.isMoving) this.#gone.delete(actor.number);
    this.#clients.delete(actor);
  }

  // Six arguments, for an object of six would be made for each call, only to be thrown away.
  #take(caller: ActorCaller, number: number, id: number, what: string | number, args: unknown[], count: number): void {
    let method: string;
    if (typeof what === "string") {
      caller.methods.push(what);
      method = what;
    } else if (what < 0) {
      if (what !== READ) return this.#control(caller, number, what, args[0] as number);
      method = "";
    } else method = caller.methods[what] as string;
    const actor = this.#actors.get(id);
    if (actor === undefined) {
      const why = this.#gone.get(id);
      // Where it is not known why, it has gone on elsewhere, or is about to be asked for there.
      if (why === undefined && id > 0) caller.answerOdd(number, MOVED, [count, ...args]);
      else caller.answerOdd(number, LOST, why ?? "there is no such actor");
    } else if (actor.isMoving) actor.turnAway(caller, number, args, count);
    else if (what === READ) this.#read(caller, number, actor, args[0] as string);
    else if (actor.isBusy) {
      actor.defer(() => {
        if (this.#actors.get(id) !== actor) caller.answerOdd(number, LOST, this.#gone.get(id) ?? "it is gone");
        else if (actor.isMoving) actor.turnAway(caller, number, args, count);
        else this.#call(caller, number, actor, method, args, count);
        this.#flushSoon(caller);
      });
    } else this.#call(caller, number, actor, method, args, count);
  }

  #call(caller: ActorCaller, number: number, actor: HostedActor, name: string, args: unknown[], count: number): void {
    if (count === PACKED_ARGUMENTS) return this.#callPacked(caller, number, actor, name, args[0] as PackedFutures);
    const method = actor.method(name);
    if (method === undefined) return this.#fail(caller, number, actor, actor.missing(name));
    let returned: unknown;
    try {
      returned = this.#shell.apart(() => method.apply(actor.instance, args));
    } catch (error) {
      return this.#fail(caller, number, actor, error);
    }
    if (isThenable(returned)) this.#await(caller, number, actor, returned);
    else this.#succeed(caller, number, actor, returned);
  }

  /** Arguments with futures or functions in them. Only where one has to be loaded first may others overtake it. */
  #callPacked(caller: ActorCaller, number: number, actor: HostedActor, name: string, packed: PackedFutures): void {
    const method = actor.method(name);
    if (method === undefined) return this.#fail(caller, number, actor, actor.missing(name));
    const call = (args: unknown) => this.#shell.apart(() => method.apply(actor.instance, args as unknown[]));
    let returned: unknown;
    try {
      const args = this.#shell.unpack(packed);
      returned = isThenable(args) ? args.then(call) : call(args);
    } catch (error) {
      return this.#fail(caller, number, actor, error);
    }
    // Once it is answered, the caller lets go of the futures among the arguments: our claims have to be there before.
    const claimed = this.#shell.clients().confirm();
    this.#await(
      caller,
      number,
      actor,
      Promise.resolve(returned).finally(() => claimed),
    );
  }

  #await(caller: ActorCaller, number: number, actor: HostedActor, returned: PromiseLike<unknown>): void {
    actor.count(1);
    this.#shell.count(1);
    const end = (answer: () => void) => {
      this.#shell.count(-1);
      answer();
      actor.count(-1);
      this.#flushSoon(caller);
    };
    returned.then(
      (value) => end(() => this.#succeed(caller, number, actor, value)),
      (error: unknown) => end(() => this.#fail(caller, number, actor, error)),
    );
  }

  #succeed(caller: ActorCaller, number: number, actor: HostedActor, value: unknown): void {
    if (actor.savesItself) this.#note(actor);
    const isPlain =
      value === null || (typeof value !== "object" && typeof value !== "function" && typeof value !== "symbol");
    if (isPlain) caller.answer(number, value);
    else if (typeof value === "object" && isItems(value)) this.#streamsOf(caller).begin(number, value);
    else this.#answerObject(caller, number, actor, value);
  }

  #answerObject(caller: ActorCaller, number: number, actor: HostedActor, value: unknown): void {
    const transfers = takeTransfers(value);
    const { problem, hasFutures } = measure(value, structuredClone);
    if (problem !== undefined) {
      const path = `result${problem.path}`;
      const message = `${path} of ${actor.className} is ${problem.what}, which cannot leave the worker; return plain data`;
      return this.#fail(caller, number, actor, new UnserializableError(message, { path }));
    }
    if (!hasFutures) {
      caller.answer(number, value);
      if (transfers !== undefined) caller.move(transfers);
      return;
    }
    try {
      caller.answerPacked(number, value, this.#shell.clients().pack(value).value);
    } catch (error) {
      this.#fail(caller, number, actor, error);
    }
  }

  #fail(caller: ActorCaller, number: number, actor: HostedActor, error: unknown): void {
    if (actor.savesItself) this.#note(actor);
    caller.answerOdd(number, FAILED, this.#shell.explain(actor.fn, error));
  }

  #note(actor: HostedActor): void {
    actor.isDirty = true;
    this.#dirty.add(actor);
  }

  #read(caller: ActorCaller, number: number, actor: HostedActor, name: string): void {
    let value: unknown;
    try {
      value = name in Object.prototype ? undefined : actor.instance[name];
    } catch (error) {
      return this.#fail(caller, number, actor, error);
    }
    if (typeof value === "function") {
      return this.#fail(
        caller,
        number,
        actor,
        new TypeError(`${name} is a method of ${actor.className}: call it, as in ${name}()`),
      );
    }
    if (isThenable(value)) this.#await(caller, number, actor, value);
    else this.#succeed(caller, number, actor, value);
  }

  /** Something about an earlier call, whose number is `of`. */
  #control(caller: ActorCaller, number: number, what: number, of: number): void {
    if (what === FAREWELL) return caller.heardFarewell(of);
    if (what === RECEIVED) {
      caller.packed.delete(of);
      return;
    }
    if (what === NEXT) return this.#streamsOf(caller).next(number, of, () => this.#flushSoon(caller));
    if (what === RETURN) this.#streamsOf(caller).end(of);
    caller.answer(number, [undefined, true]);
  }

  #streamsOf(caller: ActorCaller): ActorStreams {
    let streams = this.#streams.get(caller);
    if (streams === undefined) {
      streams = new ActorStreams(this.#shell, caller);
      this.#streams.set(caller, streams);
    }
    return streams;
  }

  #flushSoon(caller: ActorCaller): void {
    this.#toFlush.add(caller);
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    queueMicrotask(() => {
      this.#isFlushDue = false;
      this.#flush();
    });
  }

  /** Sends what came of calls; before that, the checkpoints that these have made due. */
  #flush(): void {
    if (this.#dirty.size > 0) {
      if (!this.#isSaving) void this.#saveAll();
      return;
    }
    for (const caller of this.#toFlush) caller.flush();
    this.#toFlush.clear();
  }

  async #saveAll(): Promise<void> {
    this.#isSaving = true;
    while (this.#dirty.size > 0) {
      for (const actor of [...this.#dirty]) {
        this.#dirty.delete(actor);
        try {
          await this.#save(actor);
        } catch (error) {
          console.warn(
            `manyhands: ${actor.className} could not be saved, and would be restored as it was before:`,
            error,
          );
        }
      }
    }
    this.#isSaving = false;
    this.#flush();
  }

  async #save(actor: HostedActor): Promise<void> {
    const state: unknown = await this.#shell.apart(() => actor.method("checkpoint")?.call(actor.instance));
    actor.isDirty = false;
    const saved = this.#clients.get(actor)?.save(actor.number, state);
    this.#shell.flush();
    // Answers go another way: whoever has one may have its worker ended before what was said here is heard.
    await saved;
  }
}

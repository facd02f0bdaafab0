/** Which futures are wanted, and what was heard of each. */

import { PagedTable } from "../collections/paged-table.ts";
import type { Answer, SchedulerToClientMessage } from "../protocol/client-messages.ts";
import { CancelledError } from "../protocol/errors.ts";
import type { ClientTaskId, Key } from "../protocol/identity.ts";
import { hasPackedFutures, type PackedFutures } from "../protocol/packed-futures.ts";
import { KEEPS_ITSELF } from "../shipping/plain-data.ts";
import { type Future, futureAccess, hasFailed, RemoteError } from "./future.ts";
import { reviverOf } from "./open-sessions.ts";

let unpacking: Promise<typeof import("./packed-futures.ts")> | undefined;

/** The code for values with futures in them, which few programs need. */
export function loadUnpacking(): Promise<typeof import("./packed-futures.ts")> {
  unpacking ??= import("./packed-futures.ts").catch((error) => {
    unpacking = undefined; // Another time there may be a network again.
    throw error;
  });
  return unpacking;
}

/** What the ledger cannot do itself. */
export interface LedgerShell {
  /** A copy that is the user's own. */
  copy(value: unknown): unknown;
  /** A future on the task known by this key, for whoever holds `future`. */
  claim(future: Future, key: Key): Future;
  /** Tasks that the user gave a name, and that others may therefore know. */
  readonly names: ReadonlyMap<ClientTaskId, unknown>;
  /** Tasks that the scheduler keeps until we say that we do not want them any more. */
  readonly held: ReadonlySet<ClientTaskId>;
  /** The scheduler keeps the task for this future: when the user lets go of the future, the claim is to be released. */
  hold(future: Future): void;
  /** It does not any more: the value that came is all there is. */
  unhold(future: Future): void;
  /** The only copy of a value has come here. */
  tookOver(future: Future, value: unknown): void;
  /** The same for one that has its value already, and that is not kept track of. */
  cameAgain(id: ClientTaskId, value: unknown): void;
  warn(text: string): void;
}

export class Ledger {
  /** Futures that news is expected of. What is not here has ended, and lives as long as the user holds it. */
  readonly #open = new PagedTable<Future>();
  /** Futures on large values that are elsewhere, and on failed tasks: there may be news, but it must not keep them alive. */
  readonly #stored = new Map<ClientTaskId, WeakRef<Future>>();
  readonly #shell: LedgerShell;

  constructor(shell: LedgerShell) {
    this.#shell = shell;
  }

  /** Futures that have not ended. */
  get size(): number {
    return this.#open.size;
  }

  expect(id: ClientTaskId, future: Future): void {
    this.#open.set(id, future);
  }

  /** There may be news of a value in the cluster, but it must not keep the future alive. */
  keepTrack(future: Future): void {
    this.#stored.set(futureAccess.id(future), new WeakRef(future));
  }

  /** Forgets a future; true if it was known. */
  forget(id: ClientTaskId): boolean {
    const wasOpen = this.#open.delete(id);
    return (this.#stored.size > 0 && this.#stored.delete(id)) || wasOpen;
  }

  find(id: ClientTaskId): Future | undefined {
    return this.#open.get(id) ?? this.#stored.get(id)?.deref();
  }

  /** All of which there may be news. */
  *futures(): Iterable<Future> {
    yield* this.#open.values();
    for (const reference of this.#stored.values()) {
      const future = reference.deref();
      if (future !== undefined) yield future;
    }
  }

  hear(message: Exclude<SchedulerToClientMessage, Answer>): void {
    switch (message.type) {
      case "keys-in-memory": {
        const { ranges, values, shared } = message;
        const { names, held } = this.#shell;
        let nextShared = 0;
        let at = 0;
        for (let r = 0; r < ranges.length; r += 2) {
          const first = ranges[r] as ClientTaskId;
          for (let id = first, end = first + (ranges[r + 1] as number); id < end; id++) {
            const isShared = nextShared < shared.length && shared[nextShared] === at;
            if (isShared) nextShared += 1;
            const value = values[at++];
            const future = this.#open.take(id);
            if (future === undefined) continue;
            if (this.#stored.size > 0) this.#stored.delete(id);
            // Before anybody is told: they may let go of it at once.
            if (names.size > 0 && names.has(id)) this.#shell.hold(future);
            else if (held.size > 0) this.#shell.unhold(future);
            futureAccess.change(future, "finished", isShared ? this.#shell.copy(value) : value);
          }
        }
        return;
      }
      case "key-stored":
        return this.#store(message.id, message.nbytes, message.valueType);
      case "value-fetched": {
        const future = this.find(message.id);
        if (future === undefined) {
          if (message.moved) this.#shell.cameAgain(message.id, message.value);
          return;
        }
        futureAccess.extras(future).nbytes = message.nbytes;
        this.#shell.hold(future);
        if (message.moved) this.#shell.tookOver(future, message.value);
        const value = message.shared ? this.#shell.copy(message.value) : message.value;
        if (hasPackedFutures(value)) this.#unpack(future, value);
        else this.#end(future, "finished", value);
        return;
      }
      case "task-erred": {
        const future = this.find(message.id);
        if (future === undefined) return;
        // It runs again when something that failed because of it is retried: then there is news of it.
        this.#open.delete(message.id);
        this.keepTrack(future);
        this.#shell.hold(future);
        futureAccess.change(future, "error", new RemoteError(message.error));
        return;
      }
      case "tasks-started":
        for (const id of message.ids) this.#revise(id, "running");
        return;
      case "tasks-pending":
        for (const id of message.ids) this.#revise(id, "pending");
        return;
      case "cancelled-keys":
        for (const id of message.ids) this.cancel(id, message.reason);
        return;
      case "task-progress": {
        const future = this.find(message.id);
        if (future === undefined) return;
        const { fraction, note } = message;
        for (const listener of futureAccess.extras(future).progress) listener({ fraction, note });
        return;
      }
      case "warning":
        return this.#shell.warn(message.text);
      default:
        message satisfies never;
    }
  }

  cancel(id: ClientTaskId, reason: string): void {
    const future = this.find(id);
    if (future === undefined) return;
    const { key } = future;
    this.#end(future, "cancelled", new CancelledError(`${key} was cancelled: ${reason}`, { key, reason }));
  }

  /** The conversation is over: nothing will be heard of anything. */
  end(state: "cancelled" | "lost", makeError: (future: Future) => Error): void {
    const futures = [...this.futures()].filter((future) => !hasFailed(futureAccess.state(future)));
    this.#open.clear();
    this.#stored.clear();
    for (const future of futures) futureAccess.change(future, state, makeError(future));
  }

  /** Puts futures in their places. */
  async #unpack(future: Future, packed: PackedFutures): Promise<void> {
    this.#open.set(futureAccess.id(future), future);
    const isOver = () => future.done() && futureAccess.state(future) !== "stored";
    const claimed: Future[] = [];
    const claim = (key: string) => {
      const inner = this.#shell.claim(future, key);
      claimed.push(inner);
      return inner;
    };
    try {
      const { forLater, unpackFutures } = await loadUnpacking();
      if (isOver()) return;
      const stored = forLater(future, packed);
      if (stored !== undefined) return this.#store(...stored);
      const value = await unpackFutures(packed, claim, reviverOf(futureAccess.owner(future)));
      if (!isOver()) {
        this.#end(future, "finished", value);
        const keepsItself = (value as { readonly [KEEPS_ITSELF]?: unknown } | null | undefined)?.[KEEPS_ITSELF];
        if (keepsItself && !this.#shell.names.has(futureAccess.id(future))) futureAccess.owner(future).release(future);
        return;
      }
    } catch (error) {
      // The code for it could not be loaded, or something in it cannot be used here.
      if (!isOver()) this.#end(future, "error", error);
    }
    // It came twice, was let go of meanwhile, or cannot be used: nobody will see these.
    for (const inner of claimed) inner.release();
  }

  #end(future: Future, state: "finished" | "error" | "cancelled", outcome: unknown): void {
    this.forget(futureAccess.id(future));
    futureAccess.change(future, state, outcome);
  }

  #store(id: ClientTaskId, nbytes: number, valueType: string): void {
    const future = this.find(id);
    if (future === undefined) return;
    const extras = futureAccess.extras(future);
    extras.nbytes = nbytes;
    extras.valueType = valueType;
    futureAccess.change(future, "stored");
    if (futureAccess.isWatched(future) || this.find(id) === undefined) return;
    this.#open.delete(id);
    this.#stored.set(id, new WeakRef(future));
    this.#shell.hold(future);
  }

  #revise(id: ClientTaskId, state: "running" | "pending"): void {
    const future = this.find(id);
    if (future === undefined) return;
    this.#stored.delete(id);
    this.#open.set(id, future);
    futureAccess.change(future, state);
  }
}

/** Ends what lives on though the future has been handed over: an actor. */
export function endWhatItHolds(future: Future, reason: string): void {
  if (futureAccess.state(future) !== "finished") return;
  (futureAccess.value(future) as { readonly [KEEPS_ITSELF]?: (reason: string) => void } | null)?.[KEEPS_ITSELF]?.(
    reason,
  );
}

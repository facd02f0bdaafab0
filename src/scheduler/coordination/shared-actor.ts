/** An actor as the scheduler knows it: where it is, who wants to know that, and what it is made anew from. */

import type { ActorAct, ActorNumber, ActorOptions, ActorPlace, Hosting } from "../../protocol/actors.ts";
import type { SharedAct, SharedTarget } from "../../protocol/coordination.ts";
import type { TaskId } from "../../protocol/identity.ts";
import { refuse } from "../answers.ts";
import type { KeptValue } from "../kept-value.ts";
import type { ClientRecord } from "../records.ts";
import type { WorkerRecord } from "../worker-record.ts";
import { type Ask, describe, type Shared } from "./shared.ts";

/** How long it may take until the death of a worker is known to all. Milliseconds. */
const PATIENCE_MS = 250;

/** What it is made anew from, and has kept for that. */
export interface Recipe {
  /** Has the task run again; `failed` is told if that comes to nothing. */
  remake(key: string, failed: (message: string) => void): Remaking;
  drop(): void;
}

/** A task that makes an actor anew. */
export interface Remaking {
  /** Whether it may still come to something. */
  readonly isOpen: boolean;
  callOff(): void;
}

/** What it needs of whoever knows all actors. */
export interface ActorShell {
  newNumber(): ActorNumber;
  /** What is said of it, and how to make it again: of the task that makes it. */
  optionsOf(task: TaskId): ActorOptions;
  recipeOf(task: TaskId): Recipe | undefined;
  /** Sees to it that there is a direct link. */
  link(client: ClientRecord, worker: WorkerRecord, anew: boolean): void;
  drop(kept: KeptValue): void;
  later(afterMs: number, act: () => void): void;
  /** Has the worker forget it. */
  dismiss(worker: WorkerRecord, actor: ActorNumber, reason: string): void;
  /** Has the worker finish what it has begun with it, and send the last checkpoint. */
  moveOff(worker: WorkerRecord, actor: ActorNumber, done: (hasMoved: boolean) => void): void;
  /** `task` has made it. */
  enter(actor: SharedActor, worker: WorkerRecord, task: TaskId): void;
  leave(actor: SharedActor, worker: WorkerRecord): void;
}

/** Where one worker hosts it; `isReady` once it can be called. */
interface Place {
  readonly worker: WorkerRecord;
  readonly actor: ActorNumber;
  isReady: boolean;
  isMoving: boolean;
}

export class SharedActor implements Shared {
  readonly target: SharedTarget;
  readonly #shell: ActorShell;
  /** Those who want to know where it is, and which one they know of. */
  readonly #line = new Map<Ask, ActorNumber | undefined>();
  /** Those among them that say that its worker cannot be reached: asked to wait, and those that have. */
  readonly #asked = new WeakSet<Ask>();
  readonly #due = new WeakSet<Ask>();
  #place: Place | undefined;
  /** Why there is none, and will not be. */
  #lost: string | undefined;
  #options: ActorOptions = {};
  #hasCheckpoints = false;
  #recipe: Recipe | undefined;
  #state: KeptValue | undefined;
  #remaking: Remaking | undefined;
  #times = 1;

  constructor(target: SharedTarget, shell: ActorShell) {
    this.target = target;
    this.#shell = shell;
  }

  /** Whether it can go on in another worker, as it is. */
  get canMove(): boolean {
    return this.#hasCheckpoints && this.#recipe !== undefined;
  }

  hear(ask: Ask, act: SharedAct): void {
    switch (act.type) {
      case "host-actor":
        return this.#host(ask, act);
      case "actor-ready":
        if (this.#place?.actor === act.actor) this.#place.isReady = true;
        ask.answer();
        return this.wake();
      case "checkpoint-actor":
        return this.#keep(ask, act);
      case "locate-actor":
        this.#line.set(ask, act.not);
        return this.wake();
      case "end-actor":
        ask.answer();
        return this.end(act.reason);
      default:
        return ask.refuseAct(this.target, act);
    }
  }

  leave(ask: Ask): void {
    this.#line.delete(ask);
  }

  abandon(): void {}

  wake(): void {
    if (this.#line.size === 0) return;
    const { name } = this.target;
    if (this.#place?.isReady && !this.#place.isMoving) {
      for (const [ask, not] of this.#line) this.#tell(ask, not, this.#place);
      return;
    }
    if (this.#place === undefined && !this.#remaking?.isOpen) {
      const why = this.#lost ?? "it has ended, for nobody had a handle on it any more";
      for (const ask of this.#line.keys()) {
        ask.reject(refuse(`${describe(this.target)} is lost: ${why}`, "ActorLostError", { key: name }));
      }
    } else return;
    this.#line.clear();
  }

  /** Says where it is. Who cannot reach it there will soon learn that its worker is gone, or else needs another link. */
  #tell(ask: Ask, not: ActorNumber | undefined, { worker, actor }: Place): void {
    if (not === actor && !this.#due.has(ask)) {
      if (this.#asked.has(ask)) return;
      this.#asked.add(ask);
      return this.#shell.later(PATIENCE_MS, () => {
        this.#due.add(ask);
        this.wake();
      });
    }
    this.#line.delete(ask);
    this.#shell.link(ask.client, worker, not === actor);
    ask.answer({ worker: worker.address, actor } satisfies ActorPlace);
  }

  /** Nobody has a handle on it any more. */
  drop(): void {
    this.end("its last handle is gone");
  }

  end(reason: string): void {
    this.#leavePlace(reason);
    this.#remaking?.callOff();
    this.#recipe?.drop();
    this.#recipe = undefined;
    if (this.#state !== undefined) this.#shell.drop(this.#state);
    this.#state = undefined;
    this.#lost ??= reason;
    this.wake();
  }

  get isIdle(): boolean {
    return this.#place === undefined && !this.#remaking?.isOpen && this.#line.size === 0;
  }

  /** Its worker is gone. */
  loseWorker(worker: WorkerRecord, reason: string): void {
    const place = this.#place;
    if (place?.worker !== worker) return;
    this.#shell.leave(this, worker);
    this.#place = undefined;
    // The task that was about to make it anew was lost with it, and runs again.
    if (this.#remaking?.isOpen) return;
    const isSaved = place.isMoving && this.#state !== undefined;
    if (this.#recipe !== undefined && (this.#options.onLoss === "restart" || isSaved)) this.#remake();
    else this.end(`its worker ${worker.address} is gone: ${reason}`);
  }

  /** Its worker is to leave. */
  moveAway(): void {
    const place = this.#place;
    if (place === undefined || place.isMoving || !this.canMove) return;
    place.isMoving = true;
    this.#shell.moveOff(place.worker, place.actor, (hasMoved) => {
      if (this.#place !== place) return;
      if (!hasMoved) {
        // It could not be saved: it stays, and so does its worker, if that is still there.
        this.#hasCheckpoints = false;
        place.isMoving = false;
        return this.wake();
      }
      this.#shell.leave(this, place.worker);
      this.#place = undefined;
      this.#remake();
    });
  }

  #host(ask: Ask, { hasCheckpoints }: ActorAct & { readonly type: "host-actor" }): void {
    const { worker } = ask.client;
    if (worker === undefined || ask.task === undefined)
      return ask.refuseAct(this.target, { type: "host-actor", hasCheckpoints });
    this.#leavePlace("it was made anew");
    if (this.#recipe === undefined) this.#options = this.#shell.optionsOf(ask.task);
    this.#hasCheckpoints = hasCheckpoints;
    if (hasCheckpoints || this.#options.onLoss === "restart") this.#recipe ??= this.#shell.recipeOf(ask.task);
    this.#lost = undefined;
    const actor = this.#shell.newNumber();
    this.#place = { worker, actor, isReady: this.#state === undefined, isMoving: false };
    this.#shell.enter(this, worker, ask.task);
    const options = this.#options;
    if (this.#state === undefined) ask.answer({ actor, options } satisfies Hosting);
    else ask.handOut([this.#state], true, ([state]) => ({ actor, options, state }) satisfies Hosting);
    this.wake();
  }

  #keep(ask: Ask, { actor, state }: ActorAct & { readonly type: "checkpoint-actor" }): void {
    if (this.#place?.actor !== actor) return ask.answer();
    const kept = ask.keep(state, this.target);
    if (kept === undefined) return;
    if (this.#state !== undefined) this.#shell.drop(this.#state);
    this.#state = kept;
    ask.answer();
  }

  #leavePlace(reason: string): void {
    if (this.#place === undefined) return;
    const { worker, actor } = this.#place;
    this.#shell.leave(this, worker);
    this.#place = undefined;
    this.#shell.dismiss(worker, actor, reason);
  }

  #remake(): void {
    this.#times += 1;
    const key = `${this.target.name} (again ${this.#times})`;
    this.#remaking = this.#recipe?.remake(key, (message) => {
      if (!this.#place?.isReady) this.end(`it could not be made anew: ${message}`);
    });
  }
}

/**
 * A client's end of a conversation that outlives schedulers.
 *
 * It stands between a session and whatever scheduler there is at the time. It hears all that is said, and remembers what is still wanted;
 * when a scheduler is lost and another found, it tells that what it has to know. Tasks keep their numbers, so futures stay what
 * they are and keys the same; the session hears that they are pending again.
 *
 * What becomes of questions that were open: those that only look are asked again, and so are those that were not sent. All others are
 * answered with a {@link CommClosedError}, for nobody knows whether what they wanted has been done, and what clients share (queues,
 * locks and their like, datasets) has gone with the scheduler. Streams end so, too: their items cannot be told apart a second time.
 */

import type { Comm } from "../ports/comm.ts";
import type { ClientMessage, ClientRequest, News, SchedulerToClientMessage } from "../protocol/client-messages.ts";
import { CommClosedError } from "../protocol/errors.ts";
import type { ClientTaskId } from "../protocol/identity.ts";
import { futureAccess } from "./future.ts";
import { isStream, type Kept, type Loss, Recollection } from "./recollection.ts";
import { isLooking, refusalOf, releasesOf, retell } from "./retelling.ts";
import type { ClientComm, Session } from "./session.ts";

export interface RecallOptions {
  /** Calls `act` after so long, unless what it returns is called before. */
  readonly after: (ms: number, act: () => void) => () => void;
  /** Bytes of scattered values that are remembered; what is scattered beyond that is lost with its scheduler. 256 MB unless said. */
  readonly mostBytes?: number;
  /** How long another client's task is looked for before a claim on it is given up. Milliseconds; 10 000 unless said. */
  readonly claimForMs?: number;
}

/** Before a claim is made again that was refused. Milliseconds. */
const CLAIM_AGAIN_MS = 250;

interface Asked {
  readonly message: ClientRequest;
  /** By which scheduler it was heard; 0 for none. */
  readonly by: number;
}

export class Recall implements Comm<readonly ClientMessage[], News> {
  readonly closed: Promise<string>;
  readonly #options: Required<RecallOptions>;
  readonly #recollection: Recollection;
  readonly #requests = new Map<number, Asked>();
  readonly #alarms = new Set<() => void>();
  #session: Session | undefined;
  #comm: ClientComm | undefined;
  #hear: (news: News) => void = () => {};
  #close: (reason: string) => void = () => {};
  #isClosed = false;
  /** Which scheduler this is, counted from 1. */
  #scheduler = 0;
  /** Batches of news of all schedulers before this one, and of this one. */
  #batchesBefore = 0;
  #batches = 0;
  #granted: ClientTaskId = 0;
  /** Claims that are looked for since the present scheduler was found, and not longer than that. */
  #mayClaim = false;

  constructor(options: RecallOptions) {
    this.#options = { mostBytes: 256 * 2 ** 20, claimForMs: 10_000, ...options };
    this.#recollection = new Recollection(this.#options.mostBytes);
    this.closed = new Promise((resolve) => {
      this.#close = resolve;
    });
  }

  /** The last number that schedulers made up for claims of this client: the next is told, lest it give one twice. */
  get granted(): number {
    return this.#granted;
  }

  /** What is remembered: tasks, data and claims. */
  get size(): number {
    return this.#recollection.size;
  }

  get isConnected(): boolean {
    return this.#comm !== undefined;
  }

  /** Whose conversation it is. Before the first {@link attach}. */
  speakFor(session: Session): void {
    this.#session = session;
  }

  /** A scheduler has been found, who knows nothing of this client. When `comm` closes, it waits for another. */
  attach(comm: ClientComm): void {
    if (this.#isClosed) return comm.close("the client was closed");
    this.#detach("another scheduler was found");
    this.#scheduler += 1;
    this.#batchesBefore += this.#batches;
    this.#batches = 0;
    this.#recollection.introduced.clear();
    this.#comm = comm;
    comm.listen((news) => {
      if (this.#comm === comm) this.#receive(news);
    });
    comm.closed.then((reason) => {
      if (this.#comm === comm) this.#detach(reason);
    });
    this.#mayClaim = this.#scheduler > 1;
    if (this.#mayClaim) {
      this.#later(this.#options.claimForMs, () => {
        this.#mayClaim = false;
      });
    }
    this.#tellAll(comm);
  }

  /** No other scheduler will be found. */
  end(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const drop of this.#alarms) drop();
    this.#comm?.close(reason);
    this.#comm = undefined;
    this.#close(reason);
  }

  // What the session sees.

  send(messages: readonly ClientMessage[]): void {
    if (this.#isClosed) return;
    const out: ClientMessage[] = [];
    for (const message of messages) this.#note(message, out);
    if (out.length > 0) this.#comm?.send(out);
  }

  listen(hear: (news: News) => void): void {
    this.#hear = hear;
  }

  close(reason: string): void {
    this.end(reason);
  }

  // What is remembered of it.

  /** Remembers a message, and puts what the present scheduler is to hear into `out`. */
  #note(message: ClientMessage, out: ClientMessage[]): void {
    const recollection = this.#recollection;
    const scheduler = this.#comm === undefined ? 0 : this.#scheduler;
    switch (message.type) {
      case "update-graph": {
        const used = recollection.submit(message, scheduler);
        if (scheduler === 0) return;
        const inputs: ClientTaskId[] = [];
        for (let id = message.first; id < message.first + message.count; id++) {
          for (const input of recollection.get(id)?.inputs ?? []) inputs.push(input);
        }
        const after: ClientMessage[] = [];
        this.#remind(inputs, out, after);
        const functions = recollection.unknown(used, message.functions);
        out.push(functions === message.functions ? message : { ...message, functions }, ...after);
        return;
      }
      case "scatter":
        recollection.scatter(message, scheduler);
        break;
      case "client-desires-key":
        recollection.claim(message.id, message.key, scheduler);
        break;
      case "carry-keys": {
        recollection.carry(message.id, message.tasks);
        const after: ClientMessage[] = [];
        this.#remind(message.tasks, out, after);
        if (scheduler > 0) out.push(message, ...after);
        return;
      }
      case "gather":
        forEachIn(message.ranges, (id) => {
          const kept = recollection.get(id);
          if (kept !== undefined) kept.isAwaited = true;
          this.#remind([id], out);
        });
        break;
      case "client-releases-keys":
        for (const id of message.ids) recollection.release(id);
        break;
      case "cancel-keys":
        for (const id of message.ids) recollection.cancel(id, message.reason);
        break;
      case "client-lost-value":
      case "retry-keys": {
        for (const id of message.ids) {
          const kept = recollection.get(id);
          if (kept !== undefined) kept.standing = "pending";
        }
        const known = message.ids.filter((id) => !this.#isUntold(id));
        this.#remind(message.ids, out);
        if (scheduler > 0 && known.length > 0) out.push({ ...message, ids: known });
        return;
      }
      case "fire-and-forget":
        for (const id of message.ids) {
          const kept = recollection.get(id);
          if (kept !== undefined && kept.standing === "pending") kept.isForgotten = true;
        }
        break;
      case "request":
        this.#requests.set(message.number, { message, by: scheduler });
        break;
      case "withdraw-request": {
        const asked = this.#requests.get(message.number);
        // Others are answered all the same, and their answer is to be had even if it is that the scheduler is gone.
        if (asked && (asked.by === 0 || isLooking(asked.message.request))) this.#requests.delete(message.number);
        break;
      }
      case "news-received": {
        const batch = message.batch - this.#batchesBefore;
        if (scheduler > 0 && batch > 0) out.push({ ...message, batch });
        return;
      }
      default:
        message satisfies never;
    }
    if (scheduler > 0) out.push(message);
  }

  #isUntold(id: ClientTaskId): boolean {
    const kept = this.#recollection.get(id);
    return kept !== undefined && kept.toldTo !== this.#scheduler;
  }

  // What comes.

  #receive({ batch, messages }: News): void {
    this.#batches = Math.max(this.#batches, batch);
    const passed = messages.filter((message) => this.#hearOf(message));
    if (passed.length > 0) this.#hear({ batch: this.#batchesBefore + batch, messages: passed });
  }

  /** Whether the session is to hear it. */
  #hearOf(message: SchedulerToClientMessage): boolean {
    const recollection = this.#recollection;
    switch (message.type) {
      case "keys-in-memory": {
        const { values, shared } = message;
        const isShared = new Set(shared);
        let at = 0;
        forEachIn(message.ranges, (id) => {
          recollection.receive(id, values[at], isShared.has(at));
          at += 1;
        });
        return true;
      }
      case "key-stored":
        this.#stand(message.id, "stored");
        recollection.settle(message.id);
        return true;
      case "value-fetched":
        this.#stand(message.id, "here", false);
        recollection.settle(message.id);
        return true;
      case "task-erred":
        this.#stand(message.id, "failed", false);
        recollection.settle(message.id);
        return true;
      case "tasks-pending":
        for (const id of message.ids) this.#stand(id, "pending");
        return true;
      case "cancelled-keys": {
        const refused = message.ids.filter((id) => this.#mayClaim && recollection.get(id)?.source.kind === "claim");
        for (const id of message.ids) if (!refused.includes(id)) recollection.cancel(id, message.reason);
        for (const id of refused) this.#later(CLAIM_AGAIN_MS, () => this.#claimAgain(id));
        if (refused.length === 0) return true;
        const others = message.ids.filter((id) => !refused.includes(id));
        if (others.length > 0) this.#say({ ...message, ids: others });
        return false;
      }
      case "answer": {
        this.#requests.delete(message.number);
        if ("error" in message.outcome) return true;
        for (const { id, key } of message.outcome.grants ?? []) {
          this.#granted = Math.min(this.#granted, id);
          recollection.claim(id, key, this.#scheduler);
        }
        return true;
      }
      default:
        return true;
    }
  }

  #stand(id: ClientTaskId, standing: Kept["standing"], isAwaited?: false): void {
    const kept = this.#recollection.get(id);
    if (kept === undefined) return;
    kept.standing = standing;
    if (isAwaited === false) kept.isAwaited = false;
  }

  /** Tells the session something that no scheduler has said. */
  #say(...messages: readonly SchedulerToClientMessage[]): void {
    if (messages.length > 0) this.#hear({ batch: this.#batchesBefore + this.#batches, messages });
  }

  // From one scheduler to the next.

  #detach(reason: string): void {
    const comm = this.#comm;
    if (comm === undefined) return;
    this.#comm = undefined;
    comm.close(reason);
    for (const [number, { message, by }] of this.#requests) {
      if (by === 0 || isLooking(message.request)) continue;
      this.#requests.delete(number);
      this.#say({ type: "answer", number, outcome: refusalOf(message.request, reason) });
    }
    const streams = [...this.#recollection.all()].filter((kept) => isStream(kept) && kept.standing === "pending");
    for (const kept of streams)
      this.#lose(kept, {
        why: `its scheduler was lost (${reason}), and a stream cannot be resumed`,
        isCancelled: false,
      });
  }

  /** Tells the scheduler all that it has to know. */
  #tellAll(comm: ClientComm): void {
    const out: ClientMessage[] = [];
    const wanted: ClientTaskId[] = [];
    const pending: ClientTaskId[] = [];
    const disowned: ClientTaskId[] = [];
    for (const kept of this.#recollection.all()) {
      const { id, standing, isWanted, isForgotten, source } = kept;
      const isDue = standing === "pending" || standing === "stored";
      if ((isWanted || isForgotten) && isDue) wanted.push(id);
      if (isWanted && standing === "stored" && source.kind === "task") pending.push(id);
      if (isWanted && standing === "here") disowned.push(id);
    }
    if (this.#scheduler > 1) {
      // What is here has to be given again before it is used: the session knows how.
      if (disowned.length > 0) this.#say({ type: "cancelled-keys", ids: disowned, reason: "its scheduler was lost" });
      for (const id of pending) this.#stand(id, "pending");
      if (pending.length > 0) this.#say({ type: "tasks-pending", ids: pending });
    }
    this.#remind(wanted, out);
    for (const [number, { message }] of this.#requests) {
      this.#requests.set(number, { message, by: this.#scheduler });
      out.push(message);
    }
    if (out.length > 0) comm.send(out);
  }

  /**
   * Puts into `out` what the scheduler has to hear so that it knows of these tasks, and into `after` what it is to hear once it has heard who needs
   * them: that nobody else does.
   */
  #remind(ids: readonly ClientTaskId[], out: ClientMessage[], after = out): void {
    if (this.#comm === undefined || !ids.some((id) => this.#isUntold(id))) return;
    const { found, lost } = this.#recollection.missing(ids, this.#scheduler);
    // What is only needed by others is released at once, and may be forgotten there before it is here.
    for (const kept of found) kept.toldTo = kept.isWanted ? this.#scheduler : 0;
    out.push(...retell(found, (used) => this.#recollection.unknown(used, [])));
    after.push(...releasesOf(found));
    for (const [kept, loss] of lost) if (kept.isWanted) this.#lose(kept, loss);
  }

  #claimAgain(id: ClientTaskId): void {
    const kept = this.#recollection.get(id);
    if (kept?.source.kind !== "claim" || this.#comm === undefined) return;
    kept.toldTo = 0;
    const out: ClientMessage[] = [];
    this.#remind([id], out);
    if (out.length > 0) this.#comm.send(out);
  }

  /** It cannot be had any more. */
  #lose({ id }: Kept, { why, isCancelled }: Loss): void {
    this.#recollection.cancel(id, why, isCancelled);
    if (isCancelled) return this.#say({ type: "cancelled-keys", ids: [id], reason: why });
    const ledger = this.#session?.parts.ledger;
    const future = ledger?.find(id);
    if (ledger === undefined || future === undefined) return;
    ledger.forget(id);
    futureAccess.change(future, "lost", new CommClosedError(`${future.key} is lost: ${why}`));
  }

  #later(ms: number, act: () => void): void {
    const scheduler = this.#scheduler;
    const drop = this.#options.after(ms, () => {
      this.#alarms.delete(drop);
      if (scheduler === this.#scheduler && !this.#isClosed) act();
    });
    this.#alarms.add(drop);
  }
}

function forEachIn(ranges: readonly number[], visit: (id: ClientTaskId) => void): void {
  for (let i = 0; i < ranges.length; i += 2) {
    const first = ranges[i] as ClientTaskId;
    for (let id = first; id < first + (ranges[i + 1] as number); id++) visit(id);
  }
}

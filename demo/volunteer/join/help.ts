/** Help: this page's threads in somebody's room, from the click that begins it to the one that ends it. */
import { type Host, type HostStats, join } from "manyhands/peer";
import { Changes } from "../shared/changes.ts";
import { readIce } from "../shared/ice.ts";
import { addressOf, type Invitation } from "../shared/invitation.ts";
import { Retrying } from "../shared/retrying.ts";
import { readStanding, type Standing } from "../shared/standing.ts";
import { explain, NO_WEBRTC, type Trouble } from "../shared/words.ts";
import { type Done, NOTHING_DONE, recallDone, rememberDone, type Settings } from "./settings.ts";
import { type Strain, watchSurroundings } from "./surroundings.ts";

/** `waiting`: it could not join, and tries again; `over`: it was stopped, or cannot go on. */
export type Phase = "idle" | "joining" | "helping" | "waiting" | "leaving" | "over";

const LOOK_MS = 1000;
/** How often what was done is written down. */
const LOOKS_A_NOTE = 5;

export class Help extends Changes {
  phase: Phase = "idle";
  trouble: Trouble | undefined;
  stats: HostStats | undefined;
  standing: Standing | undefined;
  strains: ReadonlySet<Strain> = new Set();
  isPausedByUser = false;
  readonly retrying = new Retrying(() => this.changed());
  readonly #invitation: Invitation;
  #settings: Settings | undefined;
  #host: Host | undefined;
  /** What was done on earlier visits, and by hosts of this one that are over. */
  #before: Done = NOTHING_DONE;
  #looks = 0;
  /** Whoever has the page has left it, which may come back. */
  #isGone = false;
  #timer: ReturnType<typeof setInterval> | undefined;
  #givingUp = new AbortController();

  constructor(invitation: Invitation) {
    super();
    this.#invitation = invitation;
    void recallDone().then((done) => {
      this.#before = add(done, this.#before);
      this.changed();
    });
    void watchSurroundings((strains) => {
      this.strains = strains;
      this.#obey();
    });
    addEventListener("online", () => this.retrying.now());
    // The library says goodbye when the page goes; the browser may keep it, and bring it back.
    addEventListener("pagehide", () => {
      this.#isGone = true;
      this.retrying.stop();
      this.#note();
    });
    addEventListener("pageshow", () => {
      if (!this.#isGone) return;
      this.#isGone = false;
      if (this.isAtWork) void this.#join();
    });
  }

  /** Whether it was begun, and neither stopped nor ended for good. */
  get isAtWork(): boolean {
    return this.phase === "joining" || this.phase === "helping" || this.phase === "waiting";
  }

  /** What it is called in the room. */
  get id(): string | undefined {
    return this.#host?.id;
  }

  /** Over all visits. */
  get done(): Done {
    return add(this.#before, ofHost(this.stats));
  }

  /** Why nothing is done at the moment; undefined if something is. */
  get pause(): Strain | "you" | undefined {
    if (this.isPausedByUser) return "you";
    return this.#settings?.isSparing === true ? [...this.strains][0] : undefined;
  }

  /** Begins. */
  start(settings: Settings): void {
    if (this.isAtWork) return;
    this.#settings = settings;
    this.isPausedByUser = false;
    this.trouble = undefined;
    if (!canJoin(this.#invitation)) return this.#turn("over", NO_WEBRTC);
    void this.#join();
  }

  setPaused(isPaused: boolean): void {
    this.isPausedByUser = isPaused;
    this.#obey();
  }

  /** Finishes what has begun, and leaves; the second time at once. */
  async stop(): Promise<void> {
    this.retrying.stop();
    this.#givingUp.abort(new Error("stopped"));
    const host = this.#host;
    if (host !== undefined && this.phase !== "leaving") {
      this.#turn("leaving");
      await host.leave();
    }
    await host?.close();
    this.#letGo();
    this.#turn("over");
  }

  async #join(): Promise<void> {
    const settings = this.#settings;
    if (settings === undefined) return;
    this.#letGo();
    this.retrying.stop();
    const givingUp = new AbortController();
    this.#givingUp = givingUp;
    this.#turn("joining", this.trouble); // What was wrong stays there to be read until it is mended.
    const { name, colour, volunteer, cores, cpuShare } = settings;
    try {
      const host = await join(addressOf(this.#invitation), {
        token: this.#invitation.token,
        iceServers: readIce(this.#invitation.ice) ?? [],
        name: name.trim() || "somebody",
        nWorkers: cores,
        cpuShare,
        about: { volunteer, colour, cpuShare },
        sandbox: true,
        onAnnouncement: (value) => {
          this.standing = readStanding(value) ?? this.standing;
          this.changed();
        },
        signal: givingUp.signal,
      });
      if (givingUp.signal.aborted) return await host.close();
      this.#begin(host);
    } catch (error) {
      if (!givingUp.signal.aborted && !this.#isGone) this.#fail(explain(error));
    }
  }

  #begin(host: Host): void {
    this.#host = host;
    this.retrying.succeeded();
    this.#turn("helping");
    this.#obey();
    this.#look();
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    void host.closed.then((reason) => {
      if (this.#host === host && this.phase === "helping" && !this.#isGone) this.#fail(explain(new Error(reason)));
    });
  }

  #fail(trouble: Trouble): void {
    this.#letGo();
    this.#turn(trouble.isPassing ? "waiting" : "over", trouble);
    if (trouble.isPassing) this.retrying.again(() => void this.#join());
  }

  /** The host is not ours any more; what it has done is. */
  #letGo(): void {
    clearInterval(this.#timer);
    if (this.#host !== undefined) this.stats = this.#host.stats();
    this.#before = this.done;
    this.stats = undefined;
    this.#host = undefined;
    this.#note();
  }

  #look(): void {
    this.stats = this.#host?.stats();
    if (++this.#looks % LOOKS_A_NOTE === 0) this.#note();
    this.changed();
  }

  #note(): void {
    if (this.done.tasks > 0) void rememberDone(this.done);
  }

  /** Has the host do what is wanted of it. */
  #obey(): void {
    const host = this.#host;
    const isOpen = host !== undefined && host.stats().status !== "left";
    if (isOpen) void (this.pause === undefined ? host.resume() : host.pause());
    this.changed();
  }

  #turn(phase: Phase, trouble?: Trouble): void {
    this.phase = phase;
    this.trouble = trouble;
    this.changed();
  }
}

/** Those who find each other by themselves need WebRTC; a server is found by its address. */
export function canJoin({ isServed }: Invitation): boolean {
  return isServed || "RTCPeerConnection" in globalThis;
}

function ofHost(stats: HostStats | undefined): Done {
  return { tasks: stats?.tasksDone ?? 0, milliseconds: stats?.busyMs ?? 0 };
}

function add(a: Done, b: Done): Done {
  return { tasks: a.tasks + b.tasks, milliseconds: a.milliseconds + b.milliseconds };
}

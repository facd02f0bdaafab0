/** Door: by what name and secret others come into the room, and whether they can at the moment. */
import type { Listening, LocalCluster } from "manyhands/peer";
import { Changes } from "../shared/changes.ts";
import { readIce } from "../shared/ice.ts";
import { addressOf, isServer, linkTo, ownSignaling } from "../shared/invitation.ts";
import { anyRoom } from "../shared/names.ts";
import { NOTHING_KEPT } from "../shared/own-room.ts";
import { recall, remember } from "../shared/remembered.ts";
import { Retrying } from "../shared/retrying.ts";
import { explain, NO_WEBRTC, NOT_FOUND, type Trouble } from "../shared/words.ts";
import type { ServerRoom } from "./server-room.ts";

/** `asking`: somebody has to say where there is a signalling server. */
export type DoorState = "closed" | "opening" | "asking" | "open";

export class Door extends Changes {
  state: DoorState = "closed";
  trouble: Trouble | undefined;
  /** What is well again. */
  relief = "";
  listening: Listening | undefined;
  readonly retrying = new Retrying(() => this.changed());
  #kept = { ...NOTHING_KEPT };
  #own = "";
  #cluster: LocalCluster | undefined;
  /** Others come in there, and not here. */
  #server: ServerRoom | undefined;

  get isServed(): boolean {
    return this.#server !== undefined;
  }

  get signaling(): string {
    return this.#kept.signaling || this.#own;
  }

  get by(): string {
    return this.#kept.by;
  }

  get what(): string {
    return this.#kept.what;
  }

  /** So many helpers and no more; 0 is as many as come. */
  get most(): number {
    return this.#kept.most;
  }

  get room(): string {
    return this.#kept.room;
  }

  /** What is given away; undefined until the room is open. */
  get link(): string | undefined {
    const token = this.#server?.workerToken ?? this.listening?.tokens.worker;
    if (token === undefined) return undefined;
    const { room, by, what, ice } = this.#kept;
    return linkTo(location.href, { room, token, signaling: this.signaling, by, what, ice, isServed: this.isServed });
  }

  /** Has others find the cluster, by the name it had last time. */
  async open(cluster: LocalCluster): Promise<void> {
    this.#cluster = cluster;
    this.#turn("opening");
    if (!("RTCPeerConnection" in globalThis)) return this.#turn("closed", NO_WEBRTC);
    await this.#recall("");
    if (this.#kept.signaling === "" && (await hasSignaling(location.href))) this.#own = ownSignaling(location.href);
    if (this.signaling === "") this.#turn("asking");
    else await this.#listen(cluster);
  }

  /** Others come in at the server; the library finds it again by itself when it was gone. */
  async openAt(server: ServerRoom, served: string): Promise<void> {
    await this.#recall(served);
    this.#server = server;
    this.#turn("open");
  }

  /** The server has answered. */
  heard(): void {
    if (this.isServed && this.trouble !== undefined)
      this.#turn("open", undefined, "The server is back: others can come in again.");
  }

  /** The server has not. */
  missed(trouble: Trouble): void {
    this.#turn(this.state, trouble);
  }

  async #recall(served: string): Promise<void> {
    this.#kept = { ...(await recall("organiser", NOTHING_KEPT)), served };
    if (this.#kept.room === "") this.#kept.room = anyRoom();
    this.#keep({});
  }

  /** Lets nobody in any more. */
  async close(): Promise<void> {
    this.#cluster = undefined;
    this.#server = undefined;
    this.retrying.stop();
    await this.listening?.close();
    this.listening = undefined;
    this.#turn("closed");
  }

  get ice(): string {
    return this.#kept.ice;
  }

  /** The signalling server is there, or, with nothing said, wherever the page comes from; and these help to reach each other. */
  async meetAt(url: string, ice: string): Promise<void> {
    const said = url.trim();
    if (readIce(ice) === undefined) {
      this.trouble = {
        title: "That is no STUN or TURN server",
        advice: "They look like stun:example.org:3478, or turn:name:password@example.org:3478",
      };
      return this.changed();
    }
    if (said !== "" && !isServer(said)) {
      this.trouble = { title: "That is no address of a server", advice: "It looks like https://example.org/signal/" };
      return this.changed();
    }
    this.#keep({ signaling: said, ice: ice.trim() });
    if (said === "" && this.#own === "" && (await hasSignaling(location.href))) this.#own = ownSignaling(location.href);
    await this.#again();
  }

  /** Takes another name: links that were given away lead nowhere. */
  async rename(): Promise<void> {
    this.#keep({ room: anyRoom(), worker: "", client: "" });
    await this.#again();
  }

  /** Who asks for help, and what for: the first that those see who open the link. And how many are let in. */
  say(words: { readonly by?: string; readonly what?: string; readonly most?: number }): void {
    this.#keep(words);
    this.changed();
  }

  async #again(): Promise<void> {
    const cluster = this.#cluster;
    if (cluster === undefined) return;
    this.retrying.stop();
    await this.listening?.close();
    this.listening = undefined;
    if (this.signaling === "") this.#turn("asking");
    else await this.#listen(cluster);
  }

  async #listen(cluster: LocalCluster): Promise<void> {
    this.#turn("opening", this.trouble); // What was wrong stays there to be read until it is mended.
    const { room, worker, client } = this.#kept;
    const { signaling } = this;
    try {
      const listening = await cluster.listen(addressOf({ room, signaling, isServed: false }), {
        iceServers: readIce(this.#kept.ice) ?? [],
        onEvent: ({ type }) => {
          if (this.#cluster !== cluster || this.state !== "open") return;
          if (type === "unreachable") this.#turn("open", NOT_FOUND);
          if (type === "reachable")
            this.#turn("open", undefined, "The signalling server is back: others can come in again.");
        },
        ...(worker !== "" && { tokens: { worker, client } }),
      });
      if (this.#cluster !== cluster) return await listening.close();
      this.listening = listening;
      this.#keep(listening.tokens);
      this.retrying.succeeded();
      this.#turn("open");
    } catch (error) {
      if (this.#cluster !== cluster) return;
      const trouble = explain(error);
      this.#turn("closed", trouble);
      if (trouble.isPassing) this.retrying.again(() => void this.#listen(cluster));
    }
  }

  #keep(part: Partial<typeof NOTHING_KEPT>): void {
    this.#kept = { ...this.#kept, ...part };
    void remember("organiser", this.#kept);
  }

  #turn(state: DoorState, trouble?: Trouble, relief = ""): void {
    this.state = state;
    this.trouble = trouble;
    this.relief = relief;
    this.changed();
  }
}

/** Whether the server that pages come from brings browsers together, too. */
async function hasSignaling(page: string): Promise<boolean> {
  try {
    const answer = await fetch(ownSignaling(page));
    return answer.ok && ((await answer.json()) as { signaling?: unknown }).signaling === "manyhands";
  } catch {
    return false;
  }
}

/**
 * The room of the demo's scheduler, as the organiser's page asks for it over HTTP: who lends threads there, what they are to be told, and who
 * is to go. Clients elsewhere have no say in that; so it takes what follows from the token for clients, which itself is never sent, and one page
 * has it at a time.
 */

import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Listening } from "../runtime/listening.ts";

export interface RoomShell {
  readonly listening: Pick<Listening, "hosts" | "announce" | "dismiss" | "tokens">;
  /** Called when a page takes the room, for the first time. */
  readonly onFirst: () => void;
  /** Milliseconds. */
  readonly now: () => number;
}

/** A page that says nothing for so long has gone, and another may have the room. Hidden pages are slow. Milliseconds. */
const LEASE_MS = 90_000;
const MOST_BYTES = 2 ** 18;

/** What a page asks for; all of it is looked at first. */
interface Wish {
  /** What the page calls itself: others have to wait until it has gone. */
  readonly organiser: string;
  readonly announce?: unknown;
  /** Ids of hosts, and why they are to go. */
  readonly dismiss: readonly (readonly [host: string, why: string])[];
  /** It gives the room back, so that another need not wait. */
  readonly isLeaving: boolean;
}

export class DemoRoom {
  readonly #shell: RoomShell;
  /** Who has it, and until when without another word. */
  #holder: { readonly organiser: string; readonly untilMs: number } | undefined;
  #wasTaken = false;

  constructor(shell: RoomShell) {
    this.#shell = shell;
  }

  /** Answers with who is there, and the token for those who are invited. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const reply = (status: number, body: unknown) =>
      void response
        .writeHead(status, { "content-type": "application/json", "cache-control": "no-store" })
        .end(JSON.stringify(body));
    if (request.method !== "POST") return reply(405, { error: "only POST is answered" });
    const { client, worker } = this.#shell.listening.tokens;
    const given = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
    if (!isEqual(given, secretFrom(client))) return reply(401, { error: "the token is missing or wrong" });
    const text = await bodyOf(request);
    if (text === undefined) return reply(413, { error: `that is more than ${MOST_BYTES} bytes` });
    const wish = readWish(text);
    if (wish === undefined) return reply(400, { error: "that is no wish of an organiser" });
    if (!this.#take(wish)) return reply(409, { error: "somebody else has the room" });
    this.#grant(wish);
    reply(200, { hosts: this.#shell.listening.hosts, token: worker });
  }

  /** False if somebody else has it. */
  #take({ organiser, isLeaving }: Wish): boolean {
    const now = this.#shell.now();
    const holder = this.#holder;
    if (holder !== undefined && holder.organiser !== organiser && now < holder.untilMs) return false;
    this.#holder = isLeaving ? undefined : { organiser, untilMs: now + LEASE_MS };
    if (!isLeaving && !this.#wasTaken) {
      this.#wasTaken = true;
      this.#shell.onFirst();
    }
    return true;
  }

  #grant(wish: Wish): void {
    const { listening } = this.#shell;
    if ("announce" in wish) listening.announce(wish.announce);
    for (const [host, why] of wish.dismiss) listening.dismiss(host, why);
  }
}

function readWish(text: string): Wish | undefined {
  let said: Partial<Record<keyof Wish, unknown>>;
  try {
    said = Object(JSON.parse(text)) as typeof said;
  } catch {
    return undefined;
  }
  const { organiser, dismiss = [], isLeaving = false } = said;
  if (typeof organiser !== "string" || organiser === "" || typeof isLeaving !== "boolean") return undefined;
  if (!Array.isArray(dismiss) || !dismiss.every(isDismissal)) return undefined;
  return { organiser, dismiss, isLeaving, ...("announce" in said && { announce: said.announce }) };
}

function isDismissal(said: unknown): said is readonly [string, string] {
  return Array.isArray(said) && said.length === 2 && said.every((each) => typeof each === "string");
}

/** Undefined if it is too much. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes <= MOST_BYTES) parts.push(part); // The rest is heard out: else there is no answer.
  }
  return bytes > MOST_BYTES ? undefined : Buffer.concat(parts).toString();
}

/** What whoever knows the token for clients can say that he does, and nobody can find that token by. */
function secretFrom(token: string): string {
  return createHash("sha256").update(`the room of ${token}`).digest("hex");
}

/** Takes as long however much of it is right. */
function isEqual(a: string, b: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/** Invitation: what the link says that organisers give away. All of it is in the fragment, which no server is sent. */
import { readIce } from "./ice.ts";

export interface Invitation {
  readonly room: string;
  /** The URL of the signalling server. */
  readonly signaling: string;
  readonly token: string;
  /** Who asks, and what for; the organiser's own words. */
  readonly by: string;
  readonly what: string;
  /** Servers that help browsers to reach each other, as `ice.ts` reads them; none if it is empty. */
  readonly ice: string;
  /** The room is not in somebody's page, but at the scheduler of the server that the page comes from. */
  readonly isServed: boolean;
}

const MOST_TEXT = 200;
const MOST_ICE = 1000;

/** Where the pages' own server has its signalling, if it has one. */
export function ownSignaling(page: string): string {
  return new URL("signal/", page).href.replace(/[?#].*/, "");
}

/** Where the pages' own server has its scheduler, if it has one. */
export function ownScheduler(page: string): string {
  return new URL("scheduler/", page).href.replace(/^http/, "ws").replace(/[?#].*/, "");
}

/** The link to the page for helpers that stands beside `page`. */
export function linkTo(page: string, { room, signaling, token, by, what, ice, isServed }: Invitation): string {
  const url = new URL("join.html", page);
  const said = new URLSearchParams({ room });
  // Left out where the page finds it by itself, so that there is less to scan.
  if (isServed) said.set("at", "server");
  else if (signaling !== ownSignaling(page)) said.set("signaling", signaling);
  said.set("token", token);
  if (ice !== "" && !isServed) said.set("ice", ice);
  if (by !== "") said.set("for", by);
  if (what !== "") said.set("what", what);
  url.search = "";
  url.hash = said.toString();
  return url.href;
}

/** What the link of a page says; undefined if it is no invitation. */
export function readLink(page: string): Invitation | undefined {
  const said = new URLSearchParams(new URL(page).hash.slice(1));
  const text = (name: string) => (said.get(name) ?? "").trim().slice(0, MOST_TEXT);
  const room = text("room");
  const token = text("token");
  const signaling = said.get("signaling") ?? ownSignaling(page);
  const ice = (said.get("ice") ?? "").slice(0, MOST_ICE);
  if (room === "" || token === "" || !isServer(signaling) || readIce(ice) === undefined) return undefined;
  return { room, token, signaling, by: text("for"), what: text("what"), ice, isServed: text("at") === "server" };
}

/** Whether it is the URL of something that can be a signalling server. */
export function isServer(url: string): boolean {
  return URL.canParse(url) && /^(https?|wss?):$/.test(new URL(url).protocol);
}

/** As the library takes it. */
export function addressOf({ room, signaling, isServed }: Pick<Invitation, "room" | "signaling" | "isServed">): string {
  if (isServed) return ownScheduler(location.href);
  return `peer:${encodeURIComponent(room)}?signaling=${encodeURIComponent(signaling)}`;
}

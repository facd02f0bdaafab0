/** Invitation: what the link says that organisers give away. All of it is in the fragment, which no server is sent. */

export interface Invitation {
  readonly room: string;
  /** The URL of the signalling server. */
  readonly signaling: string;
  readonly token: string;
  /** Who asks, and what for; the organiser's own words. */
  readonly by: string;
  readonly what: string;
}

const MOST_TEXT = 200;

/** Where the pages' own server has its signalling, if it has one. */
export function ownSignaling(page: string): string {
  return new URL("signal/", page).href.replace(/[?#].*/, "");
}

/** The link to the page for helpers that stands beside `page`. */
export function linkTo(page: string, { room, signaling, token, by, what }: Invitation): string {
  const url = new URL("join.html", page);
  const said = new URLSearchParams({ room });
  // Left out where the page finds it by itself, so that there is less to scan.
  if (signaling !== ownSignaling(page)) said.set("signaling", signaling);
  said.set("token", token);
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
  if (room === "" || token === "" || !isServer(signaling)) return undefined;
  return { room, token, signaling, by: text("for"), what: text("what") };
}

/** Whether it is the URL of something that can be a signalling server. */
export function isServer(url: string): boolean {
  return URL.canParse(url) && /^(https?|wss?):$/.test(new URL(url).protocol);
}

/** As the library takes it. */
export function addressOf({ room, signaling }: Pick<Invitation, "room" | "signaling">): string {
  return `peer:${encodeURIComponent(room)}?signaling=${encodeURIComponent(signaling)}`;
}

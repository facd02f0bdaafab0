/** The room that the organiser's page of this browser opened last: whoever has that page may submit to it from others, too. */
import { readIce } from "./ice.ts";
import { addressOf, ownSignaling } from "./invitation.ts";
import { recall } from "./remembered.ts";

export interface OwnRoom {
  readonly name: string;
  readonly address: string;
  readonly options: { readonly token: string; readonly iceServers: readonly object[] };
}

/** What the organiser's page keeps from one visit to the next, so that links that were given away stay good. */
export const NOTHING_KEPT = { room: "", worker: "", client: "", signaling: "", by: "", what: "", ice: "", most: 0 };

/** Undefined if there never was one. */
export async function recallOwnRoom(): Promise<OwnRoom | undefined> {
  const { room, client, signaling, ice } = await recall("organiser", NOTHING_KEPT);
  if (room === "" || client === "") return undefined;
  const address = addressOf({ room, signaling: signaling || ownSignaling(location.href) });
  return { name: room, address, options: { token: client, iceServers: readIce(ice) ?? [] } };
}

/** The room that the organiser's page of this browser opened last: whoever has that page may submit to it from others, too. */
import { readIce } from "./ice.ts";
import { addressOf, ownScheduler, ownSignaling } from "./invitation.ts";
import { recall } from "./remembered.ts";

export interface OwnRoom {
  readonly name: string;
  readonly address: string;
  readonly options: { readonly token: string; readonly iceServers: readonly object[] };
}

/**
 * What the organiser's page keeps from one visit to the next, so that links that were given away stay good. `served`: the secret of the
 * server's scheduler, if the room that was opened last is there.
 */
export const NOTHING_KEPT = {
  room: "",
  worker: "",
  client: "",
  signaling: "",
  by: "",
  what: "",
  ice: "",
  most: 0,
  served: "",
};

/** Undefined if there never was one. */
export async function recallOwnRoom(): Promise<OwnRoom | undefined> {
  const { room, client, signaling, ice, served } = await recall("organiser", NOTHING_KEPT);
  if (served !== "")
    return { name: room, address: ownScheduler(location.href), options: { token: served, iceServers: [] } };
  if (room === "" || client === "") return undefined;
  const address = addressOf({ room, signaling: signaling || ownSignaling(location.href), isServed: false });
  return { name: room, address, options: { token: client, iceServers: readIce(ice) ?? [] } };
}

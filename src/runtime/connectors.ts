/** Picks what reaches an address, by its scheme. The doors say what there is on their platform. */

import type { Transport } from "../ports/connector.ts";

/** Scheme, without the colon -> how to load what serves it. */
export const transports = new Map<string, () => Promise<Transport>>();

/** An address as users give it, taken apart. */
export interface Destination {
  readonly scheme: string;
  /** Without its fragment. */
  readonly address: string;
  /** What stood in the fragment: invitations carry a token there, which is sent to nobody. */
  readonly token: string | undefined;
}

/** @throws TypeError if it is no address, or there is nothing that reaches such. */
export function destinationOf(address: string): Destination {
  const [, scheme, rest, token] = /^([a-z][a-z0-9+.-]*):([^#]+)(?:#(.*))?$/i.exec(address) ?? [];
  if (scheme === undefined) throw new TypeError(`"${address}" is no address, as "ws://127.0.0.1:8786" is`);
  if (!transports.has(scheme)) {
    const known = [...transports.keys()].join(", ");
    const hint = scheme === "peer" ? `: import from "manyhands/peer" for that` : "";
    throw new TypeError(`there is nothing here that reaches ${scheme}: addresses${hint}; there is ${known}`);
  }
  return { scheme, address: `${scheme}:${rest}`, token: token || undefined };
}

export async function transportOf({ scheme }: Destination): Promise<Transport> {
  const load = transports.get(scheme);
  if (load === undefined) throw new TypeError(`there is nothing here that reaches ${scheme}: addresses`);
  return load();
}

/** The door for peers by `<script>`: the same names on one global, from one self-contained file. */

import { lend, openToPeers } from "./peer-page.ts";
import type { LentHost } from "./runtime/lending.ts";
import type { PeerJoinOptions } from "./runtime/trust.ts";
import { scriptPlatform } from "./script-platform.ts";

export type { PeerJoinOptions } from "./runtime/trust.ts";
export * from "./script.ts";

openToPeers(scriptPlatform);

/** See the door for peers in pages. */
export function join(address: string, options: PeerJoinOptions = {}): Promise<LentHost> {
  return lend(scriptPlatform, async () => (await import("./web-worker-inline.js")).default, address, options);
}

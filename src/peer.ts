/** The door for pages whose peers are other pages: all that the door for pages has, and `peer:` addresses. */

import { pagePlatform } from "./page-platform.ts";
import { lend, openToPeers } from "./peer-page.ts";
import type { LentHost } from "./runtime/lending.ts";
import type { PeerJoinOptions } from "./runtime/trust.ts";

export * from "./index.ts";
export type { PeerJoinOptions } from "./runtime/trust.ts";

openToPeers(pagePlatform);

/**
 * Lends threads of this page to the cluster at an address, or at the one in an invitation. Settles when the first of them is ready to work
 * there.
 *
 * They run whatever clients of that cluster submit; those lent to a room (`peer:`) do it in a box that reaches no network, no storage
 * and not this page.
 *
 * @throws UnauthorizedError if the token is not good for that; CommClosedError if nobody can be reached there; TypeError if the box is
 * to be left out without {@link PeerJoinOptions.iTrustEverybodyInThisRoomWithMyOriginAndNetwork}.
 * @example
 * ```ts
 * const host = await join(invitation, { nWorkers: 2 });
 * await host.leave();
 * ```
 */
export function join(address: string, options: PeerJoinOptions = {}): Promise<LentHost> {
  return lend(pagePlatform, async () => (await import("./web-worker-inline.js")).default, address, options);
}

/** The door for Node processes whose peers are pages: all that the door for Node has, and `peer:` addresses. */

import { DataChannelWire } from "./adapters/data-channel-wire.ts";
import { prepareNode } from "./adapters/node-datachannel-globals.ts";
import { peerTransport, signalingIn } from "./adapters/peer-transport.ts";
import { join as joinAny } from "./node.ts";
import { nodePlatform } from "./node-platform.ts";
import { transports } from "./runtime/connectors.ts";
import type { LentHost } from "./runtime/lending.ts";
import { demandTrust, type PeerJoinOptions } from "./runtime/trust.ts";

export { type Signaling, type SignalingOptions, serveSignaling } from "./adapters/signaling-server.ts";
export * from "./node.ts";
export type { PeerJoinOptions } from "./runtime/trust.ts";

const transport = peerTransport({
  clock: nodePlatform.clock,
  prepare: prepareNode,
  wireOf: (channel) => new DataChannelWire(channel),
  handsOver: false, // Channels of Node stay on the main thread.
});
transports.set("peer", async () => transport);

/**
 * Lends threads of this process to the cluster at an address, or at the one in an invitation. Settles when the first of them is ready to
 * work there.
 *
 * Those lent to a room (`peer:`) are processes of their own, one for each worker, which read and write no files and start no programs;
 * the network stays open to them.
 *
 * @throws UnauthorizedError if the token is not good for that; CommClosedError if nobody can be reached there; TypeError if the box is
 * to be left out without {@link PeerJoinOptions.iTrustEverybodyInThisRoomWithMyOriginAndNetwork}.
 * @example
 * ```ts
 * const host = await join(invitation, { nWorkers: 2 });
 * await host.leave();
 * ```
 */
export async function join(address: string, options: PeerJoinOptions = {}): Promise<LentHost> {
  const isPeer = address.startsWith("peer:");
  if (isPeer) demandTrust(options);
  return joinAny(address, { sandbox: isPeer, signaling: signalingIn(address), ...options });
}

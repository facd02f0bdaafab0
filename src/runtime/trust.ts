/** Trust: who lends threads to a room runs what strangers submit, in a box, unless they say out loud that they want none. */

import type { JoinOptions } from "./lending.ts";

/** How threads are lent to a room. */
export interface PeerJoinOptions extends JoinOptions {
  /**
   * Whether tasks run in a box that reaches no network, no storage and not this page. For `peer:` addresses they do unless told otherwise.
   * In Node, the box is a process for each worker, which reads and writes no files and starts no programs, but the network stays open to it.
   */
  readonly sandbox?: boolean;
  /**
   * What `sandbox: false` takes for `peer:` addresses. Whoever can submit to the room, or comes by a token for it, can then do all that this page
   * can: read its cookies and its storage, speak to its server in your name, and reach your network.
   */
  readonly iTrustEverybodyInThisRoomWithMyOriginAndNetwork?: boolean;
}

/** @throws TypeError if the box is to be left out without a word on what that means. */
export function demandTrust({
  sandbox = true,
  iTrustEverybodyInThisRoomWithMyOriginAndNetwork,
}: PeerJoinOptions): void {
  if (sandbox || iTrustEverybodyInThisRoomWithMyOriginAndNetwork === true) return;
  throw new TypeError(
    "without a sandbox, whoever submits to this room can do all that this page can: leave sandbox out, or say iTrustEverybodyInThisRoomWithMyOriginAndNetwork: true",
  );
}

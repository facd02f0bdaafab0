/** What there is for dealing with other pages and machines: interfaces only, for those who load the rest when somebody does. */

import type { Comm } from "../ports/comm.ts";
import type { ClientMessage, News } from "../protocol/client-messages.ts";
import type { ConnectOptions, FarClientShell } from "./far-client.ts";
import type { JoinOptions, LendingPlatform, LentHost } from "./lending.ts";
import type { ListeningShell, Reachable } from "./listening.ts";

/** Who is to speak to a scheduler elsewhere. */
export interface Caller extends Pick<FarClientShell, "id" | "clock" | "onLink"> {
  readonly session: object;
  /** The end of the session's comm that the scheduler is at. */
  readonly comm: Comm<News, readonly ClientMessage[]>;
}

export interface Elsewhere {
  /** See `far-client.ts`. */
  converse(caller: Caller, address: string, options: ConnectOptions): Promise<void>;
  join(platform: Omit<LendingPlatform, "equipment">, address: string, options: JoinOptions): Promise<LentHost>;
  open(shell: Omit<ListeningShell, "equipment">): Reachable;
}

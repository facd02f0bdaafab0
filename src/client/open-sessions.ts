/** Which clients are open in this thread. */

import type { ClientId } from "../protocol/identity.ts";
import type { FutureOwner } from "./future.ts";

export const openSessions = new Map<ClientId, FutureOwner>();

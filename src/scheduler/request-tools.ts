/**
 * What rules that few programs need are given of the machine's own.
 *
 * They are loaded when the first question comes (`requests.ts`), or a task submits tasks (`nesting.ts`), and import nothing but types of what every page loads: whatever both
 * need, the bundler would put into files of its own, and each more that a page has to load weighs more than it saves.
 */

import { STREAM } from "../protocol/task-spec.ts";
import { cancelTask, enterClaim, tellHowFar } from "./claims.ts";
import { link } from "./dispatch.ts";
import { tell } from "./news.ts";
import { judgeRoom } from "./placement.ts";
import { ClientRecord, FLAG_CARRIES, FLAG_KEPT, FLAG_SECEDED, NO_VALUE } from "./records.ts";
import { stopFetching } from "./release.ts";
import { move, settleRecommendations } from "./transitions.ts";
import { zombieName } from "./worker-record.ts";

export const requestTools = {
  enterClaim,
  tellHowFar,
  tell,
  move,
  stopFetching,
  zombieName,
  judgeRoom,
  link,
  cancelTask,
  settleRecommendations,
  ClientRecord,
  FLAG_CARRIES,
  FLAG_KEPT,
  FLAG_SECEDED,
  STREAM,
  NO_VALUE: NO_VALUE as typeof NO_VALUE,
};

export type RequestTools = typeof requestTools;

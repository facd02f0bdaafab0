/**
 * What rules that few programs need are given of the machine's own.
 *
 * They are loaded when the first question comes (`requests.ts`), a task submits tasks (`nesting.ts`), or one demands something
 * (`demands.ts`), and import nothing but types of what every page loads: whatever both need, the bundler would put into files of its
 * own, and each more that a page has to load weighs more than it saves.
 */

import { Deque } from "../collections/deque.ts";
import { HeapSet } from "../collections/heap-set.ts";
import { errorOnWire } from "../protocol/errors.ts";
import { isOrdinary, STREAM } from "../protocol/task-spec.ts";
import { considerDependents } from "./ahead.ts";
import { endAttempt } from "./attempts.ts";
import { cancelTask, enterClaim, putData, tellHowFar, updateGraph } from "./claims.ts";
import { isSuspect } from "./compute.ts";
import { dispatch, isSmall, link } from "./dispatch.ts";
import { deliver, MOVE_FROM } from "./gather.ts";
import { removeWorker } from "./membership.ts";
import { forEachClaim, tell } from "./news.ts";
import { closest, expectedUs, fits, hasSurplus, judgeRoom, MAX_IN_FLIGHT } from "./placement.ts";
import { unfoldOne } from "./plain.ts";
import {
  ClientRecord,
  FLAG_CARRIES,
  FLAG_COPIED,
  FLAG_FINAL,
  FLAG_HAS_INPUTS,
  FLAG_KEPT,
  FLAG_PINNED,
  FLAG_SECEDED,
  NO_VALUE,
  Span,
  TaskRecord,
} from "./records.ts";
import { callOff, endWorker, leaveQueue, leaveWorker, releaseClaim, stopFetching } from "./release.ts";
import { move, settleRecommendations } from "./transitions.ts";
import { WINDOW_US, zombieName } from "./worker-record.ts";

export const requestTools = {
  enterClaim,
  tellHowFar,
  tell,
  move,
  stopFetching,
  leaveQueue,
  leaveWorker,
  zombieName,
  judgeRoom,
  hasSurplus,
  windowUs: WINDOW_US,
  link,
  isSmall,
  cancelTask,
  settleRecommendations,
  callOff,
  closest,
  considerDependents,
  deliver,
  dispatch,
  endAttempt,
  endWorker,
  errorOnWire,
  expectedUs,
  fits,
  forEachClaim,
  isSuspect,
  removeWorker,
  MOVE_FROM,
  putData,
  releaseClaim,
  updateGraph,
  Deque,
  HeapSet,
  ClientRecord,
  TaskRecord,
  Span,
  isOrdinary,
  unfoldOne,
  MAX_IN_FLIGHT,
  FLAG_CARRIES,
  FLAG_COPIED,
  FLAG_FINAL,
  FLAG_HAS_INPUTS,
  FLAG_KEPT,
  FLAG_PINNED,
  FLAG_SECEDED,
  STREAM,
  NO_VALUE: NO_VALUE as typeof NO_VALUE,
};

export type RequestTools = typeof requestTools;

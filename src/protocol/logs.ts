/** What is written to the consoles of workers, as they tell it. */

import type { Key, WorkerAddress } from "./identity.ts";

export const LOG_LEVELS = ["debug", "log", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Characters of a line that are kept. */
export const MOST_LINE = 4000;

/** What was written by one call. */
export interface LoggedLine {
  /** When, in milliseconds since 1970, by the clock of the worker's machine. */
  readonly atMs: number;
  readonly level: LogLevel;
  readonly text: string;
  /** The task that wrote it, and its function's name; undefined if nobody can tell which of several it was. */
  readonly key?: Key | undefined;
  readonly name?: string | undefined;
}

export interface KeptLog {
  readonly lines: readonly LoggedLine[];
  /** Lines that were there before those, and are not kept. */
  readonly missed: number;
}

/** From a worker whose lines are followed. */
export interface WorkerLog extends KeptLog {
  readonly type: "log";
}

/** Answer with the lines that are kept; and from now on, tell new ones at once, or do not any more. */
export interface LogErrand {
  readonly type: "log";
  readonly isOn?: boolean | undefined;
}

/** What workers, by address or name, have written, or all. Answered with {@link KeptLogs}. */
export interface LogsRequest {
  readonly type: "logs";
  readonly workers: readonly string[] | undefined;
}

/** By address; without those that have not answered in time, because they compute. */
export type KeptLogs = Readonly<Record<WorkerAddress, KeptLog | undefined>>;

/** Has what workers write noted as events until it is withdrawn. Never answered: so the next scheduler is asked it, too. */
export interface FollowLogsRequest {
  readonly type: "log-follow";
}

/** Lines of workers are noted under this topic, and not under that for everything. */
export const LOG_TOPIC = "logs";

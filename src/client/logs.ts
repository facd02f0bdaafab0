/** What workers have written to their consoles, as clients read and follow it. */

import { type KeptLogs, LOG_LEVELS, LOG_TOPIC, type LoggedLine, type LogLevel } from "../protocol/logs.ts";
import { type EventSubscription, subscribe } from "./cluster-events.ts";
import { directLinks } from "./open-sessions.ts";
import type { Session } from "./session.ts";

/** What was written by one call of `console.log()` or its like. */
export interface LogLine {
  readonly time: Date;
  readonly level: LogLevel;
  /** Objects are spelled out in it as JSON, the first of many items, and all is cut off after 4000 characters. */
  readonly text: string;
  /** The task that wrote it; undefined if that was none, or nobody can tell which of several. */
  readonly key: string | undefined;
  /** The name of the task's function. */
  readonly name: string | undefined;
  /** The address of the worker. */
  readonly worker: string;
}

export interface WorkerLines {
  /** The last that are kept, the oldest first: up to a thousand, of a quarter of a million characters. */
  readonly lines: readonly LogLine[];
  /** So many were written before those. */
  readonly missed: number;
  /** False if it has not answered: it computes, and is heard when it is done. */
  readonly answered: boolean;
}

export interface LogsOptions {
  /** Addresses or names; all unless said. */
  readonly workers?: string | Iterable<string>;
}

export interface ForwardLogsOptions {
  /** The least that is forwarded: `debug`, `log`, `info`, `warn` or `error`. All unless said. */
  readonly level?: LogLevel;
  /**
   * What is called with each line. Unless said, it is written to the console here, with worker and name before it, and left out if it is there
   * already: what threads of this very process or page write, its console shows.
   */
  readonly handler?: (line: LogLine) => unknown;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

export async function readLogs(session: Session, { workers }: LogsOptions): Promise<Record<string, WorkerLines>> {
  const these = workers === undefined ? undefined : typeof workers === "string" ? [workers] : [...workers];
  const logs = (await session.ask({ type: "logs", workers: these })) as KeptLogs;
  return Object.fromEntries(
    Object.entries(logs).map(([worker, kept]) => {
      // What strangers' workers answer may be anything.
      const lines = Array.isArray(kept?.lines) ? kept.lines.filter(isLine) : [];
      return [
        worker,
        {
          lines: lines.map((line) => lineOf(line, worker)),
          missed: Number(kept?.missed ?? 0),
          answered: kept !== undefined,
        },
      ];
    }),
  );
}

export async function forwardLogs(
  session: Session,
  { level = "debug", handler, signal }: ForwardLogsOptions,
): Promise<EventSubscription> {
  const least = LOG_LEVELS.indexOf(level);
  if (least < 0) throw new TypeError(`level is one of ${LOG_LEVELS.join(", ")}, not ${level}`);
  if (handler !== undefined && typeof handler !== "function") throw new TypeError("handler must be a function");
  signal?.throwIfAborted();
  const take = handler ?? writer(session);
  const end = new AbortController();
  // Open until it is withdrawn, which keeps no process alive; another scheduler is asked it, too.
  session.ask({ type: "log-follow" }, end.signal, undefined, true).catch(() => {});
  let subscription: EventSubscription;
  try {
    // What is answered here was asked after that.
    subscription = await subscribe(
      session,
      LOG_TOPIC,
      ({ message, from }) => {
        const line = message as LoggedLine;
        return LOG_LEVELS.indexOf(line.level) >= least ? take(lineOf(line, from)) : undefined;
      },
      signal === undefined ? {} : { signal },
    );
  } catch (error) {
    end.abort();
    throw error;
  }
  const close = () => {
    signal?.removeEventListener("abort", close);
    subscription.close();
    end.abort();
  };
  if (signal?.aborted) close();
  else signal?.addEventListener("abort", close);
  return { close, [Symbol.dispose]: close };
}

function isLine(line: unknown): line is LoggedLine {
  const { atMs, level, text } = (line ?? {}) as Partial<LoggedLine>;
  return typeof atMs === "number" && typeof text === "string" && LOG_LEVELS.includes(level as LogLevel);
}

function lineOf({ atMs, level, text, key, name }: LoggedLine, worker: string): LogLine {
  return { time: new Date(atMs), level, text, key, name, worker };
}

/** Writes lines to the console here. */
function writer(session: Session): (line: LogLine) => void {
  const isLocal = directLinks.has(session);
  return ({ level, text, key, name, worker }) => {
    if (isLocal && worker.startsWith("thread://")) return;
    console[level](`[${worker}${key === undefined ? "" : ` ${name || "(anonymous)"}`}] ${text}`);
  };
}

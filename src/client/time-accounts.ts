/** Where the time of workers went, by the name of what they did. */

import type { SpanKind } from "../protocol/tracing.ts";
import type { TaskSpan } from "./recording.ts";

/** Milliseconds of all workers together; `tasks` and `errors` are counts. */
export interface TimeAccount {
  readonly name: string;
  readonly tasks: number;
  readonly errors: number;
  readonly compute: number;
  readonly wait: number;
  readonly transfer: number;
  readonly deserialize: number;
}

/** What values that moved between two workers came to. */
export interface TransferAccount {
  readonly from: string;
  readonly to: string;
  readonly times: number;
  readonly nbytes: number;
  readonly ms: number;
}

type Growing = { -readonly [K in keyof TimeAccount]: TimeAccount[K] };

/** Transfers stand under one name of their own: who sent what is in {@link transferAccounts}. Those that took most come first. */
export function timeAccounts(spans: Iterable<TaskSpan>): TimeAccount[] {
  const accounts = new Map<string, Growing>();
  for (const { kind, name, ms, tasks, status } of spans) {
    const title = kind === "transfer" ? "(transfers)" : name || "(anonymous)";
    let account = accounts.get(title);
    if (account === undefined) {
      account = { name: title, tasks: 0, errors: 0, compute: 0, wait: 0, transfer: 0, deserialize: 0 };
      accounts.set(title, account);
    }
    account[kind] += ms;
    if (kind === "compute") account.tasks += tasks;
    if (status === "error") account.errors += kind === "compute" ? tasks : 1;
  }
  return [...accounts.values()].sort((a, b) => spent(b) - spent(a));
}

function spent({ compute, wait, transfer, deserialize }: TimeAccount): number {
  return compute + wait + transfer + deserialize;
}

export function transferAccounts(spans: Iterable<TaskSpan>): TransferAccount[] {
  const accounts = new Map<string, { -readonly [K in keyof TransferAccount]: TransferAccount[K] }>();
  for (const { kind, name, worker, ms, nbytes } of spans) {
    if (kind !== "transfer") continue;
    const way = `${name}\n${worker}`;
    const account = accounts.get(way) ?? { from: name, to: worker, times: 0, nbytes: 0, ms: 0 };
    accounts.set(way, account);
    account.times += 1;
    account.nbytes += nbytes;
    account.ms += ms;
  }
  return [...accounts.values()].sort((a, b) => b.nbytes - a.nbytes);
}

/** Milliseconds in which workers had nothing of that kind to do, between `fromMs` and `toMs`, all together. */
export function idleMs(
  spans: Iterable<TaskSpan>,
  workers: Iterable<string>,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): number {
  const byWorker = new Map<string, (readonly [number, number])[]>(Array.from(workers, (worker) => [worker, []]));
  for (const { worker, beganMs, ms } of spans) {
    const busy = byWorker.get(worker);
    if (busy === undefined) byWorker.set(worker, [[beganMs, beganMs + ms]]);
    else busy.push([beganMs, beganMs + ms]);
  }
  let idle = 0;
  for (const busy of byWorker.values()) {
    let until = fromMs;
    for (const [from, to] of busy.sort((a, b) => a[0] - b[0])) {
      if (from > until) idle += Math.min(from, toMs) - until;
      until = Math.min(toMs, Math.max(until, to));
    }
    idle += toMs - until;
  }
  return idle;
}

/** The tasks that took longest, those told one by one. */
export function longestTasks(spans: readonly TaskSpan[], count: number): TaskSpan[] {
  const kind: SpanKind = "compute";
  return spans
    .filter((span) => span.kind === kind && span.tasks === 1)
    .sort((a, b) => b.ms - a.ms)
    .slice(0, count);
}

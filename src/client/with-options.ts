/** What `client.with()` takes: looked at one by one, for a misspelt option would be worse than an error, and put as the scheduler is told. */

import type { ActorOptions } from "../protocol/actors.ts";
import type { Key } from "../protocol/identity.ts";
import { areResources } from "../protocol/resources.ts";
import type { Resources, TaskOptions } from "../protocol/task-spec.ts";
import { listOf } from "./call-options.ts";

/** How often a task is tried again after an error of its own, and what to wait before. */
export interface Retries {
  readonly times: number;
  /** Milliseconds before the first of them; 0 unless said. A task that waits occupies no worker. */
  readonly delayMs?: number;
  /** Each delay is so many times the one before; 1 unless said. */
  readonly factor?: number;
  /** The longest delay. */
  readonly maxDelayMs?: number;
}

/** Options for the tasks submitted through `client.with(options)`. */
export interface WithOptions {
  /**
   * Names the task; a name in use means that task, whatever is submitted. For `map` and `scatterAll` one name each, or one that
   * theirs begin with.
   */
  readonly key?: Key | readonly Key[];
  /** What keys begin with, in place of the function's name. */
  readonly name?: string;
  /**
   * Equal functions with equal arguments are one task: it is run once, and its result shared, also between clients, for as long as
   * somebody wants it. Only for functions of which it does not matter how often they run. Arguments are compared by content, futures by
   * their key; an argument that has no content to compare is a TypeError. `key` goes before it.
   */
  readonly pure?: boolean;
  /** Higher runs first; 0 unless said. Among equals, what has inputs runs first, and then what was submitted earlier. */
  readonly priority?: number;
  /** How often a task is tried again after an error of its own; its last error is what it ends with. `getTask().attempt` counts. */
  readonly retries?: number | Retries;
  /**
   * Only on a worker that has so much of these to spare: they are the task's until it has ended. What workers have, `LocalCluster` is
   * told. See {@link NoValidWorkerError} for where nobody has.
   */
  readonly resources?: Resources;
  /**
   * Only on these workers, by name or address; what addresses begin with, as `"thread://worker"`, means all of that host's. See
   * {@link NoValidWorkerError} for where none of them is there.
   */
  readonly workers?: string | readonly string[];
  /** With `workers`: prefer those, but run elsewhere while they are busy or not there. */
  readonly allowOtherWorkers?: boolean;
  /**
   * How long an attempt may take, from when it begins to run: then its signal is aborted, and it ends with {@link TimeoutError}. A
   * thread that does not stop within a second is ended.
   */
  readonly timeoutMs?: number;
  /**
   * Runs it on several workers, one after the other, and believes a result when `agree` of them have come to equal ones; more than half
   * of `copies` unless said. Where there are several hosts, each has one copy at most. With fewer workers than that it waits for more,
   * see {@link NoValidWorkerError}; when so many equal results cannot be had of `copies`, it fails with {@link DisagreementError}. Results
   * are compared by a hash of their content, errors by their name and message.
   */
  readonly quorum?: { readonly copies: number; readonly agree?: number };
  /**
   * Whether a second copy may be run on another host when the first takes much longer than usual and nothing else is to be done; what is
   * ready first counts. True unless said: say false for tasks that do something beside returning a value.
   */
  readonly speculate?: boolean;
  /** Cancels what is submitted when it is aborted. */
  readonly signal?: AbortSignal;
  /** What is submitted are classes, of which actors are made; see {@link Client.actor}. */
  readonly actor?: boolean | ActorOptions;
  /** For `stream`: items that may have been made and not been taken; 16 unless said. */
  readonly limit?: number;
}

type Test = (value: unknown) => boolean;

const isText: Test = (value) => typeof value === "string" && value !== "";
const areTexts: Test = (value) => isText(value) || (Array.isArray(value) && value.every(isText));
const isTrueOrFalse: Test = (value) => typeof value === "boolean";
const isAmount: Test = (value) => typeof value === "number" && value >= 0;

/** What each option must be, and whether it is. */
const OPTIONS: Readonly<Record<keyof WithOptions, readonly [string, Test]>> = {
  key: ["a text, or several", areTexts],
  name: ["a text", isText],
  pure: ["true or false", isTrueOrFalse],
  priority: ["a number", Number.isFinite],
  retries: ["a whole number, or { times, delayMs, factor, maxDelayMs }", areRetries],
  resources: ["amounts, as { gpu: 1 }", areResources],
  workers: ["a text, or several", (value) => areTexts(value) && String(value) !== ""],
  allowOtherWorkers: ["true or false", isTrueOrFalse],
  timeoutMs: ["a number of milliseconds", (value) => isAmount(value) && value !== 0],
  actor: ["true, or { onLoss, concurrency }", isActor],
  limit: ["a number", isAmount],
  quorum: ["{ copies, agree }, of which no more can agree than there are copies", isQuorum],
  speculate: ["true or false", isTrueOrFalse],
  signal: ["an AbortSignal", (value) => (value as AbortSignal | null)?.addEventListener !== undefined],
};

function areRetries(value: unknown): boolean {
  const { times = value, ...delays } = Object(value) as Retries;
  return (
    isAmount(times) &&
    (times === Infinity || Number.isInteger(times)) &&
    Object.entries(delays).every(([name, each]) => /^(delayMs|factor|maxDelayMs)$/.test(name) && isAmount(each))
  );
}

function isQuorum(value: unknown): boolean {
  const { copies, agree = 1, ...others } = Object(value) as { copies: number; agree?: number };
  return (
    Number.isInteger(copies) &&
    Number.isInteger(agree) &&
    agree >= 1 &&
    agree <= copies &&
    Object.keys(others).length === 0
  );
}

function isActor(value: unknown): boolean {
  return Object.entries(Object(value)).every(([name, each]) =>
    name === "onLoss" ? each === "error" || each === "restart" : name === "concurrency" && isAmount(each) && each !== 0,
  );
}

/** @throws TypeError if there is an option among them that we do not know, or whose value makes no sense. */
export function checkOptions(options: WithOptions): void {
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(OPTIONS, name)) {
      throw new TypeError(`with() knows no option "${name}"; it takes ${Object.keys(OPTIONS).join(", ")}`);
    }
    const [kind, is] = OPTIONS[name as keyof WithOptions];
    if (value !== undefined && !is(value)) throw new TypeError(`${name} must be ${kind}, not ${String(value)}`);
  }
  if (options.allowOtherWorkers !== undefined && options.workers === undefined) {
    throw new TypeError("allowOtherWorkers says how to take workers: with({ workers, allowOtherWorkers })");
  }
}

/** What the scheduler is told of it; what is as usual is left out. */
export function taskOptions(options: WithOptions): TaskOptions {
  const {
    name,
    priority,
    retries = 0,
    resources,
    workers,
    allowOtherWorkers,
    timeoutMs,
    quorum,
    speculate,
    actor,
  } = options;
  const { times, ...backoff } = typeof retries === "number" ? { times: retries } : retries;
  const demands = given({
    resources: resources && { ...resources },
    workers: workers && listOf(workers),
    allowOtherWorkers,
    timeoutMs,
    quorum: quorum && { copies: quorum.copies, agree: quorum.agree ?? Math.floor(quorum.copies / 2) + 1 },
    actor: actor === true ? {} : actor,
    backoff: times > 0 && backoff.delayMs && backoff,
  });
  const said = given({ priority, retries: times, name, demands }) ?? {};
  return speculate === false ? { ...said, speculate } : said;
}

/** Without what is not said, or says nothing; nothing, if that is all. */
function given(options: object): object | undefined {
  const entries = Object.entries(options).filter(([, value]) => value);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

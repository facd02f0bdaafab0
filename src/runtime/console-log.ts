/**
 * What is written to the console of a worker: the last lines are kept, each with the task that wrote it, for whoever asks; while somebody follows
 * them, they are told at once, for the thread may be about to compute for long.
 */

import type { Clock } from "../ports/clock.ts";
import { type KeptLog, LOG_LEVELS, type LoggedLine, type LogLevel, MOST_LINE } from "../protocol/logs.ts";

const MOST_LINES = 1000;
/** Of all lines that are kept. */
const MOST_CHARACTERS = 256 * 1024;
/** So many messages may be sent in a row, and then one each so many milliseconds. */
const MOST_AT_ONCE = 20;
const SEND_MS = 50;
/** Lines of one message; of more that come at once, the last. */
const MOST_TOLD = 50;

/** What a console has of what we look at. */
export type Written = { [K in LogLevel]: (...values: readonly unknown[]) => void };

/** Whoever may be writing. */
export interface Writer {
  readonly key: string;
  readonly name: string;
}

export class ConsoleLog {
  readonly #clock: Clock;
  readonly #writer: () => Writer | undefined;
  readonly #send: (log: KeptLog) => void;
  #lines: LoggedLine[] = [];
  #characters = 0;
  #missed = 0;
  /** What is to be told, while somebody follows. */
  #untold: LoggedLine[] | undefined;
  #untoldMissed = 0;
  /** Messages that may still be sent at once, as of when that was counted. */
  #allowed = MOST_AT_ONCE;
  #countedMs: number;
  #isSendDue = false;

  /** `console`: what it listens to from now on. */
  constructor(console: Written, clock: Clock, writer: () => Writer | undefined, send: (log: KeptLog) => void) {
    this.#clock = clock;
    this.#writer = writer;
    this.#send = send;
    this.#countedMs = clock.now();
    for (const level of LOG_LEVELS) {
      const write = console[level];
      console[level] = (...values) => {
        write.apply(console, values as unknown[]);
        this.#note(level, values);
      };
    }
  }

  /** The lines that are kept. `isOn`: whether new ones are told from now on; undefined leaves that as it is. */
  read(isOn: boolean | undefined): KeptLog {
    if (isOn === false) this.#untold = undefined;
    else if (isOn === true) this.#untold ??= [];
    return { lines: this.#lines, missed: this.#missed };
  }

  #note(level: LogLevel, values: readonly unknown[]): void {
    const text = values
      .map((value) => textOf(value))
      .join(" ")
      .slice(0, MOST_LINE);
    const { key, name } = this.#writer() ?? {};
    const line: LoggedLine = { atMs: Date.now(), level, text, key, name };
    this.#lines.push(line);
    this.#characters += text.length;
    while (this.#lines.length > MOST_LINES || this.#characters > MOST_CHARACTERS) {
      this.#characters -= (this.#lines.shift() as LoggedLine).text.length;
      this.#missed += 1;
    }
    if (this.#untold === undefined) return;
    this.#untold.push(line);
    if (this.#untold.length > MOST_TOLD) {
      this.#untold.shift();
      this.#untoldMissed += 1;
    }
    this.#tell();
  }

  /** At once if little was told lately; a thread that computes would not come to it later. */
  #tell(): void {
    const nowMs = this.#clock.now();
    this.#allowed = Math.min(MOST_AT_ONCE, this.#allowed + (nowMs - this.#countedMs) / SEND_MS);
    this.#countedMs = nowMs;
    if (this.#allowed >= 1) {
      this.#allowed -= 1;
      const lines = this.#untold ?? [];
      if (lines.length > 0) this.#send({ lines, missed: this.#untoldMissed });
      this.#untoldMissed = 0;
      if (this.#untold !== undefined) this.#untold = [];
    } else if (!this.#isSendDue) {
      this.#isSendDue = true;
      this.#clock.after(SEND_MS, () => {
        this.#isSendDue = false;
        if (this.#untold !== undefined && this.#untold.length > 0) this.#tell();
      });
    }
  }
}

/** Of what is longer, the first are shown. */
const MOST_ITEMS = 20;
/** Values that are spelled out of one object. */
const MOST_VALUES = 200;

/** A value in words, as far as a line needs. */
export function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  try {
    // Firefox leaves out of the stack what the error says.
    if (value instanceof Error)
      return value.stack?.includes(`${value}`) ? value.stack : `${value}\n${value.stack ?? ""}`;
    if (typeof value !== "object" || value === null) return String(value);
    let left = MOST_VALUES;
    return JSON.stringify(value, (_key, each: unknown) => (left-- > 0 ? plain(each) : undefined));
  } catch {
    return "[unreadable]";
  }
}

function plain(value: unknown): unknown {
  if (typeof value === "bigint" || typeof value === "symbol" || typeof value === "function") return `[${typeof value}]`;
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}(${(value as Uint8Array).length})`;
  const items = value instanceof Map || value instanceof Set ? [...value] : value;
  if (!Array.isArray(items) || items.length <= MOST_ITEMS) return items;
  return [...items.slice(0, MOST_ITEMS), `… ${items.length - MOST_ITEMS} more`];
}

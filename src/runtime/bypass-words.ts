/** What is said of bypasses: see `bypasses.ts`. */

/** On the trunk between two hosts. Above the channels of workers, below the first pipe. */
export const BYPASSES = 999_998;

/**
 * The host that opened the way to the other has its worker call: it says `expect`, with a ticket that only the two can read (see `veil`), and is
 * told at which port it is waited for; 0 if it is not. The other may say that it wants one.
 */
export type BypassWord =
  | { readonly type: "want"; readonly pipe: number }
  | { readonly type: "expect"; readonly pipe: number; readonly number: number; readonly ticket: Uint8Array }
  | { readonly type: "expecting"; readonly pipe: number; readonly number: number; readonly port: number };

/** On the link by which a host passes on what its worker says to another. */
export const BYPASS_CHANNEL = 2;

/** To the worker: expect the other there, or call it. */
export type BypassOrder =
  | { readonly type: "expect"; readonly number: number; readonly at: string; readonly ticket: Uint8Array }
  | { readonly type: "call"; readonly number: number; readonly address: string; readonly ticket: Uint8Array };

/** From the worker: one would pay; it waits there; the two speak by it; there is none (any more); how many bytes a second go by it. */
export type BypassNews =
  | { readonly type: "wanted" }
  | { readonly type: "expecting"; readonly number: number; readonly port: number }
  | { readonly type: "made"; readonly number: number }
  | { readonly type: "over"; readonly number: number }
  | { readonly type: "measured"; readonly bandwidth: number };

/** Bytes of a ticket. */
export const TICKET_BYTES = 32;

export function isBypassWord(word: unknown): word is BypassWord {
  const { type, pipe, number, ticket, port } = (word ?? {}) as { readonly [name: string]: unknown };
  if (!isCount(pipe)) return false;
  if (type === "want") return true;
  if (!isCount(number)) return false;
  if (type === "expect") return ticket instanceof Uint8Array && ticket.length === TICKET_BYTES;
  return type === "expecting" && isCount(port) && port < 65_536;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

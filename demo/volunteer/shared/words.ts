/** What numbers and failures are called where people read them. */

/** A time to come or gone by, roughly. */
export function duration(seconds: number): string {
  if (seconds < 1) return "a moment";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${(seconds / 3600).toFixed(1)} h`;
}

export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
}

/** Two or three digits. */
export function roughly(n: number): string {
  return n >= 100 ? Math.round(n).toLocaleString("en") : n >= 10 ? n.toFixed(1) : n.toFixed(2);
}

export interface Trouble {
  readonly title: string;
  readonly advice: string;
  /** Whether trying again may help. */
  readonly mayPass: boolean;
}

/** What went wrong, and what to do about it, in words for somebody who has not written this. */
export function explain(error: unknown): Trouble {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const trouble = (title: string, advice: string, mayPass = true): Trouble => ({ title, advice, mayPass });
  if (typeof RTCPeerConnection === "undefined")
    return trouble(
      "This browser cannot reach others",
      "It lacks WebRTC, or an extension or policy has switched it off. Try another browser.",
      false,
    );
  if (name === "UnauthorizedError")
    return trouble(
      "The invitation is not valid",
      "It may have been cut off on its way, or belong to a room that was opened anew. Ask for the link again.",
      false,
    );
  if (/full|limit of connections|too many/i.test(message))
    return trouble("The room is full", "It takes no more helpers for now. Try again in a while.");
  if (/taken|unavailable-id/i.test(message))
    return trouble("Somebody else has a room of that name", "Choose another name for it.", false);
  if (/signal|server|socket|network|fetch/i.test(message))
    return trouble(
      "The meeting point does not answer",
      "Pages find each other through a small signalling server, and that cannot be reached. What is connected already goes on.",
    );
  if (/no such room|not found|peer-unavailable|nobody|gone|could not connect/i.test(message))
    return trouble(
      "There is no such room",
      "It may have been closed, or is not open yet. It is looked for again from time to time.",
    );
  if (name === "RangeError" && /memory|allocation/i.test(message))
    return trouble("There is not enough memory", "Close other pages, or choose something smaller.");
  if (name === "ProtocolError" && /version/i.test(message))
    return trouble("The two pages do not fit together", "One of them is of another version. Reload both.", false);
  return trouble("That did not work", message);
}

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

/** Bytes, in what is usual for so many. */
export function size(bytes: number): string {
  if (bytes < 1e6) return `${Math.round(bytes / 1e3)} KB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

export interface Trouble {
  readonly title: string;
  readonly advice: string;
  /** It may be over by itself, so it is tried again. */
  readonly isPassing?: boolean;
}

export const NO_WEBRTC: Trouble = {
  title: "This browser has no WebRTC",
  advice:
    "It may be switched off, or be kept off by an extension or by who looks after this machine. Another browser will do.",
};

/** The room is open, and others do not find it. */
export const NOT_FOUND: Trouble = {
  title: "The signalling server is gone",
  advice:
    "Whoever is in the room stays, and all goes on. Nobody new comes in until it is back: it is tried again and again.",
  isPassing: true,
};

/** What stands in the messages of errors -> what it is called here. The library's errors are of few classes, and say more in words. */
const CAUSES: readonly (readonly [RegExp, Trouble])[] = [
  [/no WebRTC/, NO_WEBRTC],
  [
    /somebody else is peer:/,
    {
      title: "The name of the room is taken",
      advice: "This page may be open twice, or somebody else has a room of that name there. Take another name.",
    },
  ],
  [
    /signalling server .*cannot be reached|signalling server is gone/,
    {
      title: "The signalling server cannot be reached",
      advice: "It brings browsers together, and may be down, or there is no network. It is tried again.",
      isPassing: true,
    },
  ],
  [
    /server of this page cannot be reached|cannot be reached, or does not answer as a scheduler/,
    {
      title: "The server cannot be reached",
      advice: "It may be down, or there is no network. It is tried again.",
      isPassing: true,
    },
  ],
  [
    /server of this page has (another secret|no scheduler)/,
    {
      title: "The server lets nobody in by that secret",
      advice: "It was started anew. Open this page by the address that it has told in its terminal since.",
    },
  ],
  [
    /this client is closed/,
    {
      title: "The server was started anew",
      advice: "What its scheduler knew is gone. Save what you have here, close the room, and open it again.",
    },
  ],
  [
    /another page has the room of the server/,
    {
      title: "Another page has the room",
      advice:
        "The server has one, and it is open elsewhere. Close it there; if that page has gone, wait a minute and a half.",
    },
  ],
  [
    /can have no more/,
    {
      title: "The room is full",
      advice:
        "It has as many helpers as it can have, or as whoever has it wants. It is tried again, for somebody may leave.",
      isPassing: true,
    },
  ],
  [
    /nobody of that name|nobody is expected|nobody answered|closed the connection|other end (is gone|said nothing)/,
    {
      title: "The room is not open",
      advice: "Whoever invited you has closed it, or is not there yet. It is tried again.",
      isPassing: true,
    },
  ],
  [
    /sent away/,
    {
      title: "You were shown the door",
      advice: "Whoever has the room wants no more help from here. Thank you all the same.",
    },
  ],
  [
    /no sandbox can be made/,
    {
      title: "Nothing can be run safely here",
      advice:
        "The browser does not let this page make the box that strangers' work would run in. Another browser will do.",
    },
  ],
  [
    /memory|allocation/i,
    {
      title: "There is not enough memory",
      advice: "Close other pages, lend fewer cores, or choose something smaller.",
    },
  ],
  [
    /no worker could be started/,
    {
      title: "No thread could be started",
      advice: "The browser refuses, which it does when memory is short. Lend fewer cores.",
    },
  ],
];

/** What went wrong, and what to do about it, in words for somebody who has not written this. */
export function explain(error: unknown): Trouble {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  if (name === "UnauthorizedError" && !/sent away/.test(message))
    return {
      title: "The invitation is not good any more",
      advice: "The room has another secret by now. Ask whoever invited you for a new link.",
    };
  if (name === "ProtocolError")
    return {
      title: "The two pages do not match",
      advice: "One of them is older. Reload this page, and have the other reloaded.",
    };
  const cause = CAUSES.find(([words]) => words.test(message));
  if (cause !== undefined) return cause[1];
  return { title: "That did not work", advice: message };
}

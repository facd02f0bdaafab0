/**
 * Where in its code a worker_thread is: stopped for a moment through V8's inspector, which reaches a thread though it computes and listens to
 * nobody. The debugger's session is ended as soon as the stack is there, so that the thread goes on as fast as before.
 */

import type { StackTaken } from "../protocol/call-stacks.ts";

/** A thread that runs no code by then waits for something. Milliseconds. */
const PATIENCE_MS = 500;
/** Frames that are told. */
const MOST_FRAMES = 100;
const MOST_TEXT = 1000;
/** Code of Node, and of the thread's own file: nobody has written a task there. */
const NOT_THEIRS = /^node:|^evalmachine|node-(sandbox-)?worker\.cjs$|^\[worker eval\]$/;

interface Frame {
  readonly functionName: string;
  readonly location: { readonly scriptId: string; readonly lineNumber: number; readonly columnNumber?: number };
}

/** What a thread's debugger says. */
type Said =
  | { readonly method: "Debugger.scriptParsed"; readonly params: { readonly scriptId: string; readonly url: string } }
  | { readonly method: "Debugger.paused"; readonly params: { readonly callFrames: readonly Frame[] } }
  | { readonly method?: undefined };

interface Thread {
  readonly id: number;
  /** Addresses of scripts. */
  readonly urls: Map<string, string>;
}

interface FromThread {
  readonly params: { readonly sessionId: string; readonly message: string };
}

interface Attached {
  readonly params: { readonly sessionId: string; readonly workerInfo: { readonly title: string } };
}

/** What stacks are wanted of, by the number of the thread, until the session that is about to begin has found them. */
let wanted: Map<number, ((taken: StackTaken) => void)[]> | undefined;
let last: Promise<unknown> = Promise.resolve();

/** Several threads that are asked for together are stopped together. */
export function takeStack(threadId: number): Promise<StackTaken> {
  if (wanted === undefined) {
    const wants = new Map<number, ((taken: StackTaken) => void)[]>();
    wanted = wants;
    last = last.then(async () => {
      wanted = undefined;
      await look(wants);
    });
  }
  const wants = wanted;
  return new Promise((resolve) => wants.set(threadId, [...(wants.get(threadId) ?? []), resolve]));
}

async function look(wants: Map<number, ((taken: StackTaken) => void)[]>): Promise<void> {
  const settle = (threadId: number, taken: StackTaken) => {
    for (const resolve of wants.get(threadId) ?? []) resolve(taken);
    wants.delete(threadId);
  };
  const giveUp = (reason: string) => {
    for (const threadId of [...wants.keys()]) settle(threadId, { reason });
  };
  try {
    const { Session } = await import("node:inspector");
    const session = new Session();
    session.connect();
    try {
      await stopThem(session, wants, settle);
      giveUp("it runs no code at this moment: what it has begun waits for something");
    } finally {
      session.disconnect();
    }
  } catch (error) {
    giveUp(`this Node cannot look into threads: ${error instanceof Error ? error.message : error}`);
  }
}

/** Settles when all have been found, or it makes no sense to wait any longer. */
function stopThem(
  session: InstanceType<typeof import("node:inspector").Session>,
  wants: ReadonlyMap<number, unknown>,
  settle: (threadId: number, taken: StackTaken) => void,
): Promise<void> {
  const post = session.post.bind(session) as (
    method: string,
    params: object,
    done?: (error: Error | null) => void,
  ) => void;
  const threads = new Map<string, Thread>();
  let messages = 0;
  const send = (sessionId: string, method: string) =>
    post("NodeWorker.sendMessageToWorker", { sessionId, message: JSON.stringify({ id: ++messages, method }) });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, PATIENCE_MS);
    session.on(
      "NodeWorker.attachedToWorker" as never,
      (({ params: { sessionId, workerInfo } }: Attached) => {
        const threadId = Number(/^\[worker (\d+)\]/.exec(workerInfo.title)?.[1]);
        if (!wants.has(threadId)) return post("NodeWorker.detach", { sessionId });
        threads.set(sessionId, { id: threadId, urls: new Map() });
        send(sessionId, "Debugger.enable");
        send(sessionId, "Debugger.pause");
      }) as never,
    );
    session.on(
      "NodeWorker.receivedMessageFromWorker" as never,
      (({ params: { sessionId, message } }: FromThread) => {
        const thread = threads.get(sessionId);
        const said = JSON.parse(message) as Said;
        if (thread === undefined || said.method === undefined) return;
        if (said.method === "Debugger.scriptParsed") thread.urls.set(said.params.scriptId, said.params.url);
        if (said.method !== "Debugger.paused") return;
        send(sessionId, "Debugger.resume");
        post("NodeWorker.detach", { sessionId });
        settle(thread.id, { frames: framesOf(said.params.callFrames, thread.urls) });
        if (wants.size > 0) return;
        clearTimeout(timer);
        resolve();
      }) as never,
    );
    post("NodeWorker.enable", { waitForDebuggerOnStart: false }, (error) => {
      if (error) reject(error);
    });
  });
}

function framesOf(frames: readonly Frame[], urls: ReadonlyMap<string, string>): readonly string[] {
  const texts: string[] = [];
  for (const { functionName, location } of frames) {
    const { scriptId, lineNumber, columnNumber = 0 } = location;
    const url = urls.get(scriptId) ?? "";
    if (NOT_THEIRS.test(url) || texts.length === MOST_FRAMES) continue;
    const place = url === "" ? "" : ` (${url}:${lineNumber + 1}:${columnNumber + 1})`;
    texts.push(`${functionName || "(anonymous)"}${place}`.slice(0, MOST_TEXT));
  }
  return texts;
}

/**
 * Where in its code a worker_thread is: stopped for a moment through V8's inspector, which reaches a thread though it computes and listens to
 * nobody. The debugger's session is ended as soon as the stack is there, so that the thread goes on as fast as before.
 */

import type { Worker } from "node:worker_threads";
import type { StackTaken } from "../protocol/call-stacks.ts";

/** How long it is looked at whether a thread runs anything, and what it runs at least if so. Milliseconds. */
const GLANCE_MS = 10;
const LEAST_MS = 0.2;
/** A thread that runs no code by then waits for something. Milliseconds. */
const PATIENCE_MS = 500;
const WAITS = "it runs no code at this moment: what it has begun waits for something";
/** Frames that are told. */
const MOST_FRAMES = 100;
const MOST_TEXT = 1000;
/** Code of Node, and of the thread's own file: nobody has written a task there. */
const NOT_THEIRS = /^node:|^evalmachine|node-((sandbox-)?worker|thread)\.cjs$|^\[worker eval\]$/;

type Done = (error: Error | null) => void;

interface Frame {
  readonly functionName: string;
  readonly location: { readonly scriptId: string; readonly lineNumber: number; readonly columnNumber?: number };
}

/** What a thread's debugger says. */
type Said =
  | { readonly method: "Debugger.scriptParsed"; readonly params: { readonly scriptId: string; readonly url: string } }
  | { readonly method: "Debugger.paused"; readonly params: { readonly callFrames: readonly Frame[] } }
  | { readonly method?: undefined; readonly id: number };

interface Thread {
  readonly id: number;
  /** Addresses of scripts. */
  readonly urls: Map<string, string>;
  /** The number of the message that ends its debugging, once that has been sent. */
  disabling: number | undefined;
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

/** What a thread is at now. One that waits is left alone. */
export async function threadStack({ threadId, performance }: Worker): Promise<StackTaken> {
  const before = performance.eventLoopUtilization();
  await new Promise((resolve) => setTimeout(resolve, GLANCE_MS));
  if (performance.eventLoopUtilization(before).active < LEAST_MS) return { reason: WAITS };
  return takeStack(threadId);
}

/** Several threads that are asked for together are stopped together. */
function takeStack(threadId: number): Promise<StackTaken> {
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
      giveUp(WAITS);
    } finally {
      session.disconnect();
    }
  } catch (error) {
    giveUp(`this Node cannot look into threads: ${error instanceof Error ? error.message : error}`);
  }
}

/** Settles when all have been found or run no code, and none of them can be stopped by us any more. */
function stopThem(
  session: InstanceType<typeof import("node:inspector").Session>,
  wants: ReadonlyMap<number, unknown>,
  settle: (threadId: number, taken: StackTaken) => void,
): Promise<void> {
  const post = session.post.bind(session) as (method: string, params: object, done?: Done) => void;
  const threads = new Map<string, Thread>();
  let messages = 0;
  const send = (sessionId: string, method: string): number => {
    messages += 1;
    post("NodeWorker.sendMessageToWorker", { sessionId, message: JSON.stringify({ id: messages, method }) });
    return messages;
  };
  return new Promise((resolve, reject) => {
    const attach = ({ params: { sessionId, workerInfo } }: Attached) => {
      const id = Number(/^\[worker (\d+)\]/.exec(workerInfo.title)?.[1]);
      if (!wants.has(id)) return post("NodeWorker.detach", { sessionId });
      threads.set(sessionId, { id, urls: new Map(), disabling: undefined });
      send(sessionId, "Debugger.enable");
      send(sessionId, "Debugger.pause");
    };
    const hear = ({ params: { sessionId, message } }: FromThread) => {
      const thread = threads.get(sessionId);
      if (thread === undefined) return;
      const said = JSON.parse(message) as Said;
      if (said.method === "Debugger.scriptParsed") thread.urls.set(said.params.scriptId, said.params.url);
      else if (said.method === "Debugger.paused") {
        settle(thread.id, { frames: framesOf(said.params.callFrames, thread.urls) });
        send(sessionId, "Debugger.resume");
        thread.disabling ??= send(sessionId, "Debugger.disable");
      } else if (said.method === undefined && said.id === thread.disabling) {
        threads.delete(sessionId);
        post("NodeWorker.detach", { sessionId });
        if (threads.size === 0) resolve();
      }
    };
    session.on("NodeWorker.attachedToWorker" as never, attach as never);
    session.on("NodeWorker.receivedMessageFromWorker" as never, hear as never);
    post("NodeWorker.enable", { waitForDebuggerOnStart: false }, (error) => {
      if (error) reject(error);
      else if (threads.size === 0) resolve();
    });
    setTimeout(() => {
      // It would be stopped at the next code that it runs, when nobody is there any more to let it go on.
      for (const [sessionId, thread] of threads) thread.disabling ??= send(sessionId, "Debugger.disable");
      setTimeout(resolve, PATIENCE_MS);
    }, PATIENCE_MS);
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

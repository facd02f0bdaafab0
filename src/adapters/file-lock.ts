/**
 * A lock that is a file, which names the process that holds it. One whose process is gone is taken over, so that nobody has to clean up after
 * a process that was killed.
 */

import { randomUUID } from "node:crypto";
import { link, readFile, rm, writeFile } from "node:fs/promises";

/** A process may have the number of one that is gone: then it began at another time. */
interface Holder {
  readonly pid: number;
  /** When it began, as the system tells; empty where that cannot be known. */
  readonly began: string;
  /** Which attempt to lock this was. */
  readonly id: string;
}

/** How often it is tried again when somebody else's dead lock is in the way, or has just been taken over. */
const ATTEMPTS = 100;

/** Returns how to unlock it. Rejects if a process that is alive has it, be it this one. `what`: for the message. */
export async function lockFile(path: string, what: string): Promise<() => Promise<void>> {
  const mine: Holder = { pid: process.pid, began: await beginOf(process.pid), id: randomUUID() };
  const draft = `${path}.${mine.id}`;
  // Written first and linked then: a lock is never seen half written, and a link is never made over another.
  await writeFile(draft, JSON.stringify(mine));
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (await isLinked(draft, path)) return () => unlock(path, mine);
      const holder = await holderOf(path);
      if (holder === undefined) continue; // It has just been unlocked.
      if (await isAlive(holder)) {
        const who = holder.pid === process.pid ? "this process" : `process ${holder.pid}`;
        throw new Error(
          `${what} is in use by ${who}: one at a time may have it. Close it there, or give this one another name`,
        );
      }
      await takeAway(path, draft);
    }
    throw new Error(`${what} could not be locked: others try to at the same time`);
  } finally {
    await rm(draft, { force: true });
  }
}

async function isLinked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

async function holderOf(path: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    if (error instanceof SyntaxError) return { pid: -1, began: "", id: "" }; // Cut short when the power went.
    throw error;
  }
}

/**
 * Removes a lock of somebody who is gone. One does at a time, and looks again: else it might remove that of somebody who has just removed this
 * one and taken its place.
 */
async function takeAway(path: string, draft: string): Promise<void> {
  const turn = `${path}.turn`;
  if (!(await isLinked(draft, turn))) {
    // Whoever had the turn may have been killed in it.
    const other = await holderOf(turn);
    if (other !== undefined && !(await isAlive(other))) await rm(turn, { force: true });
    return;
  }
  try {
    const holder = await holderOf(path);
    if (holder !== undefined && !(await isAlive(holder))) await rm(path, { force: true });
  } finally {
    await rm(turn, { force: true });
  }
}

async function unlock(path: string, mine: Holder): Promise<void> {
  if ((await holderOf(path))?.id === mine.id) await rm(path, { force: true });
}

async function isAlive({ pid, began }: Holder): Promise<boolean> {
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // It is somebody else's.
  }
  const now = await beginOf(pid);
  return now !== GONE && (began === "" || now === "" || now === began);
}

const GONE = "gone";

/** When a process began, where Linux tells. One that has ended and only waits for its parent to notice is gone. */
async function beginOf(pid: number): Promise<string> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, "utf8");
    const [state = "", ...rest] = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return state === "Z" || state === "X" ? GONE : (rest[18] ?? "");
  } catch {
    return "";
  }
}

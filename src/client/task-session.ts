/** A session in the name of one task: what is asked for through it is the task's own, and the task's slot is free while it waits. */

import type { Speaker } from "../ports/task-clients.ts";
import { CancelledError } from "../protocol/errors.ts";
import type { Key, TaskId } from "../protocol/identity.ts";
import type { SubmitOptions } from "./call-options.ts";
import { type FutureOwner, futureAccess, hasFailed, type Watcher } from "./future.ts";
import type { Session } from "./session.ts";

export interface TaskSession {
  readonly session: Session;
  /** Lets go of all that was asked for through it; nothing more is asked. */
  abandon(reason: string): void;
  /** The task is over. */
  end(): void;
}

/** What is known of the task in whose name a session speaks, for those who keep something on its behalf. */
export interface TaskPart {
  readonly id: TaskId | undefined;
  readonly key: Key | undefined;
  readonly signal: AbortSignal | undefined;
  /** Has `act` called when the task is over, at once if it is; returns how to call that off. */
  atEnd(act: () => void): () => void;
}

/** What asks for something new. */
const ASKING: readonly PropertyKey[] = ["submit", "map", "know", "scatter", "claim", "ask"];

/**
 * The same session to look at, and whatever sessions can do it does. Of the futures that it makes it is the owner, so that whoever
 * waits for one is known.
 */
export function speakFor(session: Session, speaker: Speaker): TaskSession {
  /** By the options they were made of: tasks with the same options travel together. */
  const nested = new WeakMap<SubmitOptions, SubmitOptions>();
  const { ledger, functions } = session.parts;
  let over: string | undefined;

  const nest = (options: SubmitOptions): SubmitOptions => {
    if (speaker.id === undefined) return options;
    let inside = nested.get(options);
    if (inside === undefined) {
      inside = { ...options, task: { ...options.task, parent: speaker.id } };
      nested.set(options, inside);
    }
    return inside;
  };

  const abandon = (reason: string): void => {
    over ??= reason;
    for (const future of [...ledger.futures()]) {
      if (futureAccess.owner(future) === own) session.release(future, reason);
    }
  };

  const acts = new Set<() => void>();
  let hasEnded = false;
  const end = (): void => {
    hasEnded = true;
    for (const act of acts) act();
    acts.clear();
  };

  const itsOwn: Omit<Partial<Session>, "requestValue"> & FutureOwner & { readonly task: TaskPart } = {
    client: session,
    pause: () => speaker.pause(),
    submit: (fn, args, options, kind) => session.submit(fn, args, nest(options), kind),
    append: (known, slots, shape, options) => session.append(known, slots, shape, nest(options)),
    map: (fn, columns, options, keys) => session.map(fn, columns, nest(options), keys),
    task: {
      id: speaker.id,
      get key() {
        return speaker.key;
      },
      get signal() {
        return speaker.signal as AbortSignal | undefined;
      },
      atEnd: (act) => {
        if (hasEnded) act();
        else acts.add(act);
        return () => acts.delete(act);
      },
    },
    ask: (request, signal, late) => {
      const answer = session.ask(request, signal, late);
      return answer.finally(speaker.pause());
    },
    requestValue: (future, value) => {
      // Whoever is called off leaves promises behind that nobody awaits: of those, the platform would make an end of the thread.
      value?.catch(() => {});
      const goOn = speaker.pause();
      const watcher: Watcher = {
        changed: () => {
          const state = futureAccess.state(future);
          if (state !== "finished" && !hasFailed(state)) return true;
          goOn();
          return false;
        },
      };
      futureAccess.watch(future, watcher);
      session.requestValue(future);
    },
    close: abandon,
    keyOf: (future) => session.keyOf(future),
    release: (future) => session.release(future),
    cancel: (futures, options) => session.cancel(futures, options),
    retry: (futures) => session.retry(futures),
  };

  const own: Session = new Proxy(session, {
    get(_, name) {
      const found: unknown = name in itsOwn ? Reflect.get(itsOwn, name) : Reflect.get(session, name, session);
      if (typeof found !== "function") return found;
      return (...args: unknown[]) => {
        if (over !== undefined && ASKING.includes(name)) {
          throw new CancelledError(`nothing more is done for a task that is over: ${over}`, { key: "", reason: over });
        }
        const before = functions.owner;
        functions.owner = own;
        try {
          return Reflect.apply(found, session, args);
        } finally {
          functions.owner = before;
        }
      };
    },
  });
  return { session: own, abandon, end };
}

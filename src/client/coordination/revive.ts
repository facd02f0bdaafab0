/** Handles that arrive: others of their kind are made of their descriptions. */

import { actorHandle } from "../actors/actor-handle.ts";
import type { Session } from "../session.ts";
import { Barrier, Event } from "./event.ts";
import type { ArrivalOptions, Handle, HandleDescription } from "./handle.ts";
import { Lock, MultiLock, Semaphore } from "./lock.ts";
import { Queue } from "./queue.ts";
import { Topic } from "./topic.ts";
import { Variable } from "./variable.ts";

export function revive(description: HandleDescription, session: Session): Handle {
  const handle = make(description, session);
  // From here on, the handle has a claim of its own.
  for (const anchor of description.anchors) anchor?.release();
  return handle;
}

function make({ kind, names, limit, isMultiple = false, isAnonymous }: HandleDescription, session: Session): Handle {
  const [name] = names;
  // A session will do where users name a client: nobody else passes one.
  const options = { client: session, isAnonymous } satisfies ArrivalOptions as object;
  switch (kind) {
    case "queue":
      return new Queue(name, { ...options, maxSize: limit });
    case "lock":
      return isMultiple ? new MultiLock(names, options) : new Lock(name, options);
    case "semaphore":
      return new Semaphore(name, { ...options, maxLeases: limit });
    case "event":
      return new Event(name, options);
    case "variable":
      return new Variable(name, options);
    case "topic":
      return new Topic(name, { ...options, history: limit });
    case "barrier":
      return new Barrier(name, limit as number, options);
    case "actor":
      return actorHandle(name as string, session);
  }
}

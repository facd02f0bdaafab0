/** Events of the cluster, as clients read and follow them. */

import type { NotedEvent, NotedEvents } from "../protocol/cluster-events.ts";
import type { Session } from "./session.ts";
import type { TaskPart } from "./task-session.ts";

/** Something that was noted in the cluster. */
export interface ClusterEvent<T = unknown> {
  /** Counts everything that was ever noted, under whichever topic. */
  readonly number: number;
  readonly topic: string;
  readonly time: Date;
  /** Who noted it: `scheduler`, a client by its id, or a task by the address of its worker. */
  readonly from: string;
  readonly message: T;
}

export interface SubscribeOptions {
  /** Begin with what is still kept. */
  readonly history?: boolean;
  /** Ends the subscription. */
  readonly signal?: AbortSignal;
}

export interface EventSubscription extends Disposable {
  close(): void;
}

/** A session, which may speak for a task: see `task-session.ts`. */
type Spoken = Session & { readonly client?: Session; readonly task?: TaskPart };

export async function readEvents(session: Session, topic: string): Promise<ClusterEvent[]> {
  return eventsIn((await session.ask({ type: "events", topic })) as NotedEvents);
}

export async function subscribe(
  session: Spoken,
  topic: string,
  handler: (event: ClusterEvent) => unknown,
  { history = false, signal }: SubscribeOptions,
): Promise<EventSubscription> {
  signal?.throwIfAborted();
  // Past the task, if one asks: it does not wait for what comes.
  const client = session.client ?? session;
  const begun = (await client.ask({ type: "events", topic }, signal)) as NotedEvents;
  signal?.throwIfAborted();
  const end = new AbortController();
  const close = () => end.abort();
  signal?.addEventListener("abort", close);
  const forget = session.task?.atEnd(close);
  const follow = async () => {
    if (history) for (const event of eventsIn(begun)) tell(handler, event);
    for (let after = begun.count; !end.signal.aborted; ) {
      const noted = (await client.ask({ type: "events", topic, after }, end.signal, () => {}, true)) as NotedEvents;
      if (noted.missed > 0) console.warn(`manyhands: a subscriber of ${topic} missed ${noted.missed} events`);
      for (const event of eventsIn(noted)) if (!end.signal.aborted) tell(handler, event);
      after = noted.count;
    }
  };
  // It ends when it is closed, or the client is.
  follow()
    .catch(() => {})
    .finally(() => {
      signal?.removeEventListener("abort", close);
      forget?.();
    });
  return { close, [Symbol.dispose]: close };
}

/** Calls what is the user's: its errors are none of ours, not even those that come later. */
async function tell(handler: (event: ClusterEvent) => unknown, event: ClusterEvent): Promise<void> {
  try {
    await handler(event);
  } catch (error) {
    console.error(`a subscriber of ${event.topic} threw:`, error);
  }
}

function eventsIn({ events, nowMs }: NotedEvents): ClusterEvent[] {
  const now = Date.now();
  return events.map(({ atMs, ...event }: NotedEvent) => ({ ...event, time: new Date(now - (nowMs - atMs)) }));
}

/**
 * What happens in the cluster, as far as somebody may want to know it later: noted under topics, of each of which the last is kept.
 *
 * Beside what clients and tasks log, the scheduler notes who comes and goes, what ends its workers, what is done to the cluster as a
 * whole, and what clients are warned of. Under `all` stands everything but the
 * lines of workers' consoles, of which there may be very many.
 */

import { ALL_TOPICS, type NotedEvent, type NotedEvents, type SchedulerNote } from "../protocol/cluster-events.ts";
import { LOG_TOPIC } from "../protocol/logs.ts";
import type { SchedulerState } from "./state.ts";

/** Events kept of one topic. */
const MOST_EVENTS = 1000;
/** Topics kept; beyond that, the one under which nothing was noted for longest goes. */
const MOST_TOPICS = 1000;

interface Topic {
  /** By place, counted from the first ever noted under it. */
  readonly events: Map<number, NotedEvent>;
  count: number;
}

export class EventLog {
  readonly #state: SchedulerState;
  readonly #topics = new Map<string, Topic>();
  #count = 0;

  constructor(state: SchedulerState) {
    this.#state = state;
  }

  /** Events noted so far, which is the number of the last. */
  get count(): number {
    return this.#count;
  }

  /** What the scheduler itself has seen. */
  note(...[topic, message]: SchedulerNote): void {
    this.log([topic], message, "scheduler");
  }

  log(topics: readonly string[], message: unknown, from: string): void {
    for (const topic of new Set(topics)) {
      this.#count += 1;
      const event = { number: this.#count, topic, atMs: this.#state.nowMs, from, message };
      if (topic !== LOG_TOPIC) this.#enter(ALL_TOPICS, event);
      if (topic !== ALL_TOPICS) this.#enter(topic, event);
    }
  }

  /** All that is kept of a topic. */
  read(name: string): NotedEvents {
    return this.readAfter(name, 0) ?? { events: [], count: 0, nowMs: this.#state.nowMs, missed: 0 };
  }

  /** What was noted under it after the first `after`, if there is anything. */
  readAfter(name: string, after: number): NotedEvents | undefined {
    const { count, events } = this.#topics.get(name) ?? { count: 0, events: new Map<number, NotedEvent>() };
    // It may have been let go of since, and be a new one.
    const from = after > count ? 0 : after;
    if (count === from) return undefined;
    const missed = Math.max(0, count - events.size - from);
    const newer: NotedEvent[] = [];
    for (let place = from + missed + 1; place <= count; place++) newer.push(events.get(place) as NotedEvent);
    return { events: newer, count, nowMs: this.#state.nowMs, missed };
  }

  #enter(name: string, event: NotedEvent): void {
    const topic = this.#topics.get(name) ?? { events: new Map(), count: 0 };
    // The one noted last stands last.
    this.#topics.delete(name);
    this.#topics.set(name, topic);
    topic.count += 1;
    topic.events.set(topic.count, event);
    topic.events.delete(topic.count - MOST_EVENTS);
    if (this.#topics.size <= MOST_TOPICS) return;
    for (const oldest of this.#topics.keys()) {
      this.#topics.delete(oldest);
      return;
    }
  }
}

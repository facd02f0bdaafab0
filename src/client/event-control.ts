/** What happens in the cluster: the part of `Client` that logs events, looks them up and follows them. */

import { captureWithoutFutures } from "./argument-capture.ts";
import type { ClusterEvent, EventSubscription, SubscribeOptions } from "./cluster-events.ts";
import type { Session } from "./session.ts";
import { WorkerControl } from "./worker-control.ts";

export class EventControl extends WorkerControl {
  readonly #session: Session;

  constructor(session: Session) {
    super(session);
    this.#session = session;
  }

  /**
   * Notes something under a topic, or several, for whoever looks with {@link events} or follows with {@link subscribeTopic}. It is
   * captured now, and may not hold futures. There is nothing to wait for: who asks afterwards is told of it.
   *
   * The last thousand of each topic are kept with the scheduler. It notes by itself who comes and goes (`workers`, `clients`), tasks that
   * ended their workers once too often (`tasks`), what is done to the cluster (`cluster`), and `warnings`. Under `all` stands everything but what
   * workers write to their consoles (`logs`, while it is forwarded).
   *
   * @example
   * ```ts
   * client.logEvent("training", { epoch: 3, loss: 0.25 });
   * ```
   */
  logEvent(topic: string | readonly string[], message: unknown): void {
    const topics = typeof topic === "string" ? [topic] : [...topic];
    if (topics.length === 0 || !topics.every(isTopic)) throw new TypeError(`a topic is ${TOPIC}`);
    const { value } = captureWithoutFutures(message, "the message");
    // Whatever it is answered: if the conversation ends before, there is nothing that could still be told.
    this.#session.ask({ type: "log-event", topics, message: value }).catch(() => {});
  }

  /** What was noted under a topic, the oldest first, as far as it is kept; everything, unless one is named. */
  async events(topic = "all"): Promise<ClusterEvent[]> {
    if (!isTopic(topic)) throw new TypeError(`a topic is ${TOPIC}`);
    const { readEvents } = await import("./cluster-events.ts");
    return readEvents(this.#session, topic);
  }

  /**
   * Has `handler` called with whatever is noted under a topic from now on, in its order, until the subscription or the client is closed;
   * in a task, until that is over. Settles when it has begun. It keeps no process alive. What the handler throws is reported.
   */
  async subscribeTopic<T = unknown>(
    topic: string,
    handler: (event: ClusterEvent<T>) => unknown,
    options: SubscribeOptions = {},
  ): Promise<EventSubscription> {
    if (!isTopic(topic)) throw new TypeError(`a topic is ${TOPIC}`);
    if (typeof handler !== "function") throw new TypeError("subscribeTopic() needs a function to call");
    const { subscribe } = await import("./cluster-events.ts");
    return subscribe(this.#session, topic, handler as (event: ClusterEvent) => unknown, options);
  }
}

const TOPIC = "a text that is not empty";

function isTopic(topic: unknown): topic is string {
  return typeof topic === "string" && topic !== "";
}

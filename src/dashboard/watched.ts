/** What a dashboard needs of whoever knows a cluster: a client has it, and so has the address where one serves it. */

import type { ClusterEvent } from "../client/cluster-events.ts";
import type { TaskSpan } from "../client/recording.ts";
import type { TaskStory } from "../client/stories.ts";
import type { Survey } from "../protocol/survey.ts";

/** Spans a second that a dashboard shows of all workers: of more, short ones are told together. */
export const SHOWN_PER_SECOND = 2000;

export interface SpanStream extends AsyncIterable<readonly TaskSpan[]> {
  stop(): Promise<void>;
}

export interface Watched {
  /** Whether the scheduler is certainly not in this page, which need not be spared then. */
  readonly isElsewhere?: boolean;
  survey(): Promise<Survey>;
  story(key: string): Promise<TaskStory>;
  taskStream(options: { readonly limit: number; readonly perSecond: number }): Promise<SpanStream>;
  subscribeTopic(
    topic: string,
    handler: (event: ClusterEvent) => void,
    options: { readonly history: boolean },
  ): Promise<{ close(): void }>;
}

/** What `client.serveDashboard()` serves in Node, seen from a page. The token, if there is one, is in the address. */
export function watchedAt(address: string): Watched {
  const at = (path: string): URL => {
    const url = new URL(path, address);
    url.search = new URL(address).search;
    return url;
  };
  const read = async (url: URL): Promise<unknown> => {
    const response = await fetch(url);
    if (!response.ok) throw new Error(await response.text());
    return response.json();
  };
  return {
    isElsewhere: true,
    survey: async () => (await read(at("survey"))) as Survey,
    story: async (key) => {
      const url = at("story");
      url.searchParams.set("key", key);
      return (await read(url)) as TaskStory;
    },
    taskStream: async () => spansAt(at("spans")),
    subscribeTopic: async (_topic, handler) => {
      const source = new EventSource(at("events"));
      source.onmessage = ({ data }: MessageEvent<string>) => {
        const event = JSON.parse(data) as ClusterEvent;
        handler({ ...event, time: new Date(event.time) });
      };
      return { close: () => source.close() };
    },
  };
}

function spansAt(url: URL): SpanStream {
  const source = new EventSource(url);
  let waiting: (readonly TaskSpan[])[] = [];
  let isOver = false;
  let wake = () => {};
  source.onmessage = ({ data }: MessageEvent<string>) => {
    waiting.push(JSON.parse(data) as TaskSpan[]);
    wake();
  };
  return {
    async *[Symbol.asyncIterator]() {
      while (!isOver) {
        const came = waiting;
        waiting = [];
        yield* came;
        if (waiting.length > 0 || isOver) continue;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    stop: async () => {
      isOver = true;
      source.close();
      wake();
    },
  };
}

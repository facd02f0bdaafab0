/** Serves a dashboard where there is no page: the page itself, what it shows, and the same for machines that watch. */

import type { Gone, HttpReply, HttpRoutes } from "../ports/http.ts";
import { metricsText } from "./metrics.ts";
import { SHOWN_PER_SECOND, type Watched } from "./watched.ts";

const JSON_TYPE = "application/json; charset=utf-8";
const STREAM_TYPE = "text/event-stream; charset=utf-8";
/** How long a cluster may take to answer before it is not well. Milliseconds. */
const PATIENCE_MS = 5000;

/** `script`: the text of a file of the build by its name, if there is one. */
export function dashboardRoutes(watched: Watched, script: (name: string) => Promise<string | undefined>): HttpRoutes {
  return async (path, gone, query) => {
    switch (path) {
      case "/":
        return { type: "text/html; charset=utf-8", body: PAGE };
      case "/page.js":
        return { type: "text/javascript", body: PAGE_SCRIPT };
      case "/survey":
        return { type: JSON_TYPE, body: JSON.stringify(await watched.survey()) };
      case "/story": {
        const key = query.get("key") ?? "";
        if (key === "")
          return { type: JSON_TYPE, status: 400, body: JSON.stringify({ reason: "of which key? /story?key=…" }) };
        return { type: JSON_TYPE, body: JSON.stringify(await watched.story(key)) };
      }
      case "/metrics":
        return { type: "text/plain; version=0.0.4; charset=utf-8", body: metricsText(await watched.survey()) };
      case "/health":
        return health(watched);
      case "/spans":
        return { type: STREAM_TYPE, body: spans(watched, gone) };
      case "/events":
        return { type: STREAM_TYPE, body: events(watched, gone) };
      default: {
        const [, name] = /^\/([\w-]+\.js)$/.exec(path) ?? [];
        const text = name === undefined ? undefined : await script(name);
        return text === undefined ? undefined : { type: "text/javascript", body: text };
      }
    }
  };
}

/** Whether the scheduler answers. */
async function health(watched: Watched): Promise<HttpReply> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`the scheduler has not answered for ${PATIENCE_MS} ms`)), PATIENCE_MS);
  });
  try {
    const { info } = await Promise.race([watched.survey(), tooLate]);
    return { type: JSON_TYPE, body: JSON.stringify({ status: "ok", workers: Object.keys(info.workers).length }) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { type: JSON_TYPE, status: 503, body: JSON.stringify({ status: "failing", reason }) };
  } finally {
    clearTimeout(timer);
  }
}

async function* spans(watched: Watched, gone: Gone): AsyncGenerator<string> {
  const recording = await watched.taskStream({ limit: 1, perSecond: SHOWN_PER_SECOND });
  const stop = () => void recording.stop();
  if (gone.aborted) return stop();
  gone.addEventListener("abort", stop);
  yield ":\n\n";
  for await (const batch of recording) yield `data: ${JSON.stringify(batch)}\n\n`;
}

async function* events(watched: Watched, gone: Gone): AsyncGenerator<string> {
  const lines: string[] = [":\n\n"];
  let wake = () => {};
  const hear = (event: unknown) => {
    lines.push(`data: ${JSON.stringify(event)}\n\n`);
    wake();
  };
  const subscription = await watched.subscribeTopic("all", hear, { history: true });
  gone.addEventListener("abort", () => wake());
  try {
    while (!gone.aborted) {
      yield* lines.splice(0);
      if (lines.length > 0 || gone.aborted) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    subscription.close();
  }
}

const PAGE = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>manyhands</title>
<style>:root { color-scheme: light dark } body { margin: 0 }</style></head>
<body><script type="module" src="page.js"></script></body>
</html>
`;

const PAGE_SCRIPT = `import { openDashboard, watchedAt } from "./dashboard.js";
openDashboard(watchedAt(location.href));
`;

/**
 * `manyhands demo`: the pages that come with the package, the signalling server by way of which those who open them find each other, and a
 * scheduler for whoever may have jobs done there.
 */

import type { RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { availableParallelism, networkInterfaces } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { serveFiles } from "../adapters/http-files.ts";
import { serveSignaling } from "../adapters/signaling-server.ts";
import { type Command, type CommandLine, EXIT } from "./command.ts";
import { DemoRoom } from "./demo-room.ts";
import { diary } from "./diary.ts";
import { wholeNumber } from "./numbers.ts";
import { givenTokens, keepTokens, type Tokens } from "./tokens.ts";

const help = `manyhands demo [options]

Serves pages until Ctrl+C: one that opens a room and has pictures, sweeps and functions of yours computed by all who open its link; the one behind
that link; and a playground. With the signalling server that they need. Any other web server can hand out the files, too: they lie in dist/demo.

Rooms are in the organiser's page, or here: whoever opens the page by the address with the secret in it may have jobs done by a scheduler of this
process, on the threads of this machine and of all who open the link.

  --port N       8080 unless said, or any that is free if that is taken; 0 takes any that is free
  --host HOST    the address to listen on; only this machine reaches 127.0.0.1, which it is unless said, and all others 0.0.0.0
  --workers N    threads of the scheduler here, which start when somebody first comes to use it; one for each core unless said
  --tokens FILE  its tokens, as JSON: {"worker": "…", "client": "…"}. Made, and written there for you alone, if there is no such file
  --json         what happens as JSON, a line each
  --help

Tokens may also come in MANYHANDS_WORKER_TOKEN and MANYHANDS_CLIENT_TOKEN. Without any they are made, and shown if this is a terminal; if it is
none, nobody would see them, and there is no scheduler.`;

const USUAL_PORT = 8080;
/** Where it is among the pages; these know it. */
const SCHEDULER = "/scheduler/";

export const demo: Command = {
  name: "demo",
  about: "pages that have things computed by all who open a link, and a playground",
  help,
  async run(line) {
    const { values } = parseArgs({
      args: [...line.args],
      options: {
        port: { type: "string" },
        host: { type: "string", default: "127.0.0.1" },
        workers: { type: "string", default: `${availableParallelism()}` },
        tokens: { type: "string" },
        json: { type: "boolean", default: false },
      },
    });
    const note = diary(line.log, values.json);
    const { host } = values;
    const port = values.port === undefined ? undefined : wholeNumber("port", values.port, 0);
    const nWorkers = wholeNumber("workers", values.workers, 0);
    const given = givenTokens(line, values.tokens);
    const interrupted = new Promise<void>((resolve) => line.onInterrupt(resolve));
    /** Who answers for the scheduler, once there is one. */
    const room: { answer?: RequestListener } = {};
    const server = await serve(host, port, (request, response) => {
      if (room.answer === undefined)
        response.writeHead(404, { "content-type": "text/plain" }).end("no scheduler here\n");
      else room.answer(request, response);
    });
    const names = namesOf(host).map((name) => `${name}:${(server.address() as AddressInfo).port}`);
    const signaling = await serveSignaling({ server, path: "/signal/" });
    const hasScheduler = given !== undefined || values.tokens !== undefined || line.isTerminal;
    const scheduler = hasScheduler
      ? await schedule(line, `ws://${names[0]}${SCHEDULER}`, { server, nWorkers, given })
      : undefined;
    if (scheduler !== undefined) room.answer = scheduler.answer;
    server.on("upgrade", ({ url = "" }, socket) => {
      if (!url.startsWith(SCHEDULER) && !url.startsWith("/signal/")) socket.destroy();
    });
    for (const name of names) note("listening", { url: `http://${name}/` });
    if (scheduler !== undefined && given === undefined) {
      if (values.tokens !== undefined) keepTokens(values.tokens, scheduler.tokens);
      else line.print(`\nWith jobs on this machine: http://${names[0]}/#scheduler=${scheduler.tokens.client}\n`);
    }
    note("ready", { scheduler: hasScheduler });
    await interrupted;
    await scheduler?.close();
    await signaling.close();
    server.close();
    server.closeAllConnections();
    note("closed");
    return EXIT.fine;
  },
};

interface SchedulerOptions {
  readonly server: object;
  readonly nWorkers: number;
  readonly given: Tokens | undefined;
}

/** Has a scheduler on the port of the pages. Its own threads are there once an organiser has come. */
async function schedule(line: CommandLine, address: string, { server, nWorkers, given }: SchedulerOptions) {
  const cluster = line.makeCluster({ nWorkers: 0 });
  const listening = await cluster.listen(address, { server, ...(given !== undefined && { tokens: given }) });
  const room = new DemoRoom({
    listening,
    // When the process is ended meanwhile, so are they.
    onFirst: () => void cluster.scale(nWorkers).catch(() => {}),
    now: () => performance.now(),
  });
  const answer: RequestListener = (request, response) =>
    void room.answer(request, response).catch(() => response.destroy());
  return { answer, tokens: listening.tokens, close: () => cluster.close() };
}

async function serve(host: string, port: number | undefined, room: RequestListener) {
  // Whatever chunk this is in, it lies beside the doors.
  const folder = fileURLToPath(new URL("./demo/", import.meta.url));
  const options = { host, answers: { "/signal/": { signaling: "manyhands" } }, listeners: { "/room/": room } };
  try {
    return await serveFiles(folder, { ...options, port: port ?? USUAL_PORT });
  } catch (error) {
    if (port !== undefined || (error as { code?: string }).code !== "EADDRINUSE") throw error;
    return serveFiles(folder, { ...options, port: 0 });
  }
}

/** By what names browsers reach it: this machine's first, then in the networks it is part of. */
function namesOf(host: string): string[] {
  if (host !== "0.0.0.0" && host !== "::") return [host.includes(":") ? `[${host}]` : host];
  const others = Object.values(networkInterfaces()).flatMap((addresses = []) =>
    addresses.filter(({ family, internal }) => family === "IPv4" && !internal).map(({ address }) => address),
  );
  return ["127.0.0.1", ...others];
}

/** `manyhands demo`: the pages that come with the package, and the signalling server by way of which those who open them find each other. */

import type { AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { serveFiles } from "../adapters/http-files.ts";
import { serveSignaling } from "../adapters/signaling-server.ts";
import { type Command, EXIT } from "./command.ts";
import { diary } from "./diary.ts";
import { wholeNumber } from "./numbers.ts";

const help = `manyhands demo [options]

Serves pages until Ctrl+C: one that opens a room and has pictures, sweeps and functions of yours computed by all who open its link; the one behind
that link; and a playground. With the signalling server that they need. Any other web server can hand out the files, too: they lie in dist/demo.

  --port N      8080 unless said, or any that is free if that is taken; 0 takes any that is free
  --host HOST   the address to listen on; only this machine reaches 127.0.0.1, which it is unless said, and all others 0.0.0.0
  --json        what happens as JSON, a line each
  --help`;

const USUAL_PORT = 8080;

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
        json: { type: "boolean", default: false },
      },
    });
    const note = diary(line.log, values.json);
    const { host } = values;
    const port = values.port === undefined ? undefined : wholeNumber("port", values.port, 0);
    const interrupted = new Promise<void>((resolve) => line.onInterrupt(resolve));
    const server = await serve(host, port);
    const signaling = await serveSignaling({ server, path: "/signal/" });
    const { port: taken } = server.address() as AddressInfo;
    for (const name of namesOf(host)) note("listening", { url: `http://${name}:${taken}/` });
    note("ready");
    await interrupted;
    await signaling.close();
    server.close();
    server.closeAllConnections();
    note("closed");
    return EXIT.fine;
  },
};

async function serve(host: string, port: number | undefined) {
  // Whatever chunk this is in, it lies beside the doors.
  const folder = fileURLToPath(new URL("./demo/", import.meta.url));
  const options = { host, answers: { "/signal/": { signaling: "manyhands" } } };
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

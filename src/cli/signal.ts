/** `manyhands signal`: the server by way of which pages and processes find each other. */

import { parseArgs } from "node:util";
import { serveSignaling } from "../adapters/signaling-server.ts";
import { type Command, EXIT } from "./command.ts";
import { diary } from "./diary.ts";
import { wholeNumber } from "./numbers.ts";

const help = `manyhands signal [options]

Runs a signalling server until Ctrl+C: those who open a room or join one (peer:…) find each other by way of it. It sees who talks with whom, and
nothing of what they say. What pages and hosts are to be told: { signaling: "http://HOST:PORT/PATH" }.

  --port N      9000 unless said; 0 takes any that is free
  --host HOST   the address to listen on; only this machine reaches 127.0.0.1, which it is unless said, and all others 0.0.0.0. Pages that
                came by https: need a server that speaks https: before it
  --path PATH   below which it answers; / unless said
  --peers N     how many at once; 5000 unless said
  --json        what happens as JSON, a line each
  --help`;

export const signal: Command = {
  name: "signal",
  about: "the server by way of which pages and processes find each other",
  help,
  async run(line) {
    const { values } = parseArgs({
      args: [...line.args],
      options: {
        port: { type: "string", default: "9000" },
        host: { type: "string", default: "127.0.0.1" },
        path: { type: "string", default: "/" },
        peers: { type: "string", default: "5000" },
        json: { type: "boolean", default: false },
      },
    });
    const note = diary(line.log, values.json);
    const { host, path } = values;
    const interrupted = new Promise<void>((resolve) => line.onInterrupt(resolve));
    const signaling = await serveSignaling({
      host,
      path,
      port: wholeNumber("port", values.port, 0),
      peersLimit: wholeNumber("peers", values.peers, 1),
      onPeers: (peers) => note("peers", { peers }),
    });
    note("listening", { url: signaling.url });
    await interrupted;
    await signaling.close();
    note("closed");
    return EXIT.fine;
  },
};

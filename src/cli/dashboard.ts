/** `manyhands dashboard`: shows what the cluster of a scheduler elsewhere does, to a browser. */

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type Command, EXIT, UsageError } from "./command.ts";
import { diary } from "./diary.ts";
import { wholeNumber } from "./numbers.ts";
import { readToken } from "./tokens.ts";

const help = `manyhands dashboard ADDRESS [options]

Shows what the cluster of the scheduler at ADDRESS does, until Ctrl+C: to a browser, at the address that is printed. There is more at it: /metrics for
Prometheus, /health, /survey and /story?key=…. ADDRESS is one for clients, as ws://127.0.0.1:8786 or peer:room.

  --port N               8787 unless said; 0 takes any that is free
  --host HOST            the address to listen on; only this machine reaches 127.0.0.1, which it is unless said. Elsewhere, whoever looks needs the
                         token that is part of the printed address
  --token-file FILE      a file with the client's token, or one that manyhands scheduler --tokens has made
  --token TOKEN          the token itself; others on this machine may see it in the list of processes
  --signaling URL        for peer: addresses, the signalling server
  --ca FILE              in PEM: believe this authority, too, for wss://
  --json                 what happens as JSON, a line each
  --help

The token may also come in MANYHANDS_CLIENT_TOKEN.`;

export const dashboard: Command = {
  name: "dashboard",
  about: "shows what the cluster of a scheduler elsewhere does, to a browser",
  help,
  async run(line) {
    const { values, positionals } = parseArgs({
      args: [...line.args],
      allowPositionals: true,
      options: {
        port: { type: "string", default: "8787" },
        host: { type: "string", default: "127.0.0.1" },
        token: { type: "string" },
        "token-file": { type: "string" },
        signaling: { type: "string" },
        ca: { type: "string" },
        json: { type: "boolean", default: false },
      },
    });
    const [address, ...more] = positionals;
    if (address === undefined || more.length > 0) throw new UsageError("one address is needed, as ws://127.0.0.1:8786");
    const note = diary(line.log, values.json);
    const port = wholeNumber("port", values.port, 0);
    const token =
      values.token ??
      (values["token-file"] && readToken(values["token-file"], "client")) ??
      line.env["MANYHANDS_CLIENT_TOKEN"];
    const interrupted = new Promise<void>((resolve) => line.onInterrupt(resolve));
    const client = line.connect(address, {
      ...(token !== undefined && { token }),
      ...(values.signaling !== undefined && { signaling: values.signaling }),
      ...(values.ca !== undefined && { ca: readFileSync(values.ca, "utf8") }),
    });
    // Neither a server nor a client that waits for nothing keeps a process alive.
    const alive = setInterval(() => {}, 2 ** 30);
    try {
      await Promise.race([client.ready, interrupted]);
      const { url } = await client.serveDashboard({ port, host: values.host });
      note("serving", { url: url.replace(/\?.*/, ""), address: address.replace(/#.*/, "") });
      line.print(url);
      // So many there never are: it is answered when the conversation is over.
      const over = client.waitForWorkers(Number.MAX_SAFE_INTEGER).then(String, ({ message }: Error) => message);
      const reason = await Promise.race([interrupted, over]);
      if (typeof reason === "string") {
        note("ended", { reason });
        return EXIT.failed;
      }
      note("closing");
    } finally {
      clearInterval(alive);
      await client.close();
    }
    note("closed");
    return EXIT.fine;
  },
};

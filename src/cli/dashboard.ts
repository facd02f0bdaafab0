/** `manyhands dashboard`: shows what the cluster of a scheduler elsewhere does, to a browser. */

import { parseArgs } from "node:util";
import { type Command, EXIT } from "./command.ts";
import { wholeNumber } from "./numbers.ts";
import { reaching, reachingHelp, reachingOptions } from "./reaching.ts";

const help = `manyhands dashboard ADDRESS [options]

Shows what the cluster of the scheduler at ADDRESS does, until Ctrl+C: to a browser, at the address that is printed. There is more at it: /metrics for
Prometheus, /health, /survey and /story?key=…. ADDRESS is one for clients, as ws://127.0.0.1:8786 or peer:room.

  --port N               8787 unless said; 0 takes any that is free
  --host HOST            the address to listen on; only this machine reaches 127.0.0.1, which it is unless said. Elsewhere, whoever looks needs the
                         token that is part of the printed address
  --signaling URL        for peer: addresses, the signalling server
${reachingHelp}

The token, which is the client's, may also come in MANYHANDS_CLIENT_TOKEN.`;

export const dashboard: Command = {
  name: "dashboard",
  about: "shows what the cluster of a scheduler elsewhere does, to a browser",
  help,
  async run(line) {
    const given = parseArgs({
      args: [...line.args],
      allowPositionals: true,
      options: {
        port: { type: "string", default: "8787" },
        host: { type: "string", default: "127.0.0.1" },
        signaling: { type: "string" },
        ...reachingOptions,
      },
    });
    const { values } = given;
    const { address, shown, note, options } = reaching(line, given, "client");
    const port = wholeNumber("port", values.port, 0);
    const interrupted = new Promise<void>((resolve) => line.onInterrupt(resolve));
    const client = line.connect(address, {
      ...options,
      ...(values.signaling !== undefined && { signaling: values.signaling }),
    });
    // Neither a server nor a client that waits for nothing keeps a process alive.
    const alive = setInterval(() => {}, 2 ** 30);
    try {
      await Promise.race([client.ready, interrupted]);
      const { url } = await client.serveDashboard({ port, host: values.host });
      note("serving", { url: url.replace(/\?.*/, ""), address: shown });
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

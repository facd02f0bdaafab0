/** `manyhands scheduler`: a scheduler that clients and hosts elsewhere reach by its address. */

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type Command, EXIT, UsageError } from "./command.ts";
import { diary } from "./diary.ts";
import { wholeNumber } from "./numbers.ts";
import { givenTokens, keepTokens } from "./tokens.ts";

const help = `manyhands scheduler [--listen ADDRESS] [options]

Runs a scheduler until Ctrl+C. Hosts lend it threads (manyhands worker ADDRESS), clients submit (new Client(ADDRESS, { token })).

  --listen ADDRESS       where; ws://127.0.0.1:8786 unless said. Only this machine reaches that; ws://0.0.0.0:8786 all others
  --cert FILE --key FILE in PEM, for wss://
  --tokens FILE          the tokens, as JSON: {"worker": "…", "client": "…"}. Made, and written there for you alone, if there is no such file
  --no-tokens            let in everybody of this machine
  --workers N            threads of its own; 0 unless said
  --durable NAME         keep what it knows under this name, in files: the next one of that name goes on with it
  --directory DIR        where those files are; where the system has programs keep their state unless said
  --lease MS             how long it is waited for somebody whose connection dropped; 10000 unless said
  --json                 what happens as JSON, a line each
  --help

Tokens may also come in MANYHANDS_WORKER_TOKEN and MANYHANDS_CLIENT_TOKEN. Without any they are made, and shown if this is a terminal.
Ctrl+C tells everybody and ends; once more ends at once.`;

export const scheduler: Command = {
  name: "scheduler",
  about: "a scheduler that clients and hosts elsewhere reach by its address",
  help,
  async run(line) {
    const { values } = parseArgs({
      args: [...line.args],
      options: {
        listen: { type: "string", default: "ws://127.0.0.1:8786" },
        cert: { type: "string" },
        key: { type: "string" },
        tokens: { type: "string" },
        "no-tokens": { type: "boolean", default: false },
        workers: { type: "string", default: "0" },
        durable: { type: "string" },
        directory: { type: "string" },
        lease: { type: "string", default: "10000" },
        json: { type: "boolean", default: false },
      },
    });
    const note = diary(line.log, values.json);
    const nWorkers = wholeNumber("workers", values.workers, 0);
    const leaseMs = wholeNumber("lease", values.lease, 100);
    const given = values["no-tokens"] ? false : givenTokens(line, values.tokens);
    if (given === undefined && values.tokens === undefined && !line.isTerminal) {
      throw new UsageError(
        "nobody would see the tokens that would be made: give --tokens FILE, or --no-tokens for this machine alone",
      );
    }
    const { durable: name, directory } = values;
    if (directory !== undefined && name === undefined)
      throw new UsageError("--directory is where --durable NAME is kept");
    const kept = name === undefined ? {} : { durable: directory === undefined ? name : { name, directory } };
    const cluster = line.makeCluster({ nWorkers, ...kept });
    try {
      // Whoever else has that name is named before anybody can come.
      await cluster.saved();
      const interrupted = new Promise<void>((resolve) => line.onInterrupt(resolve));
      const { address, invitation, tokens } = await cluster.listen(values.listen, {
        leaseMs,
        ...(given !== undefined && { tokens: given }),
        ...(values.cert !== undefined && { cert: readFileSync(values.cert, "utf8") }),
        ...(values.key !== undefined && { key: readFileSync(values.key, "utf8") }),
        onEvent: ({ type, ...fields }) => note(type, fields),
      });
      // What the scheduler notes of itself; of what clients log there may be very much.
      const client = line.connect(cluster);
      for (const topic of ["workers", "tasks", "cluster", "warnings"]) {
        await client.subscribeTopic(topic, ({ message }) => {
          const { type, ...fields } = message as { readonly type: string };
          note(type, fields);
        });
      }
      if (given === undefined && values.tokens !== undefined) keepTokens(values.tokens, tokens);
      note("listening", { address, workers: nWorkers });
      if (given === undefined && values.tokens === undefined) {
        line.print(
          `\nTo lend threads:  manyhands worker '${invitation}'\nTo submit:        new Client("${address}", { token: "${tokens.client}" })\n`,
        );
      }
      await interrupted;
      note("closing");
    } finally {
      await cluster.close();
    }
    note("closed");
    return EXIT.fine;
  },
};

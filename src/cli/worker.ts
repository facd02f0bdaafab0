/** `manyhands worker`: lends threads of this machine to a scheduler elsewhere. */

import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { parseArgs } from "node:util";
import { type Command, EXIT, UsageError } from "./command.ts";
import { diary } from "./diary.ts";
import { amounts, share, wholeNumber } from "./numbers.ts";
import { readToken } from "./tokens.ts";

const help = `manyhands worker ADDRESS [options]

Lends threads of this machine to the scheduler at ADDRESS until Ctrl+C. ADDRESS may be an invitation, which has the token in it. They run whatever
clients of that scheduler submit, with all that this process may do: lend them to those whom you trust, or with --sandbox.

  --workers N            threads; one for each core unless said
  --threads-per-worker N tasks each may have in flight; 1 unless said
  --name NAME            what this host is called; the machine's name unless said
  --token-file FILE      a file with the token, or one that manyhands scheduler --tokens has made
  --token TOKEN          the token itself; others on this machine may see it in the list of processes
  --cpu-share PART       the part of the time that threads may work, as 0.5
  --resources KIND=N     what each worker has to offer to tasks that ask for it, as gpu=1,disk=2
  --memory-limit BYTES   bytes of values that each worker may hold in memory; what is beyond it is written to files
  --spill-directory DIR  where those are; the directory for temporary files unless said
  --ca FILE              in PEM: believe this authority, too, for wss://
  --sandbox              for strangers' tasks: a process for each worker that reads and writes no files and starts no programs. The
                         network stays open to it: where that matters, cut it off outside (a container, a user's firewall)
  --json                 what happens as JSON, a line each
  --help

The token may also come in MANYHANDS_WORKER_TOKEN. Ctrl+C finishes what has begun, hands over what only this host holds, and leaves; once
more leaves at once.`;

export const worker: Command = {
  name: "worker",
  about: "lends threads of this machine to a scheduler elsewhere",
  help,
  async run(line) {
    const { values, positionals } = parseArgs({
      args: [...line.args],
      allowPositionals: true,
      options: {
        workers: { type: "string" },
        "threads-per-worker": { type: "string", default: "1" },
        name: { type: "string", default: hostname() },
        token: { type: "string" },
        "token-file": { type: "string" },
        "cpu-share": { type: "string", default: "1" },
        resources: { type: "string", multiple: true, default: [] },
        "memory-limit": { type: "string" },
        "spill-directory": { type: "string" },
        ca: { type: "string" },
        sandbox: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
      },
    });
    const [address, ...more] = positionals;
    if (address === undefined || more.length > 0) throw new UsageError("one address is needed, as ws://127.0.0.1:8786");
    const note = diary(line.log, values.json);
    const token =
      values.token ??
      (values["token-file"] && readToken(values["token-file"], "worker")) ??
      line.env["MANYHANDS_WORKER_TOKEN"];
    const giveUp = new AbortController();
    let stop = () => giveUp.abort(new Error("interrupted"));
    const interrupted = new Promise<void>((resolve) =>
      line.onInterrupt(() => {
        stop();
        resolve();
      }),
    );
    const host = await line.join(address, {
      ...(values.workers !== undefined && { nWorkers: wholeNumber("workers", values.workers, 1) }),
      threadsPerWorker: wholeNumber("threads-per-worker", values["threads-per-worker"], 1),
      name: values.name,
      ...(token !== undefined && { token }),
      cpuShare: share("cpu-share", values["cpu-share"]),
      resources: amounts("resources", values.resources),
      ...(values["memory-limit"] !== undefined && {
        memoryLimit: wholeNumber("memory-limit", values["memory-limit"], 1),
      }),
      ...(values["spill-directory"] !== undefined && { spill: { directory: values["spill-directory"] } }),
      ...(values.ca !== undefined && { ca: readFileSync(values.ca, "utf8") }),
      ...(values.sandbox && { sandbox: true }),
      signal: giveUp.signal,
    });
    stop = () => {};
    note("joined", { address: address.replace(/#.*/, ""), host: host.id, workers: host.stats().nWorkers });
    const reason = await Promise.race([interrupted, host.closed]);
    if (typeof reason === "string") {
      note("ended", { reason });
      return EXIT.failed;
    }
    note("leaving");
    await host.leave();
    const { tasksDone, busyMs } = host.stats();
    note("left", { tasksDone, busyMs: Math.round(busyMs) });
    return EXIT.fine;
  },
};

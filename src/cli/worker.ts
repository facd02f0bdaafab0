/** `manyhands worker`: lends threads of this machine to a scheduler elsewhere. */

import { hostname } from "node:os";
import { parseArgs } from "node:util";
import { type Command, EXIT } from "./command.ts";
import { amounts, share, wholeNumber } from "./numbers.ts";
import { reaching, reachingHelp, reachingOptions } from "./reaching.ts";

const help = `manyhands worker ADDRESS [options]

Lends threads of this machine to the scheduler at ADDRESS until Ctrl+C. ADDRESS may be an invitation, which has the token in it. They run whatever
clients of that scheduler submit, with all that this process may do: lend them to those whom you trust, or with --sandbox.

  --workers N            threads; one for each core unless said
  --threads-per-worker N tasks each may have in flight; 1 unless said
  --name NAME            what this host is called; the machine's name unless said
  --cpu-share PART       the part of the time that threads may work, as 0.5
  --resources KIND=N     what each worker has to offer to tasks that ask for it, as gpu=1,disk=2
  --memory-limit BYTES   bytes of values that each worker may hold in memory; what is beyond it is written to files
  --spill-directory DIR  where those are; the directory for temporary files unless said
  --sandbox              for strangers' tasks: a process for each worker that reads and writes no files and starts no programs. The
                         network stays open to it: where that matters, cut it off outside (a container, a user's firewall)
${reachingHelp}

The token may also come in MANYHANDS_WORKER_TOKEN. Ctrl+C finishes what has begun, hands over what only this host holds, and leaves; once
more leaves at once.`;

export const worker: Command = {
  name: "worker",
  about: "lends threads of this machine to a scheduler elsewhere",
  help,
  async run(line) {
    const given = parseArgs({
      args: [...line.args],
      allowPositionals: true,
      options: {
        workers: { type: "string" },
        "threads-per-worker": { type: "string", default: "1" },
        name: { type: "string", default: hostname() },
        "cpu-share": { type: "string", default: "1" },
        resources: { type: "string", multiple: true, default: [] },
        "memory-limit": { type: "string" },
        "spill-directory": { type: "string" },
        sandbox: { type: "boolean", default: false },
        ...reachingOptions,
      },
    });
    const { values } = given;
    const { address, shown, note, options } = reaching(line, given, "worker");
    const giveUp = new AbortController();
    let stop = () => giveUp.abort(new Error("interrupted"));
    const interrupted = new Promise<void>((resolve) =>
      line.onInterrupt(() => {
        stop();
        resolve();
      }),
    );
    const host = await line.join(address, {
      ...options,
      ...(values.workers !== undefined && { nWorkers: wholeNumber("workers", values.workers, 1) }),
      threadsPerWorker: wholeNumber("threads-per-worker", values["threads-per-worker"], 1),
      name: values.name,
      cpuShare: share("cpu-share", values["cpu-share"]),
      resources: amounts("resources", values.resources),
      ...(values["memory-limit"] !== undefined && {
        memoryLimit: wholeNumber("memory-limit", values["memory-limit"], 1),
      }),
      ...(values["spill-directory"] !== undefined && { spill: { directory: values["spill-directory"] } }),
      ...(values.sandbox && { sandbox: true }),
      signal: giveUp.signal,
    });
    stop = () => {};
    note("joined", { address: shown, host: host.id, workers: host.stats().nWorkers });
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

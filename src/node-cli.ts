#!/usr/bin/env node
/** The door for the command line. */

import { EXIT } from "./cli/command.ts";
import { main } from "./cli/main.ts";
import { Client, join, LocalCluster } from "./node-peer.ts";

let interrupts = 0;
let stop: () => void = () => {};

/** The first time it is asked to end, it does so in good order; the second time at once. */
function interrupt(): void {
  interrupts += 1;
  if (interrupts > 1) process.exit(EXIT.interrupted);
  stop();
}
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, interrupt);

const code = await main({
  args: process.argv.slice(2),
  env: process.env,
  print: (text) => console.log(text),
  log: (text) => console.error(text),
  isTerminal: process.stdout.isTTY === true,
  onInterrupt: (whenInterrupted) => {
    stop = whenInterrupted;
    if (interrupts > 0) whenInterrupted();
  },
  makeCluster: (options) => new LocalCluster(options),
  join,
  connect: (cluster, options) =>
    typeof cluster === "string" ? new Client(cluster, options) : new Client(cluster as LocalCluster),
});
process.exit(code);

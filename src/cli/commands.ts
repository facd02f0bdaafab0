/** All subcommands. A new one is a file of its own, and a line here. */

import type { Command } from "./command.ts";

export const commands: Readonly<Record<string, () => Promise<Command>>> = {
  scheduler: async () => (await import("./scheduler.ts")).scheduler,
  worker: async () => (await import("./worker.ts")).worker,
  dashboard: async () => (await import("./dashboard.ts")).dashboard,
  signal: async () => (await import("./signal.ts")).signal,
  demo: async () => (await import("./demo.ts")).demo,
};

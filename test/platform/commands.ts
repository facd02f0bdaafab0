/** The command line as processes of their own: schedulers and hosts that can be asked to end, or be killed. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const cli = fileURLToPath(new URL("../../dist/node-cli.js", import.meta.url));

export const tokens = { worker: "token-for-workers", client: "token-for-clients" };

export interface Started {
  readonly process: ChildProcess;
  /** Settles with a line of what it logs in which there is this; rejects if it ends without. */
  logged(text: string): Promise<Readonly<Record<string, unknown>>>;
  /** Settles with its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string | null>;
  readonly output: string;
  readonly log: readonly string[];
  kill(signal?: NodeJS.Signals): Promise<number | string | null>;
}

/** Starts `manyhands ...args`, which logs JSON. `within`: what to start it by, as `ip netns exec name`. */
export function start(
  args: readonly string[],
  { env = {}, within = [] }: { readonly env?: NodeJS.ProcessEnv; readonly within?: readonly string[] } = {},
): Started {
  const [program = process.execPath, ...first] = [...within, process.execPath];
  const child = spawn(program, [...first, cli, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, MANYHANDS_WORKER_TOKEN: tokens.worker, MANYHANDS_CLIENT_TOKEN: tokens.client, ...env },
  });
  let output = "";
  let rest = "";
  const log: string[] = [];
  const waiting = new Set<(line: string | undefined) => void>();
  child.stdout.setEncoding("utf8").on("data", (chunk) => {
    output += chunk;
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      log.push(line);
      for (const hear of [...waiting]) hear(line);
    }
  });
  const ended = new Promise<number | string | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      for (const hear of [...waiting]) hear(undefined);
      resolve(code ?? signal);
    });
  });
  return {
    process: child,
    ended,
    log,
    get output() {
      return output;
    },
    logged: (text) =>
      new Promise((resolve, reject) => {
        const hear = (line: string | undefined) => {
          if (line === undefined) reject(new Error(`it ended without saying "${text}":\n${log.join("\n")}\n${rest}`));
          else if (!line.includes(text)) return;
          else resolve(line.startsWith("{") ? JSON.parse(line) : { line });
          waiting.delete(hear);
        };
        waiting.add(hear);
        for (const line of [...log]) if (waiting.has(hear)) hear(line);
        if (child.exitCode !== null && waiting.has(hear)) hear(undefined);
      }),
    kill: (signal = "SIGKILL") => {
      child.kill(signal);
      return ended;
    },
  };
}

/** A scheduler in a process of its own, and where it is. */
export async function startScheduler(args: readonly string[] = [], options: Parameters<typeof start>[1] = {}) {
  const started = start(["scheduler", "--listen", "ws://127.0.0.1:0", "--json", ...args], options);
  const { address } = await started.logged('"listening"');
  return { ...started, address: String(address) };
}

/** A host in a process of its own that has joined. */
export async function startHost(
  address: string,
  args: readonly string[] = [],
  options: Parameters<typeof start>[1] = {},
) {
  const started = start(["worker", address, "--workers", "1", "--json", ...args], options);
  await started.logged('"joined"');
  return started;
}

/** A folder that goes with the scope. */
export function scratchFolder() {
  const path = mkdtempSync(join(tmpdir(), "manyhands-remote-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

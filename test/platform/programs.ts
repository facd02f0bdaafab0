/** Programs that run in a process of their own, to see how it ends. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

const LIMIT_MS = 10_000;
const folder = fileURLToPath(new URL(".", import.meta.url));

/** Runs the text of a module and says how it ended. One that does not end by itself is ended after a while, and has no code. */
export async function run(text: string, flags: readonly string[] = []): Promise<Ended> {
  // Beside this file, so that "manyhands" means this package.
  const scratch = mkdtempSync(join(folder, ".program-"));
  const file = join(scratch, "program.mjs");
  writeFileSync(file, text);
  try {
    return await new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [...flags, file], { stdio: ["ignore", "pipe", "pipe"] });
      let output = "";
      let errors = "";
      child.stdout.setEncoding("utf8").on("data", (chunk) => {
        output += chunk;
      });
      child.stderr.setEncoding("utf8").on("data", (chunk) => {
        errors += chunk;
      });
      const limit = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
      child.once("error", reject);
      child.once("close", (code) => {
        clearTimeout(limit);
        resolve({ code, output: output.trim(), errors: errors.trim() });
      });
    });
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** Where tokens come from: options, variables of the environment, or files; and where those go that were made. */

import { readFileSync, writeFileSync } from "node:fs";
import { type CommandLine, UsageError } from "./command.ts";

export interface Tokens {
  readonly worker: string;
  readonly client: string;
}

/** Those of the environment, or of the file there; undefined if they are to be made. */
export function givenTokens({ env }: Pick<CommandLine, "env">, path: string | undefined): Tokens | undefined {
  const { MANYHANDS_WORKER_TOKEN: worker, MANYHANDS_CLIENT_TOKEN: client } = env;
  if (worker !== undefined && client !== undefined) return { worker, client };
  if (worker !== undefined || client !== undefined) {
    throw new UsageError(
      "MANYHANDS_WORKER_TOKEN and MANYHANDS_CLIENT_TOKEN go together: one for those who lend threads, one for those who submit",
    );
  }
  return path === undefined ? undefined : readTokens(path);
}

/** The tokens in a file that {@link keepTokens} has written; undefined if there is no such file. */
export function readTokens(path: string): Tokens | undefined {
  const text = read(path);
  if (text === undefined) return undefined;
  const { worker, client } = parse(text);
  if (typeof worker === "string" && typeof client === "string") return { worker, client };
  throw new UsageError(`${path} should hold {"worker": "…", "client": "…"}`);
}

/** One token of a file: that of this kind in a file of {@link keepTokens}, or else all its text. */
export function readToken(path: string, kind: keyof Tokens): string {
  const text = read(path);
  if (text === undefined) throw new UsageError(`there is no file ${path}`);
  const token = text.trim().startsWith("{") ? parse(text)[kind] : text.trim();
  if (typeof token === "string" && token !== "") return token;
  throw new UsageError(`there is no token for a ${kind} in ${path}`);
}

/** Writes tokens where only their owner reads them. */
export function keepTokens(path: string, tokens: Tokens): void {
  writeFileSync(path, `${JSON.stringify(tokens)}\n`, { mode: 0o600, flag: "wx" });
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return undefined;
    throw error;
  }
}

function parse(text: string): Partial<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null ? (parsed as Partial<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}

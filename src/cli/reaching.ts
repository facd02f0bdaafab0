/** What subcommands are told that have to do with a cluster elsewhere: where that is, by which token they come, and whom they believe. */

import { readFileSync } from "node:fs";
import { type CommandLine, UsageError } from "./command.ts";
import { diary } from "./diary.ts";
import { readToken, type Tokens } from "./tokens.ts";

export const reachingOptions = {
  token: { type: "string" },
  "token-file": { type: "string" },
  ca: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

export const reachingHelp = `  --token-file FILE      a file with the token, or one that manyhands scheduler --tokens has made
  --token TOKEN          the token itself; others on this machine may see it in the list of processes
  --ca FILE              in PEM: believe this authority, too, for wss://
  --json                 what happens as JSON, a line each
  --help`;

interface Given {
  readonly values: {
    readonly token?: string | undefined;
    readonly "token-file"?: string | undefined;
    readonly ca?: string | undefined;
    readonly json: boolean;
  };
  readonly positionals: readonly string[];
}

const variables = { worker: "MANYHANDS_WORKER_TOKEN", client: "MANYHANDS_CLIENT_TOKEN" } as const;

/** `kind`: the token that is needed. */
export function reaching({ log, env }: CommandLine, { values, positionals }: Given, kind: keyof Tokens) {
  const [address, ...more] = positionals;
  if (address === undefined || more.length > 0) throw new UsageError("one address is needed, as ws://127.0.0.1:8786");
  const file = values["token-file"];
  const token = values.token ?? (file && readToken(file, kind)) ?? env[variables[kind]];
  return {
    address,
    /** Without what is secret in it. */
    shown: address.replace(/#.*/, ""),
    note: diary(log, values.json),
    options: {
      ...(token !== undefined && { token }),
      ...(values.ca !== undefined && { ca: readFileSync(values.ca, "utf8") }),
    },
  };
}

/** What a subcommand is, and what it is given. */

import type { AnyClient, AnyLentHost, AnyLocalCluster } from "./platform.ts";

/** How a program ends. */
export const EXIT = { fine: 0, failed: 1, misused: 2, refused: 3, interrupted: 130 } as const;

/** Where it runs. */
export interface CommandLine {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** For what was asked for: help, an invitation. */
  readonly print: (text: string) => void;
  /** For what happens. */
  readonly log: (line: string) => void;
  /** Whether people read what is printed, so that it may hold secrets. */
  readonly isTerminal: boolean;
  /** Calls `stop` when it is to end, and again when that takes too long for somebody. */
  readonly onInterrupt: (stop: () => void) => void;
  readonly makeCluster: AnyLocalCluster;
  readonly join: AnyLentHost;
  /** A client of a cluster elsewhere, or of one that was made here. */
  readonly connect: AnyClient;
}

export interface Command {
  readonly name: string;
  /** One line. */
  readonly about: string;
  readonly help: string;
  /** Settles with one of {@link EXIT} when it is over. */
  run(line: CommandLine): Promise<number>;
}

/** The command line makes no sense; the message says why. */
export class UsageError extends Error {}

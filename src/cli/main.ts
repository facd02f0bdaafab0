/** Finds the subcommand that is asked for, runs it, and turns what it ends with into an exit code. */

import { type Command, type CommandLine, EXIT, UsageError } from "./command.ts";
import { commands } from "./commands.ts";

export async function main(line: CommandLine): Promise<number> {
  const [name, ...args] = line.args;
  if (name === undefined || name === "help" || name.startsWith("-")) {
    const isAsked = name === "help" || name === "--help" || name === "-h";
    line.print(await overview());
    return isAsked ? EXIT.fine : EXIT.misused;
  }
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (load === undefined) {
    line.log(`there is no command "${name}"; there is ${Object.keys(commands).join(", ")}`);
    return EXIT.misused;
  }
  const command = await load();
  if (args.includes("--help") || args.includes("-h")) {
    line.print(command.help);
    return EXIT.fine;
  }
  try {
    return await command.run({ ...line, args });
  } catch (error) {
    const { name: kind, message } = error as Error;
    // parseArgs throws TypeErrors with a code of their own.
    const isMisuse = error instanceof UsageError || /^ERR_PARSE_ARGS/.test(String((error as { code?: string }).code));
    if (isMisuse) line.log(`${message} (manyhands ${name} --help)`);
    else line.log(`${kind}: ${message}`);
    if (isMisuse) return EXIT.misused;
    return kind === "UnauthorizedError" || kind === "ProtocolError" ? EXIT.refused : EXIT.failed;
  }
}

async function overview(): Promise<string> {
  const all: Command[] = await Promise.all(Object.values(commands).map((load) => load()));
  const width = Math.max(...all.map(({ name }) => name.length));
  return `manyhands <command> [options]

${all.map(({ name, about }) => `  ${name.padEnd(width)}  ${about}`).join("\n")}

manyhands <command> --help tells more.

Exit codes: 0 it ended in good order, 1 it failed, 2 the command line makes no sense, 3 it was refused (token or version), 130 it was ended at once.`;
}

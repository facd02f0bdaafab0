/** Runs what is in the editor over the page's cluster, with all names of the library in scope. */
import * as manyhands from "manyhands";

export interface Printed {
  readonly text: string;
  readonly isBad: boolean;
}

/**
 * Settles when the code has ended, or failed; what it prints and fails with goes to `print`.
 *
 * The page's policy forbids to compile text, but allows modules from blobs. Names are put in scope by way of a global, which holds them
 * until the module has begun.
 */
export async function runCode(code: string, client: manyhands.Client, print: (line: Printed) => void): Promise<void> {
  const names = {
    ...manyhands,
    client,
    print: (...values: unknown[]) => print({ text: values.map(show).join(" "), isBad: false }),
  };
  const place = globalThis as { playgroundNames?: typeof names };
  place.playgroundNames = names;
  const source = `const { ${Object.keys(names).join(", ")} } = globalThis.playgroundNames;\nexport default async () => {\n${code}\n};\n`;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  try {
    const { default: run } = (await import(/* @vite-ignore */ url)) as { default: () => Promise<void> };
    await run();
  } catch (error) {
    print({ text: error instanceof Error ? `${error.name}: ${error.message}` : String(error), isBad: true });
  } finally {
    URL.revokeObjectURL(url);
  }
}

function show(value: unknown): string {
  if (typeof value === "string") return value;
  return JSON.stringify(value) ?? String(value);
}

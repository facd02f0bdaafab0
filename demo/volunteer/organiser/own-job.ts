/** The job that users write: a function of theirs for each line of a list or table. */
import { type Client, closure, type Future } from "manyhands/peer";
import Papa from "papaparse";
import type { Job } from "./run.ts";

/** A line of the list: a text, or of a table with a heading the cells by their names. */
export type Line = string | Readonly<Record<string, string>>;

/** What the function gave, or what it threw. */
export type Outcome = { readonly value: unknown } | { readonly error: string };

export class OwnJob implements Job<Line, Outcome> {
  readonly title: string;
  readonly name = "own";
  readonly parts: readonly Line[];
  /** By their place in `parts`, as far as they are there. */
  readonly outcomes: (Outcome | undefined)[] = [];
  readonly #task: (line: Line) => Promise<Outcome>;

  /** @throws SyntaxError if nothing is to be done, or what is written is no function. */
  static async prepare(source: string, list: string): Promise<OwnJob> {
    if (source.trim() === "") throw new SyntaxError("There is no function yet.");
    const lines = readLines(list);
    if (lines.length === 0) throw new SyntaxError("The list is empty: one item a line, or a table as CSV.");
    return new OwnJob(await compile(source), source, lines);
  }

  private constructor(own: (line: Line) => unknown, source: string, lines: readonly Line[]) {
    this.#task = closure({ own }, async (line: Line): Promise<Outcome> => {
      try {
        return { value: structuredClone(await own(line)) };
      } catch (error) {
        return { error: String(error) };
      }
    });
    this.title = `${/function\s*\*?\s*([\w$]+)/.exec(source)?.[1] ?? "Your function"}, ${lines.length} ${lines.length === 1 ? "item" : "items"}`;
    this.parts = lines;
  }

  begin(): void {}

  submit(client: Client, line: Line): Future<Outcome> {
    return client.submit(this.#task, line);
  }

  take(outcome: Outcome, index: number): void {
    this.outcomes[index] = outcome;
  }

  end(): void {}

  toJson(): string {
    return `${JSON.stringify(
      this.parts.map((line, i) => ({ item: line, ...this.outcomes[i] })),
      undefined,
      2,
    )}\n`;
  }
}

/** What is written, as a function. The policy of the page forbids to compile text, but allows modules from blobs. */
async function compile(source: string): Promise<(line: Line) => unknown> {
  const module = `export default (${source.trim().replace(/;$/, "")}\n);`;
  const url = URL.createObjectURL(new Blob([module], { type: "text/javascript" }));
  try {
    const { default: own } = (await import(/* @vite-ignore */ url)) as { default: unknown };
    if (typeof own !== "function") throw new SyntaxError("What is in the editor is not a function.");
    return own as (line: Line) => unknown;
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** One item for each line that is not empty; of CSV with several columns, a row with its cells named by the heading. */
export function readLines(list: string): Line[] {
  const { data, meta } = Papa.parse<Record<string, string>>(list.trim(), { header: true, skipEmptyLines: "greedy" });
  if (data.length > 0 && (meta.fields?.length ?? 0) > 1) return data;
  return list.split(/\r?\n/).filter((line) => line.trim() !== "");
}

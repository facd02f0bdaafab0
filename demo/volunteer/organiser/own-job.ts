/** The job that users write: a function of theirs for each line of a list or table. */
import { type Client, type Future, getWorker } from "manyhands";
import Papa from "papaparse";
import type { Job } from "./run.ts";

/** A line of the list: a text, or of a table with a heading the cells by their names. */
export type Line = string | Readonly<Record<string, string>>;

export interface OwnPart {
  readonly index: number;
  readonly line: Line;
}

export interface OwnResult {
  /** What the function gave, or what it threw. */
  readonly outcome: { readonly value: unknown } | { readonly error: string };
  readonly milliseconds: number;
  readonly by: string;
}

export class OwnJob implements Job<OwnPart, OwnResult> {
  readonly title: string;
  readonly name = "own";
  readonly parts: readonly OwnPart[];
  readonly source: string;
  readonly results: (OwnResult | undefined)[];

  /** @throws SyntaxError if nothing is to be done. */
  constructor(source: string, list: string) {
    if (source.trim() === "") throw new SyntaxError("There is no function yet.");
    const lines = readLines(list);
    if (lines.length === 0) throw new SyntaxError("The list is empty: one item a line, or a table as CSV.");
    this.source = source;
    this.title = `${/function\s*\*?\s*([\w$]+)/.exec(source)?.[1] ?? "Your function"}, ${lines.length} ${lines.length === 1 ? "item" : "items"}`;
    this.parts = lines.map((line, index) => ({ index, line }));
    this.results = new Array(lines.length).fill(undefined);
  }

  submit(client: Client, { line }: OwnPart): Future<OwnResult> {
    return client.submit(runOwn, this.source, line);
  }

  take(result: OwnResult, { index }: OwnPart): void {
    this.results[index] = result;
  }

  creditOf({ by }: OwnResult): Readonly<Record<string, number>> {
    return { [by]: 1 };
  }

  end(): void {}

  toJson(): string {
    return `${JSON.stringify(
      this.parts.map(({ line, index }) => ({ item: line, ...this.results[index]?.outcome })),
      undefined,
      2,
    )}\n`;
  }
}

/** The task. It is the thread that compiles what was written: this page may not, and need not. */
async function runOwn(source: string, line: Line): Promise<OwnResult> {
  const known = globalThis as { ownFunctions?: Map<string, unknown> };
  known.ownFunctions ??= new Map();
  const began = performance.now();
  const by = getWorker().address;
  try {
    let own = known.ownFunctions.get(source);
    if (own === undefined) {
      own = new Function(`return (${source.trim().replace(/;$/, "")})`)();
      known.ownFunctions.set(source, own);
    }
    if (typeof own !== "function") throw new TypeError("what is in the editor is not a function");
    const value: unknown = structuredClone(await own(line));
    return { outcome: { value }, milliseconds: performance.now() - began, by };
  } catch (error) {
    return { outcome: { error: String(error) }, milliseconds: performance.now() - began, by };
  }
}

/** One item for each line that is not empty; of CSV with several columns, a row with its cells named by the heading. */
export function readLines(list: string): Line[] {
  const { data, meta } = Papa.parse<Record<string, string>>(list.trim(), { header: true, skipEmptyLines: "greedy" });
  if (data.length > 0 && (meta.fields?.length ?? 0) > 1) return data;
  return list.split(/\r?\n/).filter((line) => line.trim() !== "");
}

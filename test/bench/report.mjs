/** What a run leaves behind: tables on the terminal, and a file if one was asked for. */
import { writeFileSync } from "node:fs";
import { failures, mediansTable, ratiosTable, verdictLines } from "./table.mjs";
import { verdicts } from "./verdicts.mjs";

/** @param run `{ title, machine, results, workloads, systems }` */
export function printRun({ title, machine, results, workloads, systems }) {
  const parts = [
    `${title}\n${machine}`,
    mediansTable(results, workloads, systems),
    ratiosTable(results, workloads, systems),
    verdictLines(verdicts(results, workloads)),
    failures(results),
  ];
  console.log(`\n${parts.filter((part) => part !== "").join("\n\n")}`);
}

export function writeRuns(file, runs) {
  const kept = runs.map(({ title, machine, results, workloads }) => ({
    title,
    machine,
    results,
    verdicts: verdicts(results, workloads),
  }));
  const date = new Date().toISOString();
  writeFileSync(file, `${JSON.stringify({ date, runs: kept }, null, "\t")}\n`);
}

/** Says on one line of the terminal what is being measured; silent where the output is kept. */
export function progressLine() {
  const { stderr } = process;
  if (!stderr.isTTY) return { say() {}, end() {} };
  return {
    say: (text) => stderr.write(`\r\x1b[K${text}`),
    end: () => stderr.write("\r\x1b[K"),
  };
}

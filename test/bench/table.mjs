/** Prints results: the medians, how far ahead we are of each system, and the verdicts. */
import { ahead, comparable } from "./verdicts.mjs";

function figure(number) {
  if (number >= 1e6) return `${(number / 1e6).toPrecision(3)}M`;
  if (number >= 1e4) return `${Math.round(number / 1e3)}k`;
  if (number >= 100) return String(Math.round(number));
  return String(Number(number.toPrecision(3)));
}

/** Rows of text; the first column always keeps to the left. */
function aligned(rows, side = "right") {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => [...row[column]].length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          const gap = " ".repeat(widths[column] - [...cell].length);
          return column === 0 || side === "left" ? cell + gap : gap + cell;
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function columnsOf(workloads) {
  return workloads.flatMap((workload) => [
    { workload, title: workload.id, unit: workload.unit },
    ...(workload.also ?? []).map((also) => ({ workload, title: "", ...also })),
  ]);
}

function cell(results, system, { workload, key }) {
  const result = results.find((one) => one.system === system && one.workload === workload.id);
  if (!result) return "";
  if (result.error) return key ? "" : "failed";
  const number = key ? result.more[key] : result.value;
  if (number === undefined) return "";
  const marks = `${result.reduced ? "*" : ""}${result.disturbed ? "~" : ""}`;
  return figure(number) + (key ? "" : marks);
}

export function mediansTable(results, workloads, systems) {
  const columns = columnsOf(workloads).filter((column) =>
    systems.some(({ name }) => cell(results, name, column) !== ""),
  );
  const rows = [
    ["", ...columns.map(({ title }) => title)],
    ["median", ...columns.map(({ unit }) => unit)],
  ];
  for (const { name } of systems) {
    rows.push([name, ...columns.map((column) => cell(results, name, column))]);
  }
  const notes = [
    ["*", "a smaller amount of work than a whole run does", "reduced"],
    ["~", "others used the machine meanwhile", "disturbed"],
  ]
    .filter(([, , flag]) => results.some((result) => result[flag]))
    .map(([mark, meaning]) => `${mark} ${meaning}`);
  return [aligned(rows), ...notes].join("\n");
}

/** Empty unless we took part. */
export function ratiosTable(results, workloads, systems) {
  const measured = workloads.filter(({ id }) =>
    results.some((result) => result.system === "manyhands" && result.workload === id && result.value),
  );
  if (measured.length === 0) return "";
  const rows = [["manyhands ahead of", ...measured.map(({ id }) => id)]];
  for (const { name } of systems) {
    if (name === "manyhands") continue;
    const cells = measured.map((workload) => {
      const mine = comparable(results, workload, "manyhands");
      const theirs = comparable(results, workload, name);
      if (!theirs) return "";
      return `${figure(ahead(workload, mine.value, theirs.value))}x`;
    });
    rows.push([name, ...cells]);
  }
  return aligned(rows);
}

const SIGNS = { ahead: ">=", time: "<=", least: ">=", most: "<=" };

function verdictCells({ workload, kind, of, got, target, peer, met, aim }) {
  const relative = kind === "ahead" || kind === "time";
  const unit = relative ? "x" : "";
  const who = of === undefined ? "manyhands" : `manyhands ${of}`;
  const subject = relative ? "manyhands / best peer" : who;
  const saying = `${subject} = ${got}${unit}`;
  const against = relative ? `[${peer}]` : "";
  if (Number.isNaN(target)) return [workload, saying, "", "", against];
  const word = aim ? "aim" : "target";
  const asked = `(${word} ${SIGNS[kind]} ${target}${unit})`;
  const outcome = met ? "ok" : aim ? "not yet" : "MISSED";
  return [workload, saying, asked, outcome, against];
}

export function verdictLines(verdicts) {
  if (verdicts.length === 0) return "";
  const note = "A ratio says how many times better; with <= it is our share of the best peer's time.";
  return `${aligned(verdicts.map(verdictCells), "left")}\n${note}`;
}

export function failures(results) {
  return results
    .filter(({ error }) => error)
    .map(({ system, workload, error }) => `${system}, ${workload}: ${error}`)
    .join("\n");
}

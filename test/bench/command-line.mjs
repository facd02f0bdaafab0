/** The flags of a benchmark, checked: a typing mistake gets one clear line. */
import { parseArgs } from "node:util";

const FLAGS = {
  only: { type: "string", value: "a,b", help: "these workloads" },
  systems: { type: "string", value: "x,y", help: "these systems" },
  rounds: { type: "string", value: "N", help: "processes for each pair" },
  quick: { type: "boolean", help: "less of everything, within a minute" },
  json: { type: "string", value: "file", help: "write the results there too" },
  help: { type: "boolean", help: "this" },
};

function chosen(names, known, what) {
  if (names === undefined) return known.map(({ all }) => all);
  return names.split(",").map((name) => {
    const match = known.find((one) => one.name === name);
    if (match) return match.all;
    const list = known.map((one) => one.name).join(", ");
    throw new Error(`no ${what} "${name}"; there are ${list}`);
  });
}

function helpText(usage, flags, workloads, systems) {
  const flagLines = Object.entries(flags).map(([name, { value, help }]) => {
    const spelling = value ? `--${name} ${value}` : `--${name}`;
    return `  ${spelling.padEnd(22)}${help}`;
  });
  const workloadLines = workloads.map(({ id, title, unit }) => `  ${id.padEnd(22)}${title}, ${unit}`);
  const names = systems.map(({ name }) => name).join(", ");
  return [usage, ...flagLines, "Workloads", ...workloadLines, "Systems", `  ${names}`].join("\n");
}

/**
 * Reads `process.argv`. On `--help` or a mistake it prints and ends the process.
 *
 * @param offer `{ usage, workloads, systems, flags }`, the flags beyond the common ones.
 */
export function commandLine({ usage, workloads, systems, flags = {} }) {
  const all = { ...flags, ...FLAGS };
  try {
    const options = Object.fromEntries(Object.entries(all).map(([name, { type }]) => [name, { type }]));
    const { values } = parseArgs({ options });
    if (values.help) {
      console.log(helpText(usage, all, workloads, systems));
      process.exit(0);
    }
    const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
    if (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0)) {
      throw new Error(`--rounds takes a whole number, not "${values.rounds}"`);
    }
    const byId = workloads.map((all) => ({ name: all.id, all }));
    const byName = systems.map((all) => ({ name: all.name, all }));
    return {
      ...values,
      quick: values.quick === true,
      rounds,
      workloads: withYardsticks(chosen(values.only, byId, "workload"), workloads),
      systems: chosen(values.systems, byName, "system"),
    };
  } catch (error) {
    console.error(`${error.message} (--help lists the flags)`);
    process.exit(1);
  }
}

/** A workload that peers lack is worth little without the one they are judged by. */
function withYardsticks(wanted, workloads) {
  const ids = new Set(wanted.flatMap(({ id, yardstick }) => [yardstick, id]));
  return workloads.filter(({ id }) => ids.has(id));
}

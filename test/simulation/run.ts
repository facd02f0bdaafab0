/** `npm run simulate`: lives through one simulated cluster per seed, and tells the story of those that go wrong. */
import { parseArgs } from "node:util";
import { simulateChurn, simulateLines } from "./churn.ts";
import { type Outcome, simulate as simulateThreads } from "./simulate.ts";

const { values: options } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    from: { type: "string", default: "1" },
    seed: { type: "string" },
    only: { type: "string" },
    verbose: { type: "boolean", short: "v", default: false },
    "keep-going": { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});

type Simulate = typeof simulateThreads;

const worlds: Readonly<Record<string, Simulate>> = {
  threads: simulateThreads,
  hosts: simulateChurn,
  lines: simulateLines,
};

/** Worlds that may go wrong before it is called off. */
const MOST_BAD = 20;

/** Lines of a story that are shown unless all are asked for: the end is what matters. */
const STORY_LINES = 60;

if (options.help) {
  console.log(`npm run simulate -- [--seeds N] [--from S] [--seed X] [--verbose] [--keep-going]

  --seeds N     live through N worlds (1000)
  --from S      the first of them (1)
  --seed X      only this one; SEED=X in the environment does the same
  --only KIND   threads: one host and its threads; hosts: several that come and go; lines: such whose workers have wires
                of their own. All unless said
  --verbose     the whole story of a world that goes wrong, and with --seed of any
  --keep-going  do not stop at the first world that goes wrong, and tell no stories`);
} else {
  process.exitCode = await main();
}

async function main(): Promise<number> {
  const only = options.seed ?? process.env["SEED"];
  const first = numberIn(only ?? options.from);
  const count = only === undefined ? numberIn(options.seeds) : 1;
  if (only !== undefined) {
    let exitCode = 0;
    for (const simulate of kinds()) exitCode |= tell(await simulate(first, { tellsStory: true }));
    return exitCode;
  }
  const bad: string[] = [];
  const beganMs = performance.now();
  let toldMs = beganMs;
  let steps = 0;
  const chosen = kinds();
  for (let i = 0; i < count * chosen.length && bad.length < MOST_BAD; i++) {
    const seed = first + Math.floor(i / chosen.length);
    const simulate = chosen[i % chosen.length] as Simulate;
    const outcome = await simulate(seed);
    steps += outcome.steps;
    if (outcome.problem !== undefined) {
      bad.push(`${seed} (${Object.entries(worlds).find(([, each]) => each === simulate)?.[0]})`);
      if (!options["keep-going"]) {
        tell(await simulate(seed, { tellsStory: true }));
        break;
      }
      console.log(`seed ${bad.at(-1)}: ${firstLine(outcome.problem)}`);
    }
    if (performance.now() - toldMs > 2000) {
      toldMs = performance.now();
      console.log(progress(seed - first + 1, steps, toldMs - beganMs));
    }
  }
  console.log(
    `${progress(count, steps, performance.now() - beganMs)}; ${bad.length === 0 ? "all well" : `bad: ${bad.join(", ")}`}`,
  );
  return bad.length === 0 ? 0 : 1;
}

/** What is to be lived through with each seed. */
function kinds(): readonly Simulate[] {
  if (options.only === undefined) return Object.values(worlds);
  const chosen = worlds[options.only];
  if (chosen === undefined) throw new TypeError(`--only is threads, hosts or lines, not ${options.only}`);
  return [chosen];
}

function progress(seeds: number, steps: number, ms: number): string {
  return `${seeds} seeds, ${steps} steps, ${((seeds / ms) * 1000).toFixed(0)} seeds/s`;
}

/** The story of one world; 1 if it went wrong. */
function tell({ seed, problem, story, steps, tasks, deaths }: Outcome): number {
  const isBad = problem !== undefined;
  const lines = options.verbose ? story : isBad ? story.slice(-STORY_LINES) : [];
  if (lines.length < story.length && isBad)
    console.log(`… ${story.length - lines.length} lines before; --verbose shows them`);
  for (const line of lines) console.log(line);
  console.log(`seed ${seed}: ${tasks} tasks, ${deaths} threads over, ${steps} steps`);
  if (!isBad) console.log("all well");
  else {
    console.log(problem instanceof Error ? problem.stack : problem);
    console.log(`again: npm run simulate -- --seed ${seed}`);
  }
  return isBad ? 1 : 0;
}

function firstLine(problem: unknown): string {
  return String(problem instanceof Error ? problem.message : problem).split("\n")[0] ?? "";
}

function numberIn(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number)) throw new TypeError(`${text} is not a whole number`);
  return number;
}

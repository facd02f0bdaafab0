/** The machine underneath: what it is, who else is using it, how much memory we take. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { arch, cpus, release, totalmem, type } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

const TICKS_PER_SECOND = 100;
const DISTURBED_CORES = 0.2;
const QUIET_CORES = 0.4;
// The kernel counts in steps of 10 ms.
const GLANCE_MS = 50;
const TOO_SHORT_TO_TELL_MS = 100;

export function describeMachine() {
  const cores = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cores.length} × ${cores[0].model.trim()}, ${memory} GB, ${type()} ${release()} ${arch()}, Node ${process.versions.node}`;
}

/** The command that keeps a process on one core, or undefined where the machine has none. */
export function pinCommand() {
  const command = ["taskset", "-c", String(cpus().length - 1)];
  const tried = spawnSync(command[0], [...command.slice(1), "true"]);
  return tried.status === 0 ? command : undefined;
}

/** CPU seconds the whole machine has spent, with what its own host took away; undefined where nobody tells. */
function machineCpuSeconds() {
  try {
    const [line] = readFileSync("/proc/stat", "utf8").split("\n", 1);
    const [, user, nice, system, , , irq, softirq, stolen] = line.split(/\s+/).map(Number);
    return (user + nice + system + irq + softirq + stolen) / TICKS_PER_SECOND;
  } catch {
    return undefined;
  }
}

/** CPU seconds of this process with all its threads. */
export function ownCpuSeconds() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** CPU seconds of a process and of everything it started: a browser is many processes. */
export function treeCpuSeconds(rootPid) {
  const seconds = new Map();
  const children = new Map();
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    let stat;
    try {
      stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    } catch {
      continue; // It ended while we were looking.
    }
    // The name, second, is in brackets and may hold anything.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const parent = Number(fields[1]);
    // Own time in user and system, then that of children it has seen end.
    const ticks = fields.slice(11, 15).reduce((sum, x) => sum + Number(x), 0);
    seconds.set(Number(pid), ticks / TICKS_PER_SECOND);
    children.set(parent, [...(children.get(parent) ?? []), Number(pid)]);
  }
  let total = 0;
  for (const pids = [rootPid]; pids.length > 0; ) {
    const pid = pids.pop();
    total += seconds.get(pid) ?? 0;
    pids.push(...(children.get(pid) ?? []));
  }
  return total;
}

/** Starts watching; the function it gives tells how many cores others have used since. */
export function watchOthers(mySeconds) {
  const machineBefore = machineCpuSeconds();
  const mineBefore = machineBefore === undefined ? 0 : mySeconds();
  const start = performance.now();
  return () => {
    const wallMs = performance.now() - start;
    if (machineBefore === undefined || wallMs < TOO_SHORT_TO_TELL_MS) {
      return undefined;
    }
    const all = machineCpuSeconds() - machineBefore;
    const mine = mySeconds() - mineBefore;
    return Math.max(0, ((all - mine) * 1000) / wallMs);
  };
}

export function disturbed(report) {
  return (report.others ?? 0) > DISTURBED_CORES;
}

/** Waits until the machine is nearly idle, at most as long as `patience.ms` lasts, which callers may share. */
export async function untilQuiet(patience) {
  while (patience.ms > 0) {
    const before = machineCpuSeconds();
    if (before === undefined) return;
    await sleep(GLANCE_MS);
    if ((machineCpuSeconds() - before) * 1000 < QUIET_CORES * GLANCE_MS) return;
    patience.ms -= GLANCE_MS;
  }
}

/** Measures, and measures again while others were in the way and `patience` lasts; the calmest report wins. */
export async function undisturbed(measure, { repeats, patience }) {
  let best;
  for (let go = 0; go <= repeats; go++) {
    await untilQuiet(patience);
    const report = await measure();
    if (report.error) return report;
    if (best === undefined || (report.others ?? 0) < best.others) best = report;
    if (!disturbed(report)) break;
  }
  return best;
}

/** The most memory this process ever had resident: since `start` on Linux, since it began elsewhere. */
function peakMemory() {
  try {
    const status = readFileSync("/proc/self/status", "utf8");
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)[1]) * 1024;
  } catch {
    return process.resourceUsage().maxRSS * 1024;
  }
}

/** How far the resident memory of this process has risen at most since `start`. */
export const memory = {
  base: 0,
  start() {
    try {
      writeFileSync("/proc/self/clear_refs", "5"); // Forget the peak so far.
    } catch {
      // Then an earlier peak may count as ours: too much, never too little.
    }
    memory.base = process.memoryUsage.rss();
  },
  growth: () => peakMemory() - memory.base,
};

/** A survey in the text that Prometheus reads. */

import type { WorkerInfo } from "../protocol/requests.ts";
import type { Survey } from "../protocol/survey.ts";

export function metricsText({ info, names, meetingPlaces }: Survey): string {
  const workers = Object.entries(info.workers);
  const lines: string[] = [];
  const metric = (
    name: string,
    type: "gauge" | "counter",
    help: string,
    samples: readonly (readonly [Labels, number])[],
  ) => {
    lines.push(`# HELP manyhands_${name} ${help}`, `# TYPE manyhands_${name} ${type}`);
    for (const [labels, value] of samples) lines.push(`manyhands_${name}${labelText(labels)} ${value}`);
  };
  const states = ["waiting", "queued", "processing", "memory", "erred"] as const;
  const statuses = new Map<string, number>();
  for (const [, { status }] of workers) statuses.set(status, (statuses.get(status) ?? 0) + 1);
  metric(
    "workers",
    "gauge",
    "Workers by status.",
    Array.from(statuses, ([status, count]) => [{ status }, count]),
  );
  metric("clients", "gauge", "Clients that are connected.", [[{}, info.clients.length]]);
  metric("queued", "gauge", "Tasks that wait for a worker.", [[{}, info.queued]]);
  metric(
    "tasks",
    "gauge",
    "Tasks that the scheduler has not forgotten, by name and state.",
    names.flatMap((counts) => states.map((state) => [{ name: counts.name, state }, counts[state]] as const)),
  );
  metric(
    "runs_total",
    "counter",
    "Runs that have ended, by name.",
    names.map(({ name, runs }) => [{ name }, runs]),
  );
  metric(
    "run_seconds_total",
    "counter",
    "What they have taken, by name.",
    names.map(({ name, ms }) => [{ name }, ms / 1000]),
  );
  metric(
    "worker_slots",
    "gauge",
    "Tasks a worker may have in flight.",
    workers.map(([worker, { nThreads }]) => [{ worker }, nThreads]),
  );
  metric(
    "worker_tasks",
    "gauge",
    "Tasks a worker has in hand.",
    workers.map(([worker, { processing }]) => [{ worker }, processing]),
  );
  metric(
    "worker_values",
    "gauge",
    "Values a worker holds.",
    workers.map(([worker, { nValues }]) => [{ worker }, nValues]),
  );
  metric(
    "worker_value_bytes",
    "gauge",
    "Bytes of the values a worker holds.",
    workers.map(([worker, { nbytes }]) => [{ worker }, nbytes]),
  );
  const told = (of: (worker: WorkerInfo) => number | undefined) =>
    workers.flatMap(([worker, info]) => {
      const bytes = of(info);
      return bytes === undefined ? [] : [[{ worker }, bytes] as const];
    });
  metric(
    "worker_thread_bytes",
    "gauge",
    "Bytes that a worker's thread has in use.",
    told(({ threadBytes }) => threadBytes),
  );
  metric(
    "worker_memory_limit_bytes",
    "gauge",
    "Bytes of values that a worker may hold in memory.",
    told(({ memoryLimit }) => memoryLimit),
  );
  metric(
    "worker_held_bytes",
    "gauge",
    "Bytes of values that a worker with a limit holds in memory.",
    told(({ heldBytes }) => heldBytes),
  );
  metric(
    "worker_spilled_bytes",
    "gauge",
    "Bytes of values that a worker has written out.",
    told(({ spilledBytes }) => spilledBytes),
  );
  metric(
    "worker_expected_seconds",
    "gauge",
    "What a worker has in hand is expected to take.",
    workers.map(([worker, { occupancyMs }]) => [{ worker }, occupancyMs / 1000]),
  );
  metric(
    "waiting",
    "gauge",
    "Who waits at queues, locks and their like.",
    meetingPlaces.map(({ kind, name, waiting }) => [{ kind, name }, waiting]),
  );
  return `${lines.join("\n")}\n`;
}

type Labels = Readonly<Record<string, string>>;

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

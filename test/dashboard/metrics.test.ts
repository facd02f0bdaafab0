/** A survey in the text that Prometheus reads. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { metricsText } from "../../src/dashboard/metrics.ts";

describe("metrics", () => {
  it("are a line each, with names that may hold anything", () => {
    const text = metricsText({
      info: {
        address: "local",
        clients: ["c1", "c2"],
        queued: 3,
        links: [],
        workers: {
          "thread://w/0": {
            name: "w-0",
            host: "w",
            status: "running",
            occupancyMs: 250,
            nThreads: 1,
            processing: 2,
            nValues: 4,
            nbytes: 500,
            memoryLimit: 20_000,
            heldBytes: 400,
            spilledBytes: undefined,
            threadBytes: 9000,
            resources: {},
            actors: 0,
            link: "local",
            latencyMs: 0,
            bandwidth: 0,
          },
        },
      },
      names: [{ name: 'a "b"\\\n', waiting: 1, queued: 2, processing: 3, memory: 4, erred: 5, runs: 6, ms: 1500 }],
      graph: undefined,
      meetingPlaces: [{ kind: "queue", name: "jobs", waiting: 7, isIdle: false }],
    });
    const samples = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    const name = 'a \\"b\\"\\\\\\n';
    assert.deepEqual(samples, [
      'manyhands_workers{status="running"} 1',
      "manyhands_clients 2",
      "manyhands_queued 3",
      `manyhands_tasks{name="${name}",state="waiting"} 1`,
      `manyhands_tasks{name="${name}",state="queued"} 2`,
      `manyhands_tasks{name="${name}",state="processing"} 3`,
      `manyhands_tasks{name="${name}",state="memory"} 4`,
      `manyhands_tasks{name="${name}",state="erred"} 5`,
      `manyhands_runs_total{name="${name}"} 6`,
      `manyhands_run_seconds_total{name="${name}"} 1.5`,
      'manyhands_worker_slots{worker="thread://w/0"} 1',
      'manyhands_worker_tasks{worker="thread://w/0"} 2',
      'manyhands_worker_values{worker="thread://w/0"} 4',
      'manyhands_worker_value_bytes{worker="thread://w/0"} 500',
      'manyhands_worker_thread_bytes{worker="thread://w/0"} 9000',
      'manyhands_worker_memory_limit_bytes{worker="thread://w/0"} 20000',
      'manyhands_worker_held_bytes{worker="thread://w/0"} 400',
      'manyhands_worker_expected_seconds{worker="thread://w/0"} 0.25',
      'manyhands_waiting{kind="queue",name="jobs"} 7',
    ]);
  });
});

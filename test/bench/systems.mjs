/**
 * Who takes part. `kind` is `subject` (us), `peer` (what a user would pick instead) or `floor` (written by hand:
 * what the platform allows). `options` go to the system's `start`; `only` and `skip` name workloads.
 */

export const WORKERS = 2;

const tuned = { concurrentTasksPerWorker: 100, recordTiming: false };

export const systems = [
  { name: "manyhands", kind: "subject", file: "manyhands.mjs" },
  { name: "piscina", kind: "peer", file: "piscina.mjs" },
  { name: "piscina-tuned", kind: "peer", file: "piscina.mjs", options: tuned },
  { name: "tinypool", kind: "peer", file: "tinypool.mjs" },
  { name: "workerpool", kind: "peer", file: "workerpool.mjs" },
  // Poolifier has no way to transfer a result.
  { name: "poolifier", kind: "peer", file: "poolifier.mjs", skip: ["i_hand"] },
  { name: "comlink", kind: "peer", file: "comlink.mjs" },
  {
    name: "raw-1inflight",
    kind: "floor",
    file: "raw.mjs",
    options: { inFlight: 1 },
  },
  { name: "raw-pipelined", kind: "floor", file: "raw.mjs", skip: ["f_arg"] },
  {
    name: "raw-batch100",
    kind: "floor",
    file: "raw.mjs",
    options: { perMessage: 100 },
    // Large values are sent one by one, so these would say again what raw-pipelined says.
    skip: ["f_arg", "f_scatter", "g", "i", "i_hand", "j"],
  },
];

/** The same for pages: of the peers, those that run there. */
export const browserSystems = [
  { name: "manyhands", kind: "subject", file: "../systems/manyhands.mjs" },
  { name: "workerpool", kind: "peer", file: "workerpool.mjs" },
  { name: "comlink", kind: "peer", file: "comlink.mjs" },
  {
    name: "raw-batch100",
    kind: "floor",
    file: "raw.mjs",
    options: { perMessage: 100 },
    skip: ["f_arg"],
  },
];

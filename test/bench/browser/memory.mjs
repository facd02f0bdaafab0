/** The page's part of `npm run bench:memory`: what a worker with too little memory does, and what the browser's file system gives by hand. */
import * as library from "/dist/index.js";
import { spilled } from "../spilling.mjs";

globalThis.spilled = (count, size) => spilled(library, count, size);

/** Firefox collects workers that nobody knows of, though they wait for a file. */
let worker;

globalThis.byHand = (count, size) => {
  worker = new Worker("opfs-worker.mjs", { type: "module" });
  return new Promise((resolve, reject) => {
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.onmessage = ({ data }) => (data.failed === undefined ? resolve(data) : reject(new Error(data.failed)));
    worker.postMessage({ count, size });
  }).finally(() => worker.terminate());
};

globalThis.isReady = true;

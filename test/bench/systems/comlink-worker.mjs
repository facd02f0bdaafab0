/** What a thread offers through Comlink. */
import { parentPort } from "node:worker_threads";
import { expose, transfer } from "comlink";
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";
import * as tasks from "../tasks.mjs";

function bytesByHand(length, value) {
  const result = tasks.bytes(length, value);
  return transfer(result, [result.buffer]);
}

expose({ ...tasks, bytesByHand }, nodeEndpoint(parentPort));

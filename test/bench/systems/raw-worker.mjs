/** What the floors' threads run. */
import { parentPort } from "node:worker_threads";
import { answer } from "./raw-answers.mjs";

parentPort.on("message", (message) => {
  answer(message, (replies, moved) => parentPort.postMessage(replies, moved));
});

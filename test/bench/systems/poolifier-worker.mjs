/** What poolifier's threads load: tasks that take one argument. */
import { ThreadWorker } from "poolifier";
import * as tasks from "../tasks.mjs";

export default new ThreadWorker({
  add: ([a, b]) => tasks.add(a, b),
  sumAt: ([array, index]) => tasks.sumAt(array, index),
  spin: ([rounds, seed]) => tasks.spin(rounds, seed),
  bytes: ([length, value]) => tasks.bytes(length, value),
});

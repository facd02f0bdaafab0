/** What workerpool's threads load. */
import workerpool from "workerpool";
import { add, bytes, spin, sumAt } from "../tasks.mjs";

function bytesByHand(length, value) {
  const result = bytes(length, value);
  return new workerpool.Transfer(result, [result.buffer]);
}

workerpool.worker({ add, sumAt, spin, bytes, bytesByHand });

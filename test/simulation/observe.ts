/** A look at the machine inside a worker's runtime, which shows it to nobody. */
import { WorkerMachine } from "../../src/worker/machine.ts";

const { handle } = WorkerMachine.prototype;

let lastToHear: WorkerMachine | undefined;

WorkerMachine.prototype.handle = function handleObserved(message) {
  lastToHear = this;
  handle.call(this, message);
};

/** The machine that hears something while `act` runs. */
export function machineThatHears(act: () => void): WorkerMachine | undefined {
  lastToHear = undefined;
  act();
  return lastToHear;
}

/** What a worker does about its memory: tells the scheduler now and then what its thread has in use and, where there is a limit, keeps to it. */

import type { Clock } from "../ports/clock.ts";
import type { WorkerSetup } from "../ports/spawner.ts";
import type { TaskId } from "../protocol/identity.ts";
import type { WorkerInstruction } from "../worker/contract.ts";
import type { WorkerMachine } from "../worker/machine.ts";
import type { StoreInstruction, ValueKeeper } from "./value-keeper.ts";
import type { WorkerEquipment } from "./worker-equipment.ts";

type CameBack = WorkerInstruction & { readonly type: "came-back" };

/** It is asked for no more often than this. Milliseconds. */
const EVERY_MS = 1000;

export interface MemoryShell {
  readonly machine: WorkerMachine;
  readonly clock: Clock;
  /** Notes that the buffers in a value are to stay. */
  guard(value: unknown): void;
  isRunning(): boolean;
  /** Peers wait for a value that has been read. */
  cameBack(id: TaskId): void;
  /** Something has come that there may be something to be done about. */
  wake(): void;
}

export class MemoryWatch {
  readonly #equipment: WorkerEquipment;
  readonly #shell: MemoryShell;
  /** Where there is a limit to what may be held. */
  #keeper: ValueKeeper | undefined;
  #dueMs: number;
  /** What the store is to do once all has been said: it may take the thread's time. */
  #forStore: StoreInstruction[] = [];

  /** To be made when all else is there, and before anything is heard. */
  constructor({ memory }: WorkerSetup, equipment: WorkerEquipment, shell: MemoryShell) {
    this.#equipment = equipment;
    this.#shell = shell;
    const { gauge, openStore, limitMemory } = equipment;
    // Where the platform does not tell, it is said all the same: the scheduler looks around then.
    this.#dueMs = gauge === undefined && openStore === undefined ? Number.POSITIVE_INFINITY : 0;
    const { machine, clock, guard, isRunning, wake } = shell;
    if (memory === undefined || limitMemory === undefined) return;
    this.#keeper = limitMemory(machine, memory, {
      clock,
      gauge,
      open: openStore,
      guard,
      isBusy: () => isRunning() || machine.isBusy,
      say: (message) => machine.report(message),
      changed: wake,
    });
    wake();
  }

  /** To be called whenever it is convenient: mostly, nothing is due. */
  look(nowMs: number): void {
    if (this.#keeper !== undefined) return this.#keeper.look(nowMs);
    if (nowMs < this.#dueMs) return;
    this.#dueMs = nowMs + EVERY_MS;
    this.#shell.machine.report({ type: "memory-used", threadBytes: this.#equipment.gauge?.used() });
  }

  /** Takes what is to be done about values that are written out; false of anything else. */
  takes(instruction: WorkerInstruction): instruction is StoreInstruction | CameBack {
    switch (instruction.type) {
      case "write-value":
      case "read-value":
      case "remove-value":
        this.#forStore.push(instruction);
        return true;
      case "came-back":
        this.#shell.cameBack(instruction.id);
        return true;
      default:
        return false;
    }
  }

  /** Does what it has taken. */
  perform(): void {
    if (this.#forStore.length === 0) return;
    const instructions = this.#forStore;
    this.#forStore = [];
    for (const instruction of instructions) this.#keeper?.perform(instruction);
  }
}

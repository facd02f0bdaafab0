/** Whose results are whose: which worker's each is, as the scheduler has accepted it. Noted from when somebody first asks. */

import type { Key, WorkerAddress } from "../protocol/identity.ts";
import type { MoveNotes } from "./contract.ts";
import type { TaskRecord } from "./records.ts";
import type { SchedulerState } from "./state.ts";
import type { WorkerRecord } from "./worker-record.ts";

export class Makers implements MoveNotes {
  readonly mask = 0;
  /** In whose hands each was last. */
  readonly #last = new WeakMap<TaskRecord, WorkerAddress>();

  note(task: TaskRecord, _from: string, to: string, worker: WorkerRecord | undefined): void {
    if (to === "processing" && worker !== undefined) this.#last.set(task, worker.address);
  }

  /** Of what comes and goes many at a time, nobody can ask later. */
  noteMany(): void {}

  passTime(): void {}

  /** Of those that have come to a result. */
  of(tasks: readonly TaskRecord[]): Readonly<Record<Key, WorkerAddress>> {
    const makers: [Key, WorkerAddress][] = [];
    for (const task of tasks) {
      const maker = this.#last.get(task);
      if (task.state === "memory" && maker !== undefined) makers.push([task.key, maker]);
    }
    return Object.fromEntries(makers);
  }
}

/** Several who note moves. */
class Notes implements MoveNotes {
  readonly mask = 0; // Each leaves out what it need not be told.
  readonly all: readonly MoveNotes[];

  constructor(all: readonly MoveNotes[]) {
    this.all = all;
  }

  note(...move: Parameters<MoveNotes["note"]>): void {
    for (const notes of this.all) notes.note(...move);
  }

  noteMany(...move: Parameters<MoveNotes["noteMany"]>): void {
    for (const notes of this.all) notes.noteMany(...move);
  }

  passTime(nowMs: number): void {
    for (const notes of this.all) notes.passTime(nowMs);
  }
}

/** Has `notes` hear of moves, beside those who do already. */
export function addNotes(state: SchedulerState, notes: MoveNotes): void {
  state.notes = together([...notersOf(state), notes]);
}

export function removeNotes(state: SchedulerState, notes: MoveNotes | undefined): void {
  state.notes = together(notersOf(state).filter((each) => each !== notes));
}

function notersOf({ notes }: SchedulerState): readonly MoveNotes[] {
  return notes instanceof Notes ? notes.all : notes === undefined ? [] : [notes];
}

function together(all: readonly MoveNotes[]): MoveNotes | undefined {
  return all.length > 1 ? new Notes(all) : all[0];
}

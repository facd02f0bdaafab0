/** The job of sweeping two parameters: an epidemic simulated many times for each pair, its outcome a heat map. */
import type { Client, Future } from "manyhands/peer";
import type { Job } from "./run.ts";

export interface SweepWishes {
  /** Pairs in a row and in a column. */
  readonly columns: number;
  readonly rows: number;
  /** Runs for each pair, whose mean is shown. */
  readonly repeats: number;
}

/** A row's share of a few pairs, so that a task is worth its way. */
export interface Patch {
  readonly row: number;
  readonly column: number;
  /** Days until an infected person is well again, and people infected by one in the meantime: the two parameters. */
  readonly pairs: readonly (readonly [days: number, contagion: number])[];
  readonly repeats: number;
}

export interface PatchResult {
  /** Share of the people that had the illness in the end, for each pair. From 0 to 1. */
  readonly shares: readonly number[];
}

export const SWEEP = { days: [2, 14], contagion: [0.5, 4] } as const;
const PAIRS_A_PATCH = 8;

export class SweepJob implements Job<Patch, PatchResult> {
  readonly title = "An epidemic, two parameters";
  readonly name = "sweep";
  readonly parts: readonly Patch[];
  readonly columns: number;
  readonly rows: number;
  /** Shares as far as they are known, row by row; NaN where they are not. */
  readonly shares: Float64Array;
  /** Called with each patch that is done. */
  onPatch: (patch: Patch) => void = () => {};

  constructor({ columns, rows, repeats }: SweepWishes) {
    this.columns = columns;
    this.rows = rows;
    this.shares = new Float64Array(columns * rows).fill(Number.NaN);
    const patches: Patch[] = [];
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column += PAIRS_A_PATCH) {
        const count = Math.min(PAIRS_A_PATCH, columns - column);
        const pairs = Array.from({ length: count }, (_, i) => this.pairAt(column + i, row));
        patches.push({ row, column, pairs, repeats });
      }
    }
    // Spread over the map, so that its shape shows early.
    this.parts = patches
      .map((patch, i) => ({ patch, rank: (i * 0.618034) % 1 }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ patch }) => patch);
  }

  /** The parameters at a place of the map. */
  pairAt(column: number, row: number): readonly [number, number] {
    const between = ([from, to]: readonly [number, number], at: number, of: number) =>
      of === 1 ? from : from + ((to - from) * at) / (of - 1);
    return [between(SWEEP.days, column, this.columns), between(SWEEP.contagion, row, this.rows)];
  }

  begin(): void {}

  submit(client: Client, patch: Patch): Future<PatchResult> {
    return client.submit(simulate, patch);
  }

  take(result: PatchResult, index: number): void {
    const patch = this.parts[index] as Patch;
    for (const [i, share] of result.shares.entries()) this.shares[patch.row * this.columns + patch.column + i] = share;
    this.onPatch(patch);
  }

  end(): void {}

  /** A line for each pair. */
  toCsv(): string {
    const lines = ["days,contagion,share"];
    for (let row = 0; row < this.rows; row++) {
      for (let column = 0; column < this.columns; column++) {
        const share = this.shares[row * this.columns + column] ?? Number.NaN;
        if (!Number.isNaN(share))
          lines.push(`${this.pairAt(column, row).map((each) => each.toFixed(4))},${share.toFixed(5)}`);
      }
    }
    return `${lines.join("\n")}\n`;
  }
}

/**
 * The task. People meet at random: each day an infected one infects so many of those who are still healthy, as chance has it. The numbers
 * drawn depend on the pair alone, so that it does not matter who computes it.
 */
function simulate({ pairs, repeats, row, column }: Patch): PatchResult {
  const people = 2000;
  let seed = (row * 7919 + column * 104_729 + 12_345) | 0;
  const random = () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let x = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
  const shares = pairs.map(([days, contagion]) => {
    let sum = 0;
    for (let repeat = 0; repeat < repeats; repeat++) {
      let healthy = people - 5;
      let ill = 5;
      while (ill > 0) {
        const risk = 1 - Math.exp((-contagion / days) * (ill / people));
        let infected = 0;
        for (let i = 0; i < healthy; i++) if (random() < risk) infected += 1;
        let cured = 0;
        for (let i = 0; i < ill; i++) if (random() < 1 / days) cured += 1;
        healthy -= infected;
        ill += infected - cured;
      }
      sum += 1 - healthy / people;
    }
    return sum / repeats;
  });
  return { shares };
}

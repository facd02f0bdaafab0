/** Shows in a terminal how far futures have come: part of the door for Node, loaded when it is wanted. */

import { type TextStream, terminalBar } from "./adapters/terminal-bar.ts";
import { type Awaited, Bar, type BarState, barText } from "./dashboard/bar.ts";

export interface ShowProgressOptions {
  /** Where it is shown: the process's standard error unless said. A bar where that is a terminal, a line now and then elsewhere. */
  readonly stream?: TextStream;
  /** What stands before the bar. */
  readonly label?: string;
}

/** How often a bar is drawn. Milliseconds. */
const PACE_MS = 100;

export async function showBar(
  futures: Iterable<Awaited>,
  { stream = process.stderr, label = "" }: ShowProgressOptions,
): Promise<BarState> {
  const now = () => performance.now();
  const bar = new Bar(futures, now);
  const drawn = terminalBar(stream, bar.total, label, now);
  try {
    for (;;) {
      const { state } = bar;
      drawn.draw(state.done, barText(state));
      if (state.done === state.total) return state;
      await bar.change();
      if (!bar.isOver) await new Promise((resolve) => setTimeout(resolve, PACE_MS));
    }
  } finally {
    drawn.stop();
  }
}

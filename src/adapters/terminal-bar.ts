/** A progress bar in a terminal; plain lines where nobody watches one. */

import cliProgress from "cli-progress";

/** Lines are written at most so often. Milliseconds. */
const LINE_MS = 5000;

/** What is written to. */
export interface TextStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export interface DrawnBar {
  draw(done: number, text: string): void;
  stop(): void;
}

export function terminalBar(stream: TextStream, total: number, label: string, now: () => number): DrawnBar {
  const title = label === "" ? "" : `${label} `;
  return stream.isTTY === true ? liveBar(stream, total, title) : plainLines(stream, total, title, now);
}

function liveBar(stream: TextStream, total: number, title: string): DrawnBar {
  const format = `${title.replaceAll("{", "(").replaceAll("}", ")")}{bar} {percentage}% {text}`;
  const bar = new cliProgress.SingleBar(
    { stream: stream as NodeJS.WritableStream, format, hideCursor: true, barsize: 30 },
    cliProgress.Presets.shades_classic,
  );
  bar.start(total, 0, { text: "" });
  return {
    draw: (done, text) => bar.update(done, { text }),
    stop: () => bar.stop(),
  };
}

function plainLines(stream: TextStream, total: number, title: string, now: () => number): DrawnBar {
  let lastMs = now();
  let last = "";
  return {
    draw: (done, text) => {
      const isDue = done === total || now() - lastMs >= LINE_MS;
      if (!isDue || text === last) return;
      lastMs = now();
      last = text;
      stream.write(`${title}${text}\n`);
    },
    stop: () => {},
  };
}

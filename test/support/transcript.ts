/**
 * Transcripts: commands to a stage, and beneath each the whole of what comes of it.
 *
 *   > w1: finish x = 5
 *   c1 <- 1: x = 5
 *
 * What follows a `#` at the beginning of a line is for the reader. A stage turns commands into events of a machine, and the
 * machine's instructions into lines.
 */
import assert from "node:assert/strict";

export interface Stage {
  /** Does what the command says and returns the lines of what comes of it. */
  play(command: string): readonly string[];
}

/** Plays the commands of a transcript and returns it as it should read. */
export function perform(transcript: string, stage: Stage): string {
  const lines: string[] = [];
  for (const line of transcript.split("\n").map((each) => each.trim())) {
    if (line.startsWith(">")) lines.push(line, ...stage.play(line.slice(1).trim()).map((each) => `  ${each}`));
    else if (line.startsWith("#") || line === "") lines.push(line);
  }
  return lines.join("\n");
}

/** Plays a transcript and compares all that comes of it with what stands there. */
export function follow(transcript: string, stage: Stage): void {
  assert.equal(perform(transcript, stage).trim(), aligned(transcript));
}

/** The transcript as `perform` writes it, however it is indented. */
function aligned(transcript: string): string {
  const lines = transcript.trim().split("\n");
  return lines.map((line) => (/^\s*(>|#|$)/.test(line) ? line.trim() : `  ${line.trim()}`)).join("\n");
}

/** What a command says, word by word. */
export class Words {
  #rest: string;
  readonly #whole: string;

  constructor(text: string) {
    this.#whole = text;
    this.#rest = text.trim();
  }

  get isEmpty(): boolean {
    return this.#rest === "";
  }

  /** Takes `pattern` off the front, if it is there, and returns its groups, or itself if it has none. */
  take(pattern: RegExp): readonly string[] | undefined {
    const match = new RegExp(`^(?:${pattern.source})\\s*`, pattern.flags).exec(this.#rest);
    if (match === null) return undefined;
    this.#rest = this.#rest.slice(match[0].length);
    return match.length > 1 ? match.slice(1).map((group) => group ?? "") : [match[0].trim()];
  }

  /** The same, where it has to be there. */
  demand(pattern: RegExp): readonly string[] {
    return this.take(pattern) ?? assert.fail(`cannot read "${this.#rest}" in "${this.#whole}"`);
  }

  word(): string {
    return this.demand(/(\S+)/)[0] as string;
  }

  has(word: string): boolean {
    return this.take(new RegExp(`(${word})(?![\\w-])`)) !== undefined;
  }

  rest(): string {
    const rest = this.#rest;
    this.#rest = "";
    return rest;
  }

  end(): void {
    assert.equal(this.#rest, "", `"${this.#whole}" goes on unexpectedly`);
  }
}

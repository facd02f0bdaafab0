/**
 * Stories: transcripts of what a scheduler is told and what it answers, to be read from top to bottom.
 *
 * `node --import tsx test/stories/stories.test.ts --rewrite` writes down what it answers now; then read the difference.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { SchedulerStage } from "../support/scheduler-stage.ts";
import { perform } from "../support/transcript.ts";

const folder = new URL("./", import.meta.url);
const stories = readdirSync(folder).filter((name) => name.endsWith(".txt"));

function told(story: string): string {
  return `${perform(story, new SchedulerStage()).trim()}\n`;
}

if (process.argv.includes("--rewrite")) {
  for (const name of stories) {
    const file = new URL(name, folder);
    writeFileSync(file, told(readFileSync(file, "utf8")));
  }
} else {
  describe("the story of", () => {
    for (const name of stories) {
      it(name.replace(".txt", "").replaceAll("-", " "), () => {
        const story = readFileSync(new URL(name, folder), "utf8");
        assert.equal(told(story), story);
      });
    }
  });
}

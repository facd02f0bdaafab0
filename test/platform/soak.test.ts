/** Half a minute of everything in Node, after which nothing is left of it: `npm run soak` goes on for ten. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../soak/node.mjs", import.meta.url));

describe("a while of everything", () => {
  it("leaves nothing behind: no tasks, no values, no handles, and no memory to speak of", {
    timeout: 90_000,
  }, async () => {
    const child = spawn(process.execPath, ["--expose-gc", program, "--seconds", "20"], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        said += text;
      });
    }
    const code = await new Promise((resolve, reject) => child.once("error", reject).once("close", resolve));
    assert.equal(code, 0, said);
    assert.match(said, /nothing is left behind/);
  });
});

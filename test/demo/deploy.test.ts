/** The service and the container that are there to be copied: they say what the command line understands. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { scheduler } from "../../src/cli/scheduler.ts";
import { worker } from "../../src/cli/worker.ts";

const read = (name: string) => readFileSync(new URL(`../../demo/deploy/${name}`, import.meta.url), "utf8");
const { bin, name } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));

describe("what is there to be copied", () => {
  it("the service starts a scheduler, with options that it has, and interrupts it to end it", () => {
    const unit = read("manyhands-scheduler.service");
    const [, command = ""] = /^ExecStart=(.*)$/m.exec(unit) ?? [];
    const [, , called, subcommand, ...rest] = command.split(" ");
    assert.deepEqual([called, subcommand], [Object.keys(bin)[0], scheduler.name]);
    const options = rest.filter((word) => word.startsWith("--"));
    assert.deepEqual(options, ["--listen", "--tokens", "--json"]);
    for (const option of options) assert.ok(scheduler.help.includes(`  ${option} `), option);
    assert.match(unit, /^KillSignal=SIGINT$/m);
    // Nobody but this machine reaches it, and its tokens lie where it may write.
    assert.ok(rest.includes("ws://127.0.0.1:8786"));
    const [, folder] = /^StateDirectory=(.*)$/m.exec(unit) ?? [];
    assert.ok(rest.includes(`/var/lib/${folder}/tokens.json`));
  });

  it("the container lends threads, as nobody in particular, and is interrupted to end", () => {
    const file = read("Dockerfile");
    const [, entry = "[]"] = /^ENTRYPOINT (.*)$/m.exec(file) ?? [];
    assert.deepEqual(JSON.parse(entry), [
      "node",
      `node_modules/${name}/${bin.manyhands.replace("./", "")}`,
      worker.name,
    ]);
    for (const line of ["STOPSIGNAL SIGINT", "USER node"]) assert.ok(file.split("\n").includes(line), line);
    assert.match(file, /-e MANYHANDS_WORKER_TOKEN /);
    assert.ok(worker.help.includes("MANYHANDS_WORKER_TOKEN"));
  });
});

/** What workers write to their consoles. */
import type { Case } from "./case.ts";
import { equal, ok } from "./check.ts";

export const logs: readonly Case[] = [
  {
    name: "logs() gives what workers have written, with the tasks that wrote it",
    async run({ client }) {
      await client.waitForWorkers(1);
      const [one = ""] = Object.keys((await client.schedulerInfo()).workers);
      const wrote = client.with({ workers: one, key: "wrote-a-line" }).submit(function writing() {
        console.log("here is", { deep: [1, "two", new Map([[3, 4]])] }, new Float32Array(100).length);
        console.error(new RangeError("of ours"));
      });
      await wrote.result();
      await client.run(() => console.info("by no task"));
      const { lines = [], answered } = (await client.logs({ workers: one }))[one] ?? {};
      equal(answered, true);
      const last = lines.slice(-3);
      equal(
        last.map(({ level, key, name, worker }) => [level, key, name, worker]),
        [
          ["log", "wrote-a-line", "writing", one],
          ["error", "wrote-a-line", "writing", one],
          ["info", undefined, undefined, one],
        ],
      );
      equal(last[0]?.text, 'here is {"deep":[1,"two",[[3,4]]]} 100');
      ok(last[1]?.text.includes("RangeError: of ours") === true, `${last[1]?.text}`);
      ok(Math.abs((last[0]?.time.getTime() ?? 0) - Date.now()) < 60_000, "it was lately");
      wrote.release();
    },
  },
  {
    name: "forwardLogs() brings lines while the task that writes them goes on computing, and none when it is closed",
    async run({ client }) {
      const seen: string[] = [];
      let came = () => {};
      const first = new Promise<void>((resolve) => {
        came = resolve;
      });
      const forwarding = await client.forwardLogs({
        level: "warn",
        handler: ({ text, name }) => {
          seen.push(`${name}: ${text}`);
          came();
        },
      });
      const busy = client.submit(function warning() {
        console.log("not this");
        console.warn("early");
        const until = performance.now() + 400;
        while (performance.now() < until);
        return "late";
      });
      await first;
      equal([seen, busy.done()], [["warning: early"], false]);
      equal(await busy.result(), "late");
      forwarding.close();
      await client.submit(() => console.warn("too late")).result();
      await client.run(() => {});
      equal(seen, ["warning: early"]);
    },
  },
  {
    name: "forwardLogs() refuses levels that are none, and handlers that cannot be called",
    async run({ client }) {
      for (const options of [{ level: "loud" }, { handler: "print" }]) {
        const error = await client.forwardLogs(options as never).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        ok(error instanceof TypeError, `${error}`);
      }
    },
  },
];

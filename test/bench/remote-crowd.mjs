// @ts-check
/** Many hosts of one worker each, in one process. They join when it is told to. */
import { join } from "manyhands";

const [, , invitation = "", count = "1"] = process.argv;
process.on("SIGUSR2", () => {
  for (let i = 0; i < Number(count); i++) void join(invitation, { nWorkers: 1, name: `light${i}` });
});
setInterval(() => {}, 1e9);
console.log("listening");

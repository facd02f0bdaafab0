import { SchedulerStage } from "./scheduler-stage.ts";
import { perform } from "./transcript.ts";
import { readFileSync } from "node:fs";
console.log(perform(readFileSync(process.argv[2]!, "utf8"), new SchedulerStage()));

/** All cases, by what they are about. */
import { actors } from "./actors.ts";
import { asking } from "./asking.ts";
import type { Case } from "./case.ts";
import { collections } from "./collections.ts";
import { coordination } from "./coordination.ts";
import { coordinationInTasks } from "./coordination-in-tasks.ts";
import { data } from "./data.ts";
import { datasets } from "./datasets.ts";
import { deaths } from "./deaths.ts";
import { elastic } from "./elastic.ts";
import { events } from "./events.ts";
import { failures } from "./failures.ts";
import { functions } from "./functions.ts";
import { guide } from "./guide.ts";
import { keeping } from "./keeping.ts";
import { logs } from "./logs.ts";
import { memory } from "./memory.ts";
import { options } from "./options.ts";
import { patterns } from "./patterns.ts";
import { placement } from "./placement.ts";
import { ported } from "./ported.ts";
import { profiling } from "./profiling.ts";
import { quorums } from "./quorum.ts";
import { recording } from "./recording.ts";
import { replays } from "./replay.ts";
import { run } from "./run.ts";
import { semantics } from "./semantics.ts";
import { stopping } from "./stopping.ts";
import { stories } from "./stories.ts";
import { streams } from "./streams.ts";
import { submitting } from "./submitting.ts";
import { tasksFromTasks } from "./tasks-from-tasks.ts";

export const groups: Readonly<Record<string, readonly Case[]>> = {
  patterns,
  guide,
  submitting,
  collections,
  functions,
  data,
  keeping,
  failures,
  stopping,
  streams,
  recording,
  stories,
  logs,
  profiling,
  replays,
  deaths,
  asking,
  events,
  datasets,
  placement,
  coordination,
  "tasks from tasks": tasksFromTasks,
  run,
  elastic,
  options,
  quorums,
  memory,
  semantics,
  ported,
  "coordination in tasks": coordinationInTasks,
  actors,
};

/** Actors as the scheduler sees them: where each is, how long it lives, and what becomes of it when its worker goes. */
import { describe, it } from "node:test";
import { SchedulerStage } from "../support/scheduler-stage.ts";
import { follow as followOn } from "../support/transcript.ts";

const target = '"target":{"kind":"actor","name":"a","isAnonymous":true}';

/** What is asked about the actor a, in short: `about 0 {"type": "locate-actor"}`. */
const follow = (transcript: string) =>
  followOn(
    transcript.replaceAll(
      /about (\d+) (\{.*?\})( by \d+)?$/gm,
      (_, number, act, by) =>
        `request ${number} {"type":"coordinate",${target},"act":${act}${by ? `,"task":${by.slice(4)}` : ""}}`,
    ),
    new SchedulerStage(),
  );

/** A worker makes the actor and gives a handle on it to the client. */
const made = `
      > add client c1
      > add worker w1
      > c1: submit x = A(1)
        w1 <- learn A
        w1 <- compute x = A(1)
      > tasks of w1: scatter anchor = 0 as "actor://a"
      > tasks of w1: about 0 {"type":"host-actor","hasCheckpoints":true} by 1
        w1 <- tell tasks 1: answer 0: {"actor":1,"options":{}}
      > c1: claim handle = "actor://a"
        c1 <- 1: handle = 0
      > tasks of w1: release anchor
      > w1: finish x = 1
        c1 <- 2: x = 1`;

describe("an actor", () => {
  it("is where it was made, and whoever asks is linked to there, once", () => {
    follow(`${made}
      > c1: about 0 {"type":"locate-actor"}
        link c1 and w1
        c1 <- 3: answer 0: {"worker":"w1","actor":1}
      > c1: about 1 {"type":"locate-actor"}
        c1 <- 4: answer 1: {"worker":"w1","actor":1}
    `);
  });

  it("ends with the last handle on it, and is not found any more", () => {
    follow(`${made}
      > c1: release handle
        w1 <- errand 0: drop-actor 1
      > w1: done 0 = 0
      > c1: about 0 {"type":"locate-actor"}
        c1 <- 3: answer 0 failed: actor a is lost: it has ended, for nobody had a handle on it any more
    `);
  });

  it("is lost with its worker, and those who look for it are told", () => {
    follow(`${made}
      > c1: about 0 {"type":"locate-actor"}
        link c1 and w1
        c1 <- 3: answer 0: {"worker":"w1","actor":1}
      > remove worker w1
      > c1: about 1 {"type":"locate-actor","not":1}
        c1 <- 4: answer 1 failed: actor a is lost: its worker w1 is gone: it is gone
    `);
  });
});

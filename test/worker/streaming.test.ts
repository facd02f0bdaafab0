/** What a worker makes of runs that give many values: credit, and items. */
import { describe, it } from "node:test";
import { follow as followOn } from "../support/transcript.ts";
import { WorkerStage } from "../support/worker-stage.ts";

const follow = (transcript: string) => followOn(transcript, new WorkerStage(1));

describe("a run that gives many values", () => {
  it("goes on as long as it has credit", () => {
    follow(`
      > compute x = f(1)
      > credit x@1 2
        x goes on
      > next
        run x with 1
      > go on x
        x may go on
      > give x 5
        -> x gives 5
      > go on x
        x may go on
      > go on x
        x has to wait
      > secede x
        -> x gives its slot back
      > credit x@1 1
        x goes on
      > rejoin x
        -> x counts again
      > go on x
        x may go on
    `);
  });

  it("is given credit whether it has begun or not, and only for the run that is meant", () => {
    follow(`
      > compute x@2 = f(1)
      > credit x@1 5
      > credit x@2 1
        x@2 goes on
      > next
        run x@2 with 1
      > go on x@2
        x@2 may go on
      > go on x@2
        x@2 has to wait
      > credit x@3 1
      > go on x@2
        x@2 has to wait
    `);
  });

  it("that is called off gives nothing more", () => {
    follow(`
      > compute x = f(1)
      > credit x@1 2
        x goes on
      > next
        run x with 1
      > go on x
        x may go on
      > give x 1
        -> x gives 1
      > cancel x@1
        abort x: not wanted
      > give x 2
      > fail x "aborted"
        -> dropped x
        -> 1 in 100 us
    `);
  });
});

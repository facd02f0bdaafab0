/** Plan: what somebody has chosen to have done, as data that can be kept; and the job it comes to. */
import type { MeshFile } from "../../render/mesh.mjs";
import { OwnJob } from "./own-job.ts";
import type { RenderWishes } from "./render-job.ts";
import type { Job } from "./run.ts";
import { SweepJob, type SweepWishes } from "./sweep-job.ts";

export type Plan =
  | { readonly kind: "render"; readonly wishes: RenderWishes }
  | { readonly kind: "sweep"; readonly wishes: SweepWishes }
  /** The source of a function, and a list or table. */
  | { readonly kind: "own"; readonly source: string; readonly list: string };

/** @throws an error that says what is wrong with it. */
export async function jobOf(plan: Plan): Promise<Job<unknown, unknown>> {
  switch (plan.kind) {
    case "render": {
      const { RenderJob } = await import("./render-job.ts"); // With all that reads meshes.
      return (await RenderJob.prepare(plan.wishes)) as unknown as Job<unknown, unknown>;
    }
    case "sweep":
      return new SweepJob(plan.wishes) as unknown as Job<unknown, unknown>;
    case "own":
      return (await OwnJob.prepare(plan.source, plan.list)) as unknown as Job<unknown, unknown>;
    default:
      throw new TypeError(`there is no kind of job called ${(plan satisfies never as { kind: string }).kind}`);
  }
}

/** The file that a plan brings along, which is large. */
export function fileOf(plan: Plan): MeshFile | undefined {
  return plan.kind === "render" ? plan.wishes.file : undefined;
}

/** The same with another file, or without. */
export function withFile(plan: Plan, file: MeshFile | undefined): Plan {
  return plan.kind === "render" ? { ...plan, wishes: { ...plan.wishes, file } } : plan;
}

/** What a bundler makes of a page, and which parts of it are loaded when. */
import type { Rolldown } from "vite";

export type Chunk = Rolldown.OutputChunk;
export type Chunks = ReadonlyMap<string, Chunk>;

/** All chunks by name. */
export function chunksOf(output: unknown): Chunks {
  const { output: files } = output as Rolldown.RolldownOutput;
  return new Map(files.flatMap((file) => (file.type === "chunk" ? [[file.fileName, file] as const] : [])));
}

/** The chunks that are loaded for these, themselves among them. */
export function closure(chunks: Chunks, isRoot: (chunk: Chunk) => boolean): Set<Chunk> {
  const loaded = new Set([...chunks.values()].filter(isRoot));
  for (const { imports } of loaded) for (const name of imports) loaded.add(chunks.get(name) as Chunk);
  return loaded;
}

export const isEntry = (chunk: Chunk) => chunk.isEntry;

/** What is imported when it is needed, and exports `name`. */
export const isLoadedFor = (name: string) => (chunk: Chunk) => chunk.isDynamicEntry && chunk.exports.includes(name);

/**
 * What a program loads that does no more than most: the core, the scheduler and Comlink as soon as a cluster is started in the page, and what
 * keeps tasks together that refer to one another.
 */
export const isPlain = (chunk: Chunk) =>
  isEntry(chunk) || ["SchedulerMachine", "transferHandlers", "weavingRules"].some((name) => isLoadedFor(name)(chunk));

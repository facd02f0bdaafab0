/** How transcripts say what tasks ask for, and what workers have. */
import type { Resources, TaskOptions } from "../../src/protocol/task-spec.ts";
import type { Words } from "./transcript.ts";

export function resourcesIn(words: Words): Resources {
  const resources: Record<string, number> = {};
  do {
    const [name, amount] = words.demand(/(\w+) ([\d.]+)/) as [string, string];
    resources[name] = Number(amount);
  } while (words.take(/and/) !== undefined);
  return resources;
}

export function workersIn(words: Words, preposition: RegExp): readonly string[] | undefined {
  if (words.take(preposition) === undefined) return undefined;
  const workers: string[] = [];
  for (let each = words.take(/(w\d+)/); each !== undefined; each = words.take(/(w\d+)/)) workers.push(...each);
  return workers;
}

export function optionsIn(words: Words): TaskOptions {
  const number = (pattern: RegExp) => {
    const found = words.take(pattern)?.[0];
    return found === undefined ? undefined : Number(found);
  };
  const given = (fields: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  const speculate = words.take(/once/) && false;
  const priority = number(/priority (-?\d+)/);
  const retries = number(/retries (\d+)/);
  const delayMs = number(/after (\d+) ms/);
  const backoff = delayMs && given({ delayMs, factor: number(/times (\d+)/), maxDelayMs: number(/at most (\d+) ms/) });
  const resources = words.take(/needs/) && resourcesIn(words);
  const workers = workersIn(words, /on/);
  const allowOtherWorkers = words.take(/or others/) && true;
  const timeoutMs = number(/within (\d+) ms/);
  const [agree, copies] = words.take(/quorum (\d+) of (\d+)/) ?? [];
  const quorum = copies && { copies: Number(copies), agree: Number(agree) };
  const name = words.take(/labelled (\w+)/)?.[0];
  const demands = given({ backoff, resources, workers, allowOtherWorkers, timeoutMs, quorum });
  return given({ priority, retries, name, speculate, demands: Object.keys(demands).length > 0 ? demands : undefined });
}

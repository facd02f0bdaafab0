/** Reading what was published. */

import type { HandedValue } from "../protocol/packed-value.ts";
import type { Answered } from "./open-requests.ts";
import { unpack } from "./packed-value.ts";

export interface PublishOptions {
  /** Replace what is published under that name. */
  readonly override?: boolean;
}

export interface DatasetOptions<T> {
  /** What to get if there is no dataset of that name, instead of an error. */
  readonly default?: T;
}

/** `answer`: the dataset, or the names that there are. */
export function readDataset(
  name: string,
  answer: Answered | readonly string[],
  options: DatasetOptions<unknown>,
): unknown {
  if ("futures" in answer) return unpack(answer.value as HandedValue, answer);
  if ("default" in options) return options.default;
  const known =
    answer.length === 0 ? "nothing is published" : `there are ${answer.map((each) => `"${each}"`).join(", ")}`;
  throw new Error(`there is no dataset "${name}"; ${known}`);
}

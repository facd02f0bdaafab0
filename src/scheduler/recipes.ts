/**
 * Recipes: what a task runs and with what, for a client that wants to run it itself.
 *
 * Of a task that failed because of an input, it is the input's recipe that is told: there is nothing to be seen in the task itself. What
 * the recipe refers to is claimed for the client; what is not there any more is computed again.
 */

import type { Answer } from "../protocol/client-messages.ts";
import type { ClientTaskId } from "../protocol/identity.ts";
import type { Recipe } from "../protocol/requests.ts";
import { type Refusal, refuse } from "./answers.ts";
import type { ClientRecord, TaskRecord } from "./records.ts";
import type { RequestTools } from "./request-tools.ts";
import type { SchedulerState } from "./state.ts";

type AnswerClient = (client: ClientRecord, number: number, outcome: Answer["outcome"]) => void;

export class Recipes {
  readonly #state: SchedulerState;
  readonly #tools: RequestTools;
  readonly #answer: AnswerClient;

  constructor(state: SchedulerState, tools: RequestTools, answer: AnswerClient) {
    this.#state = state;
    this.#tools = tools;
    this.#answer = answer;
  }

  hear(client: ClientRecord, number: number, id: ClientTaskId): void {
    const asked = client.tasks.get(id);
    const task = asked === undefined ? undefined : culpritOf(asked);
    const refusal = this.#whyNot(task);
    if (task === undefined || refusal !== undefined) {
      if (refusal !== undefined) this.#answer(client, number, refusal);
      return;
    }
    const claims = new Map<TaskRecord, ClientTaskId>();
    for (const input of task.inputs) {
      if (claims.has(input)) continue;
      client.granted -= 1;
      claims.set(input, client.granted);
    }
    const { shape, slots, firstSlot } = task;
    const row = task.group.rows.slice(firstSlot, firstSlot + slots);
    const recipe: Recipe = {
      key: task.key,
      function: task.function.shipped,
      shape,
      slots: row.map((item) => claims.get(item as TaskRecord) ?? item),
    };
    const grants = [...claims].map(([input, granted]) => ({ id: granted, key: input.key }));
    this.#answer(client, number, { value: recipe, grants });
    for (const [input, granted] of claims) this.#claim(client, granted, input);
  }

  #whyNot(task: TaskRecord | undefined): Refusal | undefined {
    if (task === undefined) return refuse("it was released or cancelled, and nobody knows any more what it ran");
    if (task.at < 0) return refuse(`${task.key} is data: there is nothing to be run`);
    if (task.isFinal) {
      return refuse(
        `${task.key} has ended well, and what it was given is kept no longer: only tasks that have failed or not ended, or whose ` +
          "results stay in the cluster because they are large, can be run again",
      );
    }
    const gone = task.inputs.find((input) => this.#isGone(input));
    return gone === undefined
      ? undefined
      : refuse(`${gone.key}, which ${task.key} was given, is gone, and cannot be made again`);
  }

  /** Whether there is neither a value nor a way to one. */
  #isGone(input: TaskRecord): boolean {
    const isSomewhere = input.value !== this.#tools.NO_VALUE || this.#state.replicas.rightsOf(input).size > 0;
    return !isSomewhere && (input.at < 0 || input.isFinal);
  }

  #claim(client: ClientRecord, id: ClientTaskId, input: TaskRecord): void {
    const { NO_VALUE, enterClaim, tellHowFar } = this.#tools;
    const wasLetGo = input.state === "forgotten" || input.state === "released";
    enterClaim(client, id, input);
    if (wasLetGo && input.value !== NO_VALUE) {
      // Its value is still here; of some there is no recipe any more.
      input.state = "memory";
      this.#state.tasks.set(input.id, input);
    } else if (wasLetGo) this.#state.recommend(input, "waiting");
    tellHowFar(this.#state, client, id, input);
  }
}

/** The task whose own failure it is. */
function culpritOf(task: TaskRecord): TaskRecord {
  let culprit = task;
  for (let next: TaskRecord | undefined = task; next !== undefined; ) {
    culprit = next;
    const { error }: TaskRecord = next;
    next = error === undefined ? undefined : next.inputs.find((input) => input.error === error);
  }
  return culprit;
}

/** Plugins and modules: what every worker has that is there, and each that comes before its first task. */

import type {
  ErrandOutcome,
  RegisterModuleErrand,
  RegisterPluginErrand,
  UnregisterPluginErrand,
} from "../protocol/errands.ts";
import type { ErrorOnWire } from "../protocol/errors.ts";
import { answer, failure, type Question } from "./answers.ts";
import { type ErrandOutcomes, type Errands, firstFailure } from "./errands.ts";
import type { SchedulerState } from "./state.ts";
import type { WorkerRecord } from "./worker-record.ts";

type Errand = RegisterPluginErrand | RegisterModuleErrand | UnregisterPluginErrand;

/** Something that a client has registered. */
class Registration {
  readonly errand: RegisterPluginErrand | RegisterModuleErrand;
  readonly question: Question;
  /** Workers that are at it. */
  underWay = 0;
  isAnswered = false;
  /** What has gone wrong before it was answered. */
  error: ErrorOnWire | undefined = undefined;

  constructor(errand: RegisterPluginErrand | RegisterModuleErrand, question: Question) {
    this.errand = errand;
    this.question = question;
  }
}

export class Plugins {
  readonly #state: SchedulerState;
  readonly #errands: Errands;
  /** By name or address, in the order in which they are to be set up. */
  readonly #registered = new Map<string, Registration>();
  /** Those whose client has not been told how it went. */
  #open: Registration[] = [];

  constructor(state: SchedulerState, errands: Errands) {
    this.#state = state;
    this.#errands = errands;
  }

  get areSome(): boolean {
    return this.#registered.size > 0;
  }

  /**
   * Has it set up by all workers, those that are just being started included. If one of them cannot, it is taken off the others
   * again: either all have it, or none.
   */
  register(question: Question, errand: Registration["errand"]): void {
    const registration = new Registration(errand, question);
    // What is registered again takes the place of the newest, as it does with the workers.
    this.#registered.delete(nameOf(errand));
    this.#registered.set(nameOf(errand), registration);
    this.#open.push(registration);
    this.#send(this.#state.workers.values(), registration);
  }

  unregister(question: Question, errand: UnregisterPluginErrand): void {
    this.#registered.delete(nameOf(errand));
    this.#errands.send(this.#state.workers.values(), errand, (outcomes) => {
      const error = explain(errand, outcomes);
      answer(this.#state, question, error === undefined ? DONE : { error });
    });
  }

  addWorker(worker: WorkerRecord): void {
    for (const registration of this.#registered.values()) this.#send([worker], registration);
  }

  /** Whether somebody waits for something here. */
  get isWaiting(): boolean {
    return this.#open.length > 0;
  }

  /** Answers what is done or has failed. */
  settle(): void {
    if (this.#open.length === 0) return;
    const open = this.#open.filter(({ underWay }) => underWay > 0 || this.#state.starting > 0);
    const settled = this.#open.filter((registration) => !open.includes(registration));
    this.#open = open;
    for (const registration of settled) this.#settle(registration);
  }

  #settle(registration: Registration): void {
    const { question, error, errand } = registration;
    registration.isAnswered = true;
    answer(this.#state, question, error === undefined ? DONE : { error });
    // Somebody may have registered another of that name meanwhile.
    if (error === undefined || this.#registered.get(nameOf(errand)) !== registration) return;
    this.#registered.delete(nameOf(errand));
    if (errand.type !== "register-plugin") return;
    this.#errands.send(this.#state.workers.values(), { type: "unregister-plugin", name: errand.name }, () => {});
  }

  #send(workers: Iterable<WorkerRecord>, registration: Registration): void {
    const { errand, question } = registration;
    registration.underWay += 1;
    this.#errands.send(workers, errand, (outcomes) => {
      registration.underWay -= 1;
      const error = explain(errand, outcomes);
      if (error === undefined) return;
      const isThere = [...outcomes.keys()].every(({ address }) => this.#state.workers.has(address));
      if (!registration.isAnswered) registration.error ??= error;
      else if (isThere && this.#state.clients.get(question.client.id) === question.client) {
        this.#state.requests?.warn(question.client, `${error.message}; it works on without`);
      }
    });
  }
}

const DONE: ErrandOutcome = { value: undefined };

function nameOf(errand: Errand): string {
  return errand.type === "register-module" ? `module ${errand.url}` : `plugin ${errand.name}`;
}

/** What went wrong first, with what and where. */
function explain(errand: Errand, outcomes: ErrandOutcomes) {
  const first = firstFailure(outcomes);
  if (first === undefined) return undefined;
  const { worker, error: cause } = first;
  const what = {
    "register-plugin": "could not be set up",
    "unregister-plugin": "could not be taken down",
    "register-module": "could not be imported",
  }[errand.type];
  const why = cause.type === "error" ? `${cause.name}: ${cause.message}` : String(cause.value);
  const message = `${nameOf(errand)} ${what} on ${worker.address}: ${why}`;
  return { ...failure("Error", message, { worker: worker.address }), cause };
}

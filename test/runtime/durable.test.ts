/** Durable clusters that crash at any byte that they write: what the next one finds is what there was at some moment, and not before the last that was said to be safe. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Queue } from "../../src/client/coordination/queue.ts";
import { Variable } from "../../src/client/coordination/variable.ts";
import type { Future } from "../../src/client/future.ts";
import { type DurableStage, openDurable } from "../support/durable-cluster.ts";
import { FaultyJournals } from "../support/faulty-journal.ts";
import { Random } from "../support/random.ts";

/** What tasks are to come to, by their keys. */
const expectations = new Map<string, number>();

/** How often each task has run, by its label. Workers are in this thread. */
const ran = new Map<string, number>();
Object.assign(globalThis, { ranHere: (label: string) => ran.set(label, (ran.get(label) ?? 0) + 1) });

function work(label: string, own: number, inputs: readonly (number | Float64Array)[], size: number) {
  (globalThis as unknown as { ranHere: (label: string) => void }).ranHere(label);
  const sum = inputs.reduce<number>(
    (total, each) => total + (typeof each === "number" ? each : (each[0] as number)),
    own,
  );
  return size === 0 ? sum : new Float64Array(size).fill(sum);
}

const numberIn = (value: unknown) => (value instanceof Float64Array ? value[0] : value);

interface Job {
  readonly label: string;
  readonly key: string;
  readonly expected: number;
  future: Future | undefined;
}

/** What clients meet at, as it was at one moment. */
interface Moment {
  readonly items: readonly number[];
  readonly held: number | undefined;
  readonly datasets: readonly string[];
}

/** Does things at random, until the store fails or enough is done. */
class Life {
  readonly jobs: Job[];
  readonly history: Moment[];
  /** What was safe when that was last said: the moment, and labels of what was done and is still wanted. */
  safe: { readonly moment: number; readonly jobs: ReadonlyMap<Job, "done" | "open"> };
  readonly #stage: DurableStage;
  readonly #random: Random;
  readonly #name: string;
  readonly #queue: Queue<number>;
  readonly #variable: Variable<number>;

  /** `known`: what was there when it began, and `moment`. */
  constructor(stage: DurableStage, random: Random, name: string, known: readonly Job[], moment: Moment) {
    this.jobs = [...known];
    this.history = [moment];
    this.safe = { moment: 0, jobs: new Map(known.map((job) => [job, "done"])) };
    this.#stage = stage;
    this.#random = random;
    this.#name = name;
    this.#queue = new Queue("queue", { client: stage.client });
    this.#variable = new Variable("variable", { client: stage.client });
  }

  async act(): Promise<void> {
    const { client, cluster } = this.#stage;
    const moment = this.history.at(-1) as Moment;
    const dice = this.#random.next();
    if (dice < 0.45) this.#submit();
    else if (dice < 0.55) {
      const number = this.#random.between(0, 1000);
      await this.#queue.put(number);
      this.#note({ ...moment, items: [...moment.items, number] });
    } else if (dice < 0.62 && moment.items.length > 0) {
      assert.equal(await this.#queue.get(), moment.items[0]);
      this.#note({ ...moment, items: moment.items.slice(1) });
    } else if (dice < 0.7) {
      const held = this.#random.between(0, 1000);
      await this.#variable.set(held);
      this.#note({ ...moment, held });
    } else if (dice < 0.75) {
      const name = `set of ${this.#name} ${this.history.length}`;
      const futures = this.#open.slice(0, 3).map(({ future }) => future);
      await client.publishDataset(name, futures);
      this.#note({ ...moment, datasets: [...moment.datasets, name] });
    } else if (dice < 0.82 && this.#open.length > 0) {
      const job = this.#random.pick(this.#open) as Job;
      job.future?.release();
      job.future = undefined;
    } else if (dice < 0.92 && this.#open.length > 0) await this.#random.pick(this.#open)?.future?.exception();
    else {
      const jobs = new Map(this.#open.map((job) => [job, job.future?.done() ? ("done" as const) : ("open" as const)]));
      const at = this.history.length - 1;
      const isSafe = await cluster.saved().then(
        () => true,
        () => false, // The power is gone.
      );
      if (isSafe) this.safe = { moment: at, jobs };
    }
  }

  get #open(): Job[] {
    return this.jobs.filter(({ future }) => future !== undefined);
  }

  #note(moment: Moment): void {
    this.history.push(moment);
  }

  #submit(): void {
    const label = `${this.#name} job ${this.jobs.length}`;
    const own = this.#random.between(0, 100);
    const inputs = this.#open.filter(() => this.#random.chance(0.2)).slice(-3);
    const size = this.#random.chance(0.2) ? this.#random.pick([2000, 20_000]) : 0;
    const isNamed = this.#random.chance(0.5);
    const { client } = this.#stage;
    const named = isNamed ? client.with({ key: label }) : client;
    const futures = inputs.map(({ future }) => future as Future<number>);
    const future = named.submit(work, label, own, futures, size);
    const expected = inputs.reduce((sum, job) => sum + job.expected, own);
    expectations.set(future.key, expected);
    this.jobs.push({ label, key: future.key, expected, future });
  }
}

async function settledTurns(count = 20): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise(setImmediate);
}

/** What the cluster has of what clients meet at. */
async function momentIn({ client }: DurableStage): Promise<Moment> {
  const queue = new Queue<number>("queue", { client });
  const items: number[] = [];
  for (let left = await queue.size(); left > 0; left--) items.push(await queue.get());
  const variable = new Variable<number>("variable", { client });
  const held = await Promise.race([variable.get(), settledTurns().then(() => undefined)]);
  return { items, held, datasets: await client.listDatasets() };
}

/** Checks that what a cluster found is what the one before it left, and puts back what it took for that. */
async function compare(stage: DurableStage, { safe, history }: Life, timesBefore: ReadonlyMap<string, number>) {
  const { client, cluster } = stage;
  const found = await momentIn(stage);
  const possible = history.slice(safe.moment);
  assert.ok(
    possible.some((moment) => JSON.stringify(moment) === JSON.stringify(found)),
    `${JSON.stringify(found)} is none of ${JSON.stringify(possible)}`,
  );
  const claimed: Job[] = [];
  for (const [job, standing] of safe.jobs) {
    // What was released since may be gone, or not.
    if (job.future === undefined) continue;
    const future = client.future(job.key);
    assert.equal(numberIn(await future.result()), job.expected, job.label);
    const times = (ran.get(job.label) ?? 0) - (timesBefore.get(job.label) ?? 0);
    if (standing === "done") assert.equal(times, 0, `${job.label} was done, and is done again`);
    else assert.ok(times <= 1, `${job.label} is done ${times} times`);
    claimed.push({ ...job, future });
  }
  for (const set of found.datasets) {
    const futures = await client.getDataset<Future<number>[]>(set);
    for (const future of futures) {
      assert.equal(numberIn(await future.result()), expectations.get(future.key));
    }
  }
  const queue = new Queue<number>("queue", { client });
  for (const item of found.items) await queue.put(item);
  await cluster.saved();
  return { found, claimed };
}

async function crashAndReturn(seed: number): Promise<void> {
  const random = new Random(seed);
  const stores = new FaultyJournals();
  const name = `seed ${seed}`;
  let stage = openDurable(stores, name);
  await stage.cluster.ready;
  let known: readonly Job[] = [];
  let moment: Moment = { items: [], held: undefined, datasets: [] };
  for (let crashes = 0; crashes < 3; crashes++) {
    stores.budget = random.between(0, 12_000);
    const life = new Life(stage, random, `${name}, life ${crashes},`, known, moment);
    for (let i = 0; i < 150 && stores.budget > 0; i++) await life.act();
    stores.crash(name);
    await stage.cluster.close();
    const timesBefore = new Map(ran);
    stage = openDurable(stores, name);
    await stage.cluster.ready;
    const { found, claimed } = await compare(stage, life, timesBefore);
    moment = found;
    known = claimed;
  }
  for (const { future } of known) future?.release();
  for (const set of moment.datasets) await stage.client.unpublishDataset(set);
  await stage.cluster.close();
}

describe("a durable cluster", () => {
  const seeds =
    process.env["SEED"] === undefined ? Array.from({ length: 30 }, (_, i) => i) : [Number(process.env["SEED"])];
  it("that crashed at a random byte goes on from a moment not before the last that was safe", {
    timeout: 60_000,
  }, async () => {
    for (const seed of seeds) {
      try {
        await crashAndReturn(seed);
      } catch (error) {
        throw new Error(`SEED=${seed}: ${(error as Error).stack}`, { cause: error });
      }
    }
  });
});

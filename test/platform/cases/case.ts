/** What a case is: something that must work in Node and in every browser, told once for all of them. */
import { Client, type Future, getTask, LocalCluster } from "manyhands";

/** What the platform's driver gives to a case. */
export interface Surroundings {
  /** Two workers, for cases that leave them as they found them. Others start their own. */
  readonly cluster: LocalCluster;
  readonly client: Client;
  /** Where `work-module.mjs` can be imported from. */
  readonly work: URL;
  /** Whether threads are ended by `process.exit()` here, rather than by `self.close()`. */
  readonly isNode: boolean;
}

export interface Case {
  readonly name: string;
  /** How long it may take, if it is much work. Browsers give every case as long. */
  readonly limitMs?: number;
  run(t: Surroundings): Promise<unknown> | unknown;
}

/** A cluster and a client of it, which both end with the scope that asked for them. */
export function start(options: { readonly nWorkers?: number; readonly threadsPerWorker?: number } = {}) {
  const cluster = new LocalCluster({ nWorkers: 2, ...options });
  const client = new Client(cluster);
  return {
    cluster,
    client,
    async [Symbol.asyncDispose]() {
      await client.close();
      await cluster.close();
    },
  };
}

/** Settles when the task tells of progress for the first time: then it is certainly running. */
export function begun(future: Future): Promise<void> {
  return new Promise((resolve) => future.onProgress(() => resolve()));
}

let channels = 0;

/** A name for a channel on which threads of one case find each other, and nobody else. */
export function channelName(): string {
  return `manyhands-case-${Math.random()}-${channels++}`;
}

/** A task that ends with the first word it hears on its channel, and reports progress once it can hear one. */
export function onWord(name: string): Promise<unknown> {
  const task = getTask();
  const [ears, mouth] = [new BroadcastChannel(name), new BroadcastChannel(name)];
  // Some browsers take a while until a channel hears: it does when it hears us.
  const trying = setInterval(() => mouth.postMessage("can you hear me?"), 5);
  return new Promise((resolve) => {
    ears.onmessage = (event) => {
      const { data } = event as MessageEvent;
      clearInterval(trying);
      if (data === "can you hear me?") return task.progress(0);
      ears.close();
      mouth.close();
      resolve(data);
    };
  });
}

export interface Ears {
  /** The first word said on the channel. */
  readonly word: Promise<unknown>;
  /** Whether there was one yet. */
  readonly haveHeard: boolean;
  close(): void;
}

/** Settles with ears on a channel once they can hear. */
export async function listenOn(name: string): Promise<Ears> {
  const [ears, mouth] = [new BroadcastChannel(name), new BroadcastChannel(name)];
  let trying: ReturnType<typeof setInterval> | undefined;
  await new Promise<void>((resolve) => {
    ears.onmessage = () => resolve();
    trying = setInterval(() => mouth.postMessage("can you hear me?"), 5);
  });
  clearInterval(trying);
  mouth.close();
  let haveHeard = false;
  const word = new Promise<unknown>((resolve) => {
    ears.onmessage = (event) => {
      const { data } = event as MessageEvent;
      if (data === "can you hear me?") return;
      haveHeard = true;
      ears.close();
      resolve(data);
    };
  });
  return {
    word,
    get haveHeard() {
      return haveHeard;
    },
    close: () => ears.close(),
  };
}

/** Says something on that channel. */
export function sayOn(name: string, word: unknown): void {
  const channel = new BroadcastChannel(name);
  channel.postMessage(word);
  channel.close();
}

/** What the scheduler knows of the task behind a future. */
export function recordOf(cluster: LocalCluster, future: Future) {
  for (const task of cluster.scheduler.machine.state.tasks.values()) if (task.key === future.key) return task;
  return undefined;
}

/** Addresses of the workers that hold a large value. */
export function holdersOf(cluster: LocalCluster, future: Future): string[] {
  const task = recordOf(cluster, future);
  if (task === undefined) return [];
  return [...cluster.scheduler.machine.state.replicas.rightsOf(task)].map(({ address }) => address);
}

/** Settles when what was said in this turn of the event loop has been heard. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** How many tasks the scheduler knows of. */
export function knownTasks(cluster: LocalCluster): number {
  return [...cluster.scheduler.machine.state.tasks.values()].length;
}

/** What is logged, noted and followed of what happens in the cluster; and its end for everybody. */
import { Client, type ClusterEvent, getClient, getWorker, LocalCluster } from "manyhands";
import { type Case, start } from "./case.ts";
import { equal, ok, rejects, throws } from "./check.ts";

/** Calls back with what was heard so far, and settles once there is as much as was asked for. */
function collector() {
  const heard: ClusterEvent[] = [];
  let wake: () => void = () => {};
  return {
    heard,
    hear: (event: ClusterEvent) => {
      heard.push(event);
      wake();
    },
    async until(count: number): Promise<unknown[]> {
      while (heard.length < count) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return heard.map(({ message }) => message);
    },
  };
}

const typesIn = (events: readonly ClusterEvent[]) => events.map(({ message }) => (message as { type?: string }).type);

export const events: readonly Case[] = [
  {
    name: "logEvent() notes what is said, as it is then, for whoever asks afterwards",
    async run({ cluster, client }) {
      const [here, there] = [`a ${Math.random()}`, `b ${Math.random()}`];
      const message = { epoch: 1 };
      client.logEvent([here, there], message);
      message.epoch = 2;
      client.logEvent(here, message);
      const other = new Client(cluster);
      const noted = await client.events(here);
      equal(
        noted.map(({ topic, from, message }) => [topic, from, message]),
        [
          [here, client.id, { epoch: 1 }],
          [here, client.id, { epoch: 2 }],
        ],
      );
      equal(
        (await other.events(there)).map((event) => event.message),
        [{ epoch: 1 }],
      );
      const numbers = noted.map(({ number }) => number);
      equal((numbers[1] as number) - (numbers[0] as number), 2, "all are counted together");
      ok(Math.abs(Date.now() - (noted[0]?.time.getTime() ?? 0)) < 60_000, `${noted[0]?.time} is about now`);
      ok((await client.events()).filter(({ topic }) => topic === here).length === 2, "under all stands everything");
      equal(await client.events(`nothing ${Math.random()}`), []);
      await other.close();
    },
  },
  {
    name: "tasks log events, and followers hear them in order, of other clients too",
    async run({ cluster, client }) {
      const topic = `steps ${Math.random()}`;
      const other = new Client(cluster);
      const all = collector();
      const subscription = await other.subscribeTopic(topic, all.hear);
      client.logEvent(topic, "first");
      const log = (topic: string) => {
        for (const step of [1, 2, 3]) getClient().logEvent(topic, step);
        return getWorker().address;
      };
      const address = await client.submit(log, topic).result();
      equal(await all.until(4), ["first", 1, 2, 3]);
      equal(new Set(all.heard.slice(1).map(({ from }) => from)), new Set([address]));
      subscription.close();
      client.logEvent(topic, "nobody hears that");
      const late = collector();
      using _ = await other.subscribeTopic(topic, late.hear, { history: true });
      equal(await late.until(5), ["first", 1, 2, 3, "nobody hears that"], "but it is kept");
      equal(all.heard.length, 4);
      await other.close();
    },
  },
  {
    name: "a subscription ends with its signal, its task or its client, and a handler that throws harms nobody",
    async run({ cluster, client }) {
      const topic = `ends ${Math.random()}`;
      const giveUp = new AbortController();
      const all = collector();
      const { error } = console;
      const complaints: unknown[] = [];
      console.error = (...words: unknown[]) => complaints.push(words);
      try {
        using _ = await client.subscribeTopic(topic, () => {
          throw new Error("of the handler");
        });
        await client.subscribeTopic(topic, all.hear, { signal: giveUp.signal });
        client.logEvent(topic, 1);
        await all.until(1);
        equal(complaints.length, 1);
      } finally {
        console.error = error;
      }
      giveUp.abort();
      await rejects(client.subscribeTopic(topic, all.hear, { signal: giveUp.signal }), "AbortError");
      const other = new Client(cluster);
      await other.subscribeTopic(topic, all.hear);
      await other.close();
      const listening = async (topic: string) => {
        const client = getClient();
        let heard = 0;
        await client.subscribeTopic(topic, () => {
          heard += 1;
          if (heard === 1) client.logEvent(`${topic} heard`, heard);
        });
        client.logEvent(topic, 2);
        for (;;) {
          const events = await client.events(`${topic} heard`);
          if (events.length > 0) return events.length;
        }
      };
      equal(await client.submit(listening, topic).result(), 1, "a task follows while it runs");
      client.logEvent(topic, 3);
      await client.events(topic);
      equal(await all.until(1), [1], "those that had ended heard nothing more");
    },
  },
  {
    name: "the scheduler notes who comes and goes, what kills, what is done to the cluster, and warnings",
    async run({ isNode }) {
      const cluster = new LocalCluster({ nWorkers: 1, name: "w", noWorkersTimeoutMs: 1 });
      const client = new Client(cluster);
      const warn = console.warn;
      console.warn = () => {};
      try {
        const suicide = isNode ? () => process.exit() : () => self.close();
        const doomed = client.submit(suicide);
        await rejects(doomed.result(), "KilledWorkerError");
        // Nobody had asked anything before that: what happened is known all the same.
        const isRemoval = ({ message }: ClusterEvent) => (message as { type: string }).type === "worker-removed";
        const removed = (await client.events("workers")).filter(isRemoval);
        equal(removed.length, 3, "three deaths");
        equal((removed[0]?.message as { name: string } | undefined)?.name, "w-0");
        equal(
          (await client.events("tasks")).map(({ message }) => (message as { key: string }).key),
          [doomed.key],
        );
        await client.waitForWorkers(1);
        await client.pauseWorkers("w-0");
        await client.unpauseWorkers("w-0");
        equal(
          (await client.events("cluster")).map(({ message }) => message),
          ["pause-workers", "unpause-workers"].map((type) => ({ type, client: client.id, about: "w-0" })),
        );
        await rejects(
          client
            .with({ workers: "w-7" })
            .submit(() => 1)
            .result(),
          "NoValidWorkerError",
        );
        const [warning] = await client.events("warnings");
        ok(
          /no worker can run/.test((warning?.message as { text: string } | undefined)?.text ?? ""),
          "the warning is noted",
        );
        equal(warning?.from, "scheduler");
        const other = new Client(cluster);
        await other.schedulerInfo();
        await other.close();
        equal(typesIn(await client.events("clients")), ["client-removed"]);
      } finally {
        console.warn = warn;
        await client.close();
        await cluster.close();
      }
    },
  },
  {
    name: "a thousand events of a topic are kept, and the number says how many there were",
    async run() {
      await using t = start({ nWorkers: 1 });
      for (let i = 0; i < 1500; i++) t.client.logEvent("many", i);
      const kept = await t.client.events("many");
      equal([kept.length, kept[0]?.message, kept.at(-1)?.message], [1000, 500, 1499]);
      equal((kept.at(-1)?.number as number) - (kept[0]?.number as number), 999);
    },
  },
  {
    name: "what makes no sense as an event is refused at the call",
    async run({ client }) {
      throws(() => client.logEvent("", 1), "TypeError", /a topic is a text that is not empty/);
      throws(() => client.logEvent([], 1), "TypeError", /a topic/);
      throws(
        () =>
          client.logEvent(
            "x",
            client.submit(() => 1),
          ),
        "TypeError",
        /futures/,
      );
      throws(() => client.logEvent("x", { f: () => 1, p: Promise.resolve() }), "UnserializableError");
      await rejects(client.events(""), "TypeError");
      await rejects(client.subscribeTopic("x", "no function" as never), "TypeError", /a function/);
      const closed = new Client({ nWorkers: 1 });
      await closed.close();
      throws(() => closed.logEvent("x", 1), "CommClosedError");
    },
  },
  {
    name: "shutdown() ends the cluster for every client",
    async run() {
      const cluster = new LocalCluster({ nWorkers: 1 });
      const [client, other] = [new Client(cluster), new Client(cluster)];
      await client.submit(() => 1).result();
      const pending = other.submit(() => new Promise(() => {}));
      const question = rejects(other.waitForWorkers(5), "CommClosedError", /shut the cluster down/);
      const result = rejects(
        pending.result(),
        "CommClosedError",
        new RegExp(`client ${client.id} shut the cluster down`),
      );
      await other.schedulerInfo();
      await client.shutdown();
      await question;
      await result;
      equal(pending.status, "lost");
      throws(() => client.submit(() => 1), "CommClosedError");
      throws(() => other.submit(() => 1), "CommClosedError", /shut the cluster down/);
      await rejects(cluster.scale(2), "CommClosedError");
      await rejects(client.shutdown(), "CommClosedError");
      const own = new Client({ nWorkers: 1 });
      await own.shutdown();
    },
  },
];

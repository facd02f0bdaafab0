/**
 * One seed, several hosts that come and go: links that drop and clog, pages that sleep, hosts that crash, leave, lapse and come back, liars,
 * schedulers that are lost. Futures end as a sequential run says all the same, and in the end nothing is left.
 */
import "./garbage.ts";

import assert from "node:assert/strict";
import { loadUnpacking } from "../../src/client/ledger.ts";
import { openSessions } from "../../src/client/open-sessions.ts";
import { Recall } from "../../src/client/recall.ts";
import { Session } from "../../src/client/session.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { Comm } from "../../src/ports/comm.ts";
import type { ClientMessage, News } from "../../src/protocol/client-messages.ts";
import { hostOf } from "../../src/protocol/hosts.ts";
import type { WorkerAddress } from "../../src/protocol/identity.ts";
import { validateClientMessages, validateNews } from "../../src/protocol/validate.ts";
import { checkedComm } from "../../src/runtime/checked-comm.ts";
import { SchedulerRuntime, type WorkerOwner } from "../../src/runtime/scheduler-runtime.ts";
import { demandRules } from "../../src/scheduler/demands.ts";
import { hostRules } from "../../src/scheduler/hosts.ts";
import { SchedulerMachine } from "../../src/scheduler/machine.ts";
import { nestingRules } from "../../src/scheduler/nesting.ts";
import { requestRules } from "../../src/scheduler/requests.ts";
import { weavingRules } from "../../src/scheduler/woven.ts";
import { contentHash } from "../../src/shipping/content-hash.ts";
import { Random } from "../support/random.ts";
import { assertEmptyHanded, assertForgotten, validateScheduler } from "../support/validate.ts";
import { slowComm } from "./client-link.ts";
import { act, data } from "./deeds.ts";
import { FarHost, type FarHostOptions } from "./far-host.ts";
import { Liar } from "./liars.ts";
import { LinedHost } from "./lined-host.ts";
import { drawHabits, type Habits, type Outcome } from "./simulate.ts";
import { brief, SimulatedSpawner } from "./thread.ts";
import { User } from "./user.ts";
import { type Node, Work } from "./work.ts";
import { World } from "./world.ts";

/** More happenings than any of these worlds should need. */
const MOST_STEPS = 100_000;

/** The same where workers get wires of their own to the scheduler, of which each may drop apart from its host's. */
export function simulateLines(seed: number, options: { tellsStory?: boolean | undefined } = {}): Promise<Outcome> {
  return simulateChurn(seed, { ...options, hasLines: true });
}

export async function simulateChurn(seed: number, { tellsStory = false, hasLines = false } = {}): Promise<Outcome> {
  const world = new World(seed, tellsStory);
  const cluster = new ChurningCluster(world, new Random(seed ^ 0xc4a12e), hasLines);
  await loadUnpacking();
  let problem: unknown;
  const { warn } = console;
  console.warn = (text: string) => world.tell(() => text);
  try {
    await cluster.live();
  } catch (error) {
    problem = error ?? new Error("nothing was thrown");
  } finally {
    console.warn = warn;
    openSessions.clear(); // Whoever did not leave held on to all that world for as long as there are others.
  }
  return {
    seed,
    problem,
    steps: cluster.steps,
    tasks: cluster.work.nodes.length,
    deaths: cluster.spawner.threads.filter(({ isOver }) => isOver).length,
    story: world.story ?? [],
  };
}

interface Person {
  readonly user: User;
  readonly recall: Recall;
  comm: Comm<readonly ClientMessage[], News> | undefined;
}

class ChurningCluster {
  readonly work = new Work();
  readonly spawner: SimulatedSpawner;
  steps = 0;
  readonly #world: World;
  /** How misfortunes are drawn. */
  readonly #fate: Random;
  readonly #clock: Clock;
  readonly #slownessMs: number;
  readonly #hosts: (FarHost | LinedHost)[] = [];
  readonly #people: Person[] = [];
  readonly #liars: Liar[] = [];
  readonly #habits: Habits;
  #scheduler: SchedulerRuntime;
  #keptAlive = 0;
  #broken: unknown;
  #validatedAt: unknown;

  /** How wires of workers fare; undefined where they have none. */
  readonly #lines: Random | undefined;

  constructor(world: World, fate: Random, hasLines: boolean) {
    const { random } = world;
    this.#world = world;
    this.#fate = fate;
    this.#slownessMs = random.pick([0.1, 0.5, 2]);
    this.spawner = new SimulatedSpawner(world, (stage) => this.work.performance(stage), this.#slownessMs);
    this.#lines = hasLines ? new Random(~fate.integer(0, 2 ** 30)) : undefined;
    if (hasLines)
      this.spawner.openLine = (thread, plan) => this.#lined(thread.address)?.openLine(thread, plan) as never;
    this.#clock = {
      now: () => world.nowMs,
      after: (afterMs, wake) => this.#after(afterMs, wake),
      nextTurn: (run) => world.at(world.nowMs, run),
      keepAlive: () => this.#keepAlive(),
    };
    this.#scheduler = this.#open();
    for (let i = 1, count = fate.pick([2, 2, 3, 4]); i <= count; i++) this.#addHost(i);
    const usual = drawHabits(random);
    const none = { stream: 0, publish: 0, read: 0, unpublish: 0, replicate: 0, replicateAndGiveUp: 0, rebalance: 0 };
    this.#habits = { ...usual, deeds: { ...usual.deeds, ...none }, isDemanding: false };
    const named = Array.from({ length: 3 }, () => this.#nameableNode());
    const equal = (["large array", "object"] as const).map((kind) => this.work.add({ ...data, kind }));
    for (let i = random.pick([1, 1, 2]); i > 0; i--) this.#addPerson(named, equal);
  }

  async live(): Promise<void> {
    this.#plan();
    await this.#settle();
    this.#checkSettled();
    for (const { user } of this.#people) for (const held of user.held) user.ask(held);
    await this.#settle();
    this.#checkSettled();
    this.#world.tell(() => "everything is let go");
    for (const { user } of this.#people) {
      if (this.#world.random.chance(0.5)) for (const held of [...user.held]) user.release(held);
      else user.leave();
    }
    await this.#settle();
    for (const thread of this.spawner.living) thread.collect();
    await this.#settle();
    for (const { user, recall } of this.#people) {
      if (user.session.closed === undefined) assert.equal(recall.size, 0, `${user.name} remembers nothing`);
    }
    assertForgotten(this.#scheduler.machine.state);
    const { workers } = this.#scheduler.machine.state;
    for (const { address, machineState } of this.spawner.living) {
      // Of those that have gone for good, nobody knows what they hold.
      if (machineState !== undefined && workers.has(address)) assertEmptyHanded(machineState);
    }
  }

  async #settle(): Promise<void> {
    for (;;) {
      await new Promise(setImmediate);
      this.#check();
      if (!this.#world.step()) return;
      this.steps += 1;
      assert.ok(this.steps < MOST_STEPS, "it comes to an end");
    }
  }

  #check(): void {
    if (this.#broken !== undefined) throw this.#broken;
    for (const { user } of this.#people) if (user.problem !== undefined) throw user.problem;
    for (const { problem } of this.#liars) if (problem !== undefined) throw problem;
    const { state } = this.#scheduler.machine;
    const at = `${this.#generation} ${state.stimulus}`;
    if (at !== this.#validatedAt) validateScheduler(state);
    this.#validatedAt = at;
    for (const thread of this.spawner.threads) thread.validate();
  }

  #generation = 0;

  #plan(): void {
    const { random } = this.#world;
    const fate = this.#fate;
    const spanMs = random.pick([5, 20, 60]);
    const users = this.#people.map(({ user }) => user);
    for (const user of users) {
      const others = users.filter((other) => other !== user || random.chance(0.2));
      for (let i = random.integer(4, 30); i > 0; i--) {
        this.#world.at(random.next() * spanMs, () => act(user, this.#habits.deeds, others));
      }
    }
    const sometimes = (times: readonly number[], happen: (host: FarHost | LinedHost) => void) => {
      for (let i = fate.pick(times) ?? 0; i > 0; i--) {
        this.#world.at(fate.next() * spanMs * 1.5, () => {
          const host = fate.pick(this.#hosts);
          if (host !== undefined) happen(host);
        });
      }
    };
    sometimes([0, 0, 1, 3], (host) => host.clog(fate.next() * 30));
    sometimes([0, 0, 0, 1], (host) => host.sleep(fate.next() * 60));
    sometimes([0, 0, 1, 2], (host) => host.lapse(fate.next() * 40, () => this.#scheduler));
    sometimes([0, 0, 0, 1], (host) => host.crash());
    sometimes([0, 0, 0, 1], (host) => this.#leave(host));
    sometimes([0, 0, 1, 2], () =>
      fate.pick(this.spawner.living.filter(({ isReady }) => isReady))?.kill("a misfortune"),
    );
    sometimes([0, 0, 0, 1, 2], () => this.#lie());
    sometimes([0, 0, 1, 2], () => this.#lapse(fate.pick(this.#people)));
    sometimes([0, 0, 0, 1, 2], () => this.#loseScheduler());
    sometimes([0, 1, 3], (host) => this.#measure(host));
    const lines = this.#lines;
    if (lines === undefined) return;
    sometimes([0, 1, 2, 4], (host) => host instanceof LinedHost && host.troubleLine(lines.next() * 30, false));
    sometimes([0, 0, 1, 2], (host) => host instanceof LinedHost && host.troubleLine(0, true));
  }

  /** A scheduler that knows nothing. */
  #open(): SchedulerRuntime {
    const owner: WorkerOwner = {
      link: (from, to) => this.#link(from, to),
      end: (worker, reason) => this.#end(worker, reason),
      lookInto: () => {},
    };
    const fail = (error: unknown) => {
      this.#broken ??= error ?? new Error("broken");
    };
    const limits = { noWorkersTimeoutMs: 1000, hash: contentHash };
    const scheduler = new SchedulerRuntime(new SchedulerMachine(weavingRules), owner, this.#clock, limits, fail);
    scheduler.machine.learn(requestRules, nestingRules, demandRules(limits), this.#world.nowMs);
    scheduler.machine.learnHosts(hostRules({ speculateFromMs: 1, keepHeldMs: 50 }));
    return scheduler;
  }

  #loseScheduler(): void {
    const lost = this.#scheduler;
    this.#world.tell(() => "the scheduler is lost, and there is another");
    for (const host of this.#hosts) host.leaveOff("the scheduler is gone");
    for (const liar of this.#liars) liar.end("its scheduler is gone");
    lost.close("the scheduler is gone");
    this.#generation += 1;
    this.#scheduler = this.#open();
    for (const host of this.#hosts) this.#after(this.#fate.next() * 20, () => this.#join(host));
  }

  #join(host: FarHost | LinedHost): void {
    if (!host.isJoined) host.join(this.#scheduler);
  }

  #addHost(number: number): void {
    const { random } = this.#world;
    const options = {
      name: `far${number}`,
      slownessMs: this.#slownessMs * this.#fate.pick([1, 1, 4]),
      nThreads: random.pick([1, 1, 2]),
    };
    // It gives up on threads that are killed before they have begun.
    const fail = (error: unknown) => this.#world.tell(() => `${options.name}: ${String(error)}`);
    const host = this.#newHost(options, fail);
    this.#hosts.push(host);
    host.start(random.pick([1, 2, 2]));
    host.join(this.#scheduler);
  }

  #newHost(options: FarHostOptions, fail: (error: unknown) => void): FarHost | LinedHost {
    const fate = this.#lines;
    if (fate === undefined) return new FarHost(this.#world, this.#clock, this.spawner, options, fail);
    return new LinedHost(
      this.#world,
      this.#clock,
      this.spawner,
      { ...options, fate, fail },
      {
        pipe: (number) => {
          const ends = this.#pipes.get(number) ?? [...this.spawner.channel()];
          this.#pipes.set(number, ends);
          return ends.shift() as object;
        },
        disbelieved: (worker, reason) => {
          this.#broken ??= new Error(`${worker} was not believed: ${reason}`);
        },
      },
    );
  }

  /** Ends of links between workers of two hosts that have not been taken. */
  readonly #pipes = new Map<number, object[]>();
  #nextPipe = 1;

  #lined(worker: WorkerAddress): LinedHost | undefined {
    return this.#hosts.find((host): host is LinedHost => host instanceof LinedHost && host.name === hostOf(worker));
  }

  /** Its workers finish what they have begun and hand over what they hold. The first stays, so that somebody does. */
  #leave(host: FarHost | LinedHost): void {
    if (host === this.#hosts[0] || host.hasLeft || !host.isJoined) return;
    this.#world.tell(() => `${host.name} wants to leave`);
    host.hasLeft = true;
    const session = new Session(`leaving ${host.name}`, this.#connect(`leaving ${host.name}`), () => () => {});
    session.ask({ type: "retire-workers", workers: host.addresses }).then(
      () => session.close("it has left"),
      () => session.close("it has left"),
    );
  }

  #measure(host: FarHost | LinedHost): void {
    const from = host.name;
    const to = this.#fate.pick([...this.#hosts.map(({ name }) => name), "scheduler"]) ?? from;
    this.#scheduler.noteLink({ from, to, latencyMs: this.#fate.next() * 5, bytesPerMs: this.#fate.next() * 1e6 });
  }

  #lie(): void {
    const liar = new Liar(this.#world, this.#fate, this.#scheduler, this.#liars.length);
    this.#liars.push(liar);
    const after = (ms: number, act: () => void) => void this.#after(ms, act);
    if (this.#fate.chance(0.3)) liar.joinAsClient(after);
    else liar.joinAsWorker(after);
  }

  #link(from: WorkerAddress, to: WorkerAddress): void {
    if (this.#lines !== undefined) return this.#linkLined(from, to);
    const threads = [from, to].map((address) => this.spawner.living.find((thread) => thread.address === address));
    const [here, there] = this.spawner.channel();
    threads[0]?.link(to, here);
    threads[1]?.link(from, there);
  }

  /** Their hosts make the link, when they hear of it. */
  #linkLined(from: WorkerAddress, to: WorkerAddress): void {
    const pipe = hostOf(from) === hostOf(to) ? 0 : this.#nextPipe++;
    for (const [worker, peer] of [
      [from, to],
      [to, from],
    ] as const) {
      const comm = this.#lined(worker)?.commOf(worker);
      comm?.tell({ type: "link", peer, host: hostOf(peer), pipe });
    }
  }

  #end(worker: WorkerAddress, reason: string): void {
    const liar = this.#liars.find(({ address }) => address === worker);
    if (liar !== undefined) return void this.#after(0, () => liar.end(reason));
    const host = this.#hosts.find(({ name }) => name === hostOf(worker));
    if (/^ProtocolError/.test(reason)) this.#broken ??= new Error(`${worker} was not believed: ${reason}`);
    if (host instanceof LinedHost) {
      const isForGood = this.#scheduler.isRetiring(worker);
      return host.commOf(worker)?.tell({ type: "end", reason, isForGood });
    }
    this.#after(0, () => host?.host.end(worker, reason));
  }

  #addPerson(named: readonly Node[], equal: readonly Node[]): void {
    const name = `c${this.#people.length + 1}`;
    const recall = new Recall({ after: (ms, act) => this.#after(ms, act), claimForMs: 500 });
    const session = new Session(name, recall, () => this.#keepAlive());
    recall.speakFor(session);
    const haveDied = () => true;
    const user = new User(name, session, this.#world, this.work, this.#habits, named, equal, new Map(), haveDied);
    const person: Person = { user, recall, comm: undefined };
    this.#people.push(person);
    this.#attach(person);
  }

  #attach(person: Person): void {
    const { user, recall } = person;
    if (user.session.closed !== undefined || recall.isConnected) return;
    this.#world.tell(() => `${user.name} finds the scheduler`);
    const scheduler = this.#scheduler;
    const [here, there] = slowComm<readonly ClientMessage[], News>(this.#world, this.#slownessMs);
    const checked = checkedComm(here, validateNews);
    person.comm = checked;
    there.closed.then((reason) => {
      if (/^ProtocolError/.test(reason)) this.#broken ??= new Error(`${user.name} was not believed: ${reason}`);
    });
    here.closed.then(() => this.#after(this.#fate.next() * 20, () => this.#attach(person)));
    scheduler.addClient(user.name, checkedComm(this.#overheard(user.name, there), validateClientMessages), {
      isForeign: true,
      granted: recall.granted,
    });
    recall.attach(checked);
  }

  /** A client's link fails, for longer than anybody waits. */
  #lapse(person: Person | undefined): void {
    this.#world.tell(() => `${person?.user.name} loses the scheduler`);
    person?.comm?.close("the link failed");
  }

  #overheard(name: string, comm: Comm<News, readonly ClientMessage[]>): Comm<News, readonly ClientMessage[]> {
    if (this.#world.story === undefined) return comm;
    return {
      closed: comm.closed,
      close: (reason) => comm.close(reason),
      send: (news, transfer) => {
        for (const message of news.messages) {
          this.#world.tell(() => `scheduler => ${name}  (news ${news.batch})  ${brief(message)}`);
        }
        comm.send(news, transfer);
      },
      listen: (hear) =>
        comm.listen((messages) => {
          for (const message of messages) this.#world.tell(() => `${name} => scheduler  ${brief(message)}`);
          hear(messages);
        }),
    };
  }

  #connect(name: string): Comm<readonly ClientMessage[], News> {
    const [here, there] = slowComm<readonly ClientMessage[], News>(this.#world, this.#slownessMs);
    this.#scheduler.addClient(name, there);
    return here;
  }

  #checkSettled(): void {
    for (const { user } of this.#people) {
      const open = [...user.unsettled.keys()].map(
        ({ future, node }) => `task ${node.id}, ${future.key}, ${future.status}`,
      );
      assert.deepEqual(open, [], `${user.name} has every answer`);
      assert.equal(user.unanswered.size, 0, `${user.name} has an answer to every question`);
      if (user.session.closed !== undefined) continue;
      for (const { future } of user.held) assert.ok(future.done(), `${future.key} has ended; it is ${future.status}`);
    }
    for (const liar of this.#liars) assert.ok(liar.isOver, `${liar.address} was thrown out`);
    assert.equal(this.#keptAlive, 0, "nothing keeps the process alive");
    const { state } = this.#scheduler.machine;
    for (const worker of state.workers.values()) {
      assert.equal(worker.inFlight, 0, `nothing is in flight on ${worker.address}`);
      const thread = this.spawner.threads.find(({ address }) => address === worker.address);
      const held = [...(thread?.machineState?.values.keys() ?? [])].sort();
      const known = [...state.replicas.leftsOf(worker)].map(({ id }) => id).sort();
      assert.deepEqual(known, held, `the scheduler knows what ${worker.address} holds`);
    }
  }

  #nameableNode(): Node {
    const { random } = this.#world;
    return this.work.add({
      functionName: "varied",
      fault: random.pick(["none", "none", "none", "throws"]),
      failures: 0,
      retries: 0,
      demands: undefined,
      kind: random.pick(["number", "object", "text", "large array"]),
      ms: random.next(),
      args: [],
      isData: false,
    });
  }

  #after(ms: number, act: () => void): () => void {
    let isDue = true;
    this.#world.at(this.#world.nowMs + ms, () => {
      if (isDue) act();
    });
    return () => {
      isDue = false;
    };
  }

  #keepAlive(): () => void {
    this.#keptAlive += 1;
    return () => {
      this.#keptAlive -= 1;
    };
  }
}

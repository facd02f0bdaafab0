/** One seed, one cluster: its users, its threads and their misfortunes, and what must be true in the end. */
import "./garbage.ts";

import assert from "node:assert/strict";
import { memoryComm } from "../../src/adapters/memory-comm.ts";
import { loadUnpacking } from "../../src/client/ledger.ts";
import { openSessions } from "../../src/client/open-sessions.ts";
import { type ClientComm, Session } from "../../src/client/session.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { Comm } from "../../src/ports/comm.ts";
import type { ClientMessage, News } from "../../src/protocol/client-messages.ts";
import type { Resources } from "../../src/protocol/task-spec.ts";
import { validateClientMessages, validateWorkerMessages } from "../../src/protocol/validate.ts";
import { checkedComm } from "../../src/runtime/checked-comm.ts";
import { Elasticity } from "../../src/runtime/elasticity.ts";
import { Host } from "../../src/runtime/host.ts";
import { hostMemory } from "../../src/runtime/memory-limits.ts";
import { SchedulerRuntime } from "../../src/runtime/scheduler-runtime.ts";
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
import { act, type Deed, data } from "./deeds.ts";
import { planDelegating } from "./delegating.ts";
import { Meetings } from "./meetings.ts";
import { Operator } from "./operator.ts";
import { datasetNames } from "./publishing.ts";
import { Sharing } from "./sharing.ts";
import { brief, SimulatedSpawner } from "./thread.ts";
import { type TaskHabits, User } from "./user.ts";
import { type Node, Work, withAncestors } from "./work.ts";
import { World } from "./world.ts";

export interface Outcome {
  readonly seed: number;
  readonly problem: unknown;
  readonly steps: number;
  readonly tasks: number;
  readonly deaths: number;
  readonly story: readonly string[];
}

/** What this world is like, each thing as often as its number says. */
export interface Habits extends TaskHabits {
  readonly deeds: Readonly<Record<Deed, number>>;
}

/** Nothing is left of what is only in memory. */
const noStores = () => Promise.resolve({ expect: () => () => Promise.resolve() });

/** More happenings than any of these worlds should need: a sign that two parties keep answering each other. */
const MOST_STEPS = 100_000;

export async function simulate(seed: number, { tellsStory = false } = {}): Promise<Outcome> {
  const world = new World(seed, tellsStory);
  // What is shared is drawn apart, lest all other worlds change with it.
  const random = new Random(~seed);
  const meetings = random.chance(0.3) ? new Meetings(random) : undefined;
  const operating = new Random(seed ^ 0x0bea7e);
  // So are tasks that submit tasks.
  const delegating = new Random(seed ^ 0x7a5c);
  const cluster = new SimulatedCluster(world, {
    meetings,
    operating: operating.chance(0.5) ? operating : undefined,
    isDeep: delegating.chance(0.3),
    sharing: new Random(~seed ^ 0x10cc).chance(0.3) ? new Sharing() : undefined,
    isStern: new Random(seed ^ 0x57e2).chance(0.3),
    isShort: new Random(seed ^ 0x3e3a).chance(0.4),
  });
  // What a page loads when it is first needed is there already: that would take a time that is not this world's.
  await loadUnpacking();
  let problem: unknown;
  const { warn } = console;
  // Users are warned of what they do.
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

/** What only some worlds have. It is drawn apart, lest all other worlds change with it. */
interface Extraordinary {
  /** What is shared. */
  readonly meetings: Meetings | undefined;
  /** How an operator draws. */
  readonly operating: Random | undefined;
  /** Tasks submit tasks. */
  readonly isDeep: boolean;
  /** Tasks share a lock and a queue. */
  readonly sharing: Sharing | undefined;
  /** Nobody is believed, and all that is said is looked at: nobody is to notice. */
  readonly isStern: boolean;
  /** Workers hold a few large values each, and write the others out. */
  readonly isShort: boolean;
}

class SimulatedCluster {
  readonly work: Work;
  readonly spawner: SimulatedSpawner;
  steps = 0;
  readonly #world: World;
  readonly #slownessMs: number;
  readonly #scheduler: SchedulerRuntime;
  readonly #host: Host;
  readonly #users: User[] = [];
  /** Values that all users may come to scatter. */
  readonly #equal: Node[] = [];
  readonly #published = new Map<string, Node>();
  readonly #operator: Operator | undefined;
  readonly #habits: Habits;
  readonly #meetings: Meetings | undefined;
  readonly #isDeep: boolean;
  readonly #sharing: Sharing | undefined;
  #keptAlive = 0;
  #broken: unknown;
  #validatedAt = -1;

  constructor(world: World, { meetings, operating, isDeep, sharing, isStern, isShort }: Extraordinary) {
    const { random } = world;
    this.work = new Work(sharing);
    this.#sharing = sharing;
    this.#world = world;
    this.#meetings = meetings;
    this.#isDeep = isDeep;
    this.#slownessMs = random.pick([0.1, 0.5, 2]);
    this.spawner = new SimulatedSpawner(world, (stage) => this.work.performance(stage), this.#slownessMs);
    const clock: Clock = {
      now: () => world.nowMs,
      after: (afterMs, wake) => {
        let isDue = true;
        world.at(world.nowMs + afterMs, () => {
          if (isDue) wake();
        });
        return () => {
          isDue = false;
        };
      },
      nextTurn: (run) => world.at(world.nowMs, run),
      keepAlive: () => this.#keepAlive(),
    };
    const resourcesOf = () => drawResources(world.whims);
    const memory = isShort
      ? hostMemory({ memoryLimit: 900_000 }, { stores: noStores, uniqueName: () => "w" })
      : undefined;
    const options = {
      name: "host",
      nThreadsPerWorker: random.pick([1, 1, 1, 2, 3]),
      resourcesOf,
      memory: memory && Promise.resolve(memory),
    };
    const fail = (error: unknown) => this.#break(error);
    this.#host = new Host(this.spawner, clock, options, fail);
    this.#scheduler = new SchedulerRuntime(
      new SchedulerMachine(weavingRules),
      {
        link: (from, to) => this.#host.link(from, to),
        end: (worker, reason) => {
          if (reason.startsWith("ProtocolError")) fail(new Error(`${worker} was not believed: ${reason}`));
          this.#host.end(worker, reason);
        },
        lookInto: (worker, tell) => this.#host.lookInto(worker, tell),
      },
      clock,
      { noWorkersTimeoutMs: 1000 },
      fail,
    );
    // Loading them would take a time that is not this world's.
    this.#scheduler.machine.learn(
      requestRules,
      nestingRules,
      demandRules({ noWorkersTimeoutMs: 1000, hash: contentHash }),
    );
    if (isStern) beStern(this.#scheduler, fail);
    this.#host.start(this.#scheduler, random.pick([1, 2, 2, 3, 4]));
    const habits = drawHabits(random);
    // Not where tasks submit tasks: of those, few are of one function.
    const deeds = { ...habits.deeds, weave: isDeep ? 0 : 6 };
    this.#habits = { ...habits, deeds, isDemanding: world.whims.chance(0.4) };
    const named = Array.from({ length: 3 }, () => this.#nameableNode());
    for (const kind of ["large array", "object"] as const) this.#equal.push(this.work.add({ ...data, kind }));
    for (let i = random.pick([1, 1, 2, 3]); i > 0; i--) this.#join(named);
    if (operating !== undefined) this.#operator = this.#hire(operating, clock);
  }

  async live(): Promise<void> {
    this.#plan();
    await this.#settle();
    await this.#endMeetings();
    this.#checkSettled();
    for (const user of this.#users) for (const held of user.held) user.ask(held);
    await this.#settle();
    this.#checkSettled();
    this.#world.tell(() => "everything is let go");
    this.#unpublish();
    for (const user of this.#users) {
      if (this.#world.random.chance(0.5)) for (const held of [...user.held]) user.release(held);
      else user.leave();
    }
    await this.#settle();
    for (const thread of this.spawner.living) thread.collect();
    await this.#settle();
    this.#checkNothingIsLeft();
  }

  /** Whoever still waits for somebody gives up; then nobody holds anything, and nothing is missing. */
  async #endMeetings(): Promise<void> {
    const meetings = this.#meetings;
    if (meetings === undefined) return;
    this.#world.tell(() => `all give up: ${meetings.waits.join("; ")}`);
    meetings.giveUp();
    await this.#settle();
    assert.deepEqual(meetings.waits, [], "nobody waits any more");
    const user = this.#users.find(({ session }) => session.closed === undefined);
    if (user === undefined) return;
    let isTaken = false;
    meetings.takeStock(user).then(
      () => {
        isTaken = true;
      },
      (error) => this.#break(error),
    );
    await this.#settle();
    assert.ok(isTaken, "all that is shared can be had");
  }

  /** Lets everything happen that is going to. */
  async #settle(): Promise<void> {
    for (;;) {
      // Promises settle between two happenings, as they do between two turns of an event loop.
      await new Promise(setImmediate);
      this.#check();
      if (!this.#world.step()) return;
      this.steps += 1;
      assert.ok(this.steps < MOST_STEPS, "it comes to an end");
    }
  }

  #check(): void {
    if (this.#broken !== undefined) throw this.#broken;
    for (const { problem } of this.#users) if (problem !== undefined) throw problem;
    if (this.#meetings?.problem !== undefined) throw this.#meetings.problem;
    if (this.#sharing?.problem !== undefined) throw this.#sharing.problem;
    if (this.#operator?.problem !== undefined) throw this.#operator.problem;
    const { state } = this.#scheduler.machine;
    if (state.stimulus !== this.#validatedAt) validateScheduler(state);
    this.#validatedAt = state.stimulus;
    for (const thread of this.spawner.threads) thread.validate();
  }

  /** Draws when users act and when threads die. */
  #plan(): void {
    const { random } = this.#world;
    const spanMs = random.pick([5, 20, 60]);
    for (const user of this.#users) {
      const others = this.#users.filter((other) => other !== user || random.chance(0.2));
      for (let i = random.integer(4, 30); i > 0; i--) {
        this.#world.at(random.next() * spanMs, () => act(user, this.#habits.deeds, others));
      }
    }
    this.#meetings?.plan(this.#world, this.#users, spanMs);
    this.#operator?.plan(spanMs);
    if (this.#isDeep) planDelegating(this.#users, spanMs);
    for (let i = random.pick([0, 0, 1, 2, 5, 10]); i > 0; i--) {
      this.#world.at(random.next() * spanMs * 1.5, () => {
        // A host gives up on threads that end again and again before they have begun.
        random.pick(this.spawner.living.filter(({ isReady }) => isReady))?.kill("a misfortune");
      });
    }
    const { whims } = this.#world;
    if (!this.#habits.isDemanding) return;
    for (let i = whims.pick([0, 0, 1, 3]); i > 0; i--) {
      this.#world.at(whims.next() * spanMs * 1.5, () => this.#changeResources());
    }
  }

  #changeResources(): void {
    const name = this.#world.whims.pick([...this.#scheduler.machine.state.workers.values()])?.name;
    if (name === undefined) return;
    const resources = drawResources(this.#world.whims);
    this.#world.tell(() => `${name} has ${JSON.stringify(resources)}`);
    this.#host.setResources(name, resources);
  }

  #checkSettled(): void {
    for (const user of this.#users) {
      const open = [...user.unsettled.keys()].map(
        ({ future, node }) => `task ${node.id}, ${future.key}, ${future.status}`,
      );
      assert.deepEqual(open, [], `${user.name} has every answer`);
      assert.equal(user.unanswered.size, 0, `${user.name} has an answer to every question`);
      if (user.session.closed !== undefined) continue;
      for (const { future } of user.held) assert.ok(future.done(), `${future.key} has ended; it is ${future.status}`);
    }
    assert.deepEqual([...(this.#operator?.questions ?? [])], [], "the operator has every answer");
    assert.equal(this.#keptAlive, 0, "nothing keeps the process alive");
    const { state } = this.#scheduler.machine;
    for (const worker of state.workers.values()) {
      assert.equal(worker.inFlight, 0, `nothing is in flight on ${worker.address}`);
      const thread = this.spawner.threads.find(({ address }) => address === worker.address);
      const { values, keeping } = thread?.machineState ?? {};
      const held = [...(values?.keys() ?? [])].sort();
      const known = [...state.replicas.leftsOf(worker)]
        .map(({ id }) => id)
        .filter((id) => !keeping?.isOut(id))
        .sort();
      assert.deepEqual(known, held, `the scheduler knows what ${worker.address} holds`);
    }
    for (const node of this.#users.flatMap(({ forgotten }) => forgotten)) this.#checkRan(node);
  }

  /** What is fired and forgotten runs, unless something is known that kept it from running. */
  #checkRan(node: Node): void {
    const isCertain = this.spawner.living.length === this.spawner.threads.length;
    if (!isCertain || !this.work.canSucceed(node) || this.work.errorsOf(node).size > 0) return;
    if ([...withAncestors(node)].some(({ demands }) => demands !== undefined)) return;
    if (this.work.nodes.some(({ isCancelled }) => isCancelled)) return;
    if (this.#users.some(({ session }) => session.closed !== undefined)) return;
    assert.ok(this.work.performed.has(node.id), `task ${node.id} was fired and forgotten, and has run`);
  }

  /** Somebody who is still there, or who comes for that, lets go of what was published. */
  #unpublish(): void {
    const [here, there] = memoryComm<readonly ClientMessage[], News>();
    this.#scheduler.addClient("the last", there);
    for (const [number, name] of datasetNames.entries()) {
      here.send([{ type: "request", number, request: { type: "unpublish-dataset", name } }]);
    }
  }

  #checkNothingIsLeft(): void {
    assertForgotten(this.#scheduler.machine.state);
    for (const { machineState } of this.spawner.living) if (machineState !== undefined) assertEmptyHanded(machineState);
  }

  #hire(random: Random, clock: Clock): Operator {
    const comm = this.#connect("cluster");
    const elasticity = new Elasticity({ host: this.#host, clock, comm, demandOpen: () => {} });
    const cancelAll = () => {
      for (const node of this.work.nodes) node.isCancelled = true;
    };
    const addresses = () => [...this.#scheduler.machine.state.workers.keys()];
    const session = new Session("operator", this.#connect("operator"), () => this.#keepAlive());
    return new Operator(random, this.#world, session, { elasticity, addresses, cancelAll });
  }

  /** A fast way to the scheduler. */
  #connect(name: string): ClientComm {
    const [here, there] = memoryComm<readonly ClientMessage[], News>();
    this.#scheduler.addClient(name, there);
    return here;
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

  #join(named: readonly Node[]): void {
    const name = `c${this.#users.length + 1}`;
    const isFast = this.#world.random.chance(0.5);
    const [here, there] = isFast
      ? memoryComm<readonly ClientMessage[], News>()
      : slowComm<readonly ClientMessage[], News>(this.#world, this.#slownessMs);
    const session = new Session(name, this.#overheard(name, here), () => this.#keepAlive());
    this.#scheduler.addClient(name, there);
    const haveDied = (addresses: readonly string[]) =>
      addresses.every((address) => this.spawner.threads.some((each) => each.address === address && each.isOver));
    this.#users.push(
      new User(name, session, this.#world, this.work, this.#habits, named, this.#equal, this.#published, haveDied),
    );
  }

  /** The comm of a client, with what is said there told in the story. */
  #overheard(name: string, comm: Comm<readonly ClientMessage[], News>): ClientComm {
    if (this.#world.story === undefined) return comm;
    return {
      closed: comm.closed,
      close: (reason) => comm.close(reason),
      send: (messages, transfer) => {
        for (const message of messages) this.#world.tell(() => `${name} -> scheduler  ${brief(message)}`);
        comm.send(messages, transfer);
      },
      listen: (hear) =>
        comm.listen((news) => {
          for (const message of news.messages) {
            this.#world.tell(() => `scheduler -> ${name}  (news ${news.batch})  ${brief(message)}`);
          }
          hear(news);
        }),
    };
  }

  #keepAlive(): () => void {
    this.#keptAlive += 1;
    return () => {
      this.#keptAlive -= 1;
    };
  }

  #break(error: unknown): void {
    this.#broken ??= error ?? new Error("broken");
  }
}

/** Believes nobody, and looks at all that is said. */
function beStern(scheduler: SchedulerRuntime, fail: (error: unknown) => void): void {
  const { addClient, addWorker } = SchedulerRuntime.prototype;
  scheduler.machine.learnHosts(hostRules({ speculateFromMs: 1 }));
  scheduler.addWorker = (introduction, comm) =>
    addWorker.call(scheduler, introduction, checkedComm(comm, validateWorkerMessages), { isForeign: true });
  scheduler.addClient = (client, comm) => {
    comm.closed.then((reason) => {
      if (reason.startsWith("ProtocolError")) fail(new Error(`${client} was not believed: ${reason}`));
    });
    addClient.call(scheduler, client, checkedComm(comm, validateClientMessages), { isForeign: true });
  };
}

function drawResources(whims: Random): Resources {
  return { gpu: whims.pick([0, 1, 1, 2, 3]), disk: whims.pick([0, 0.5, 1]) };
}

/** How users of this world behave, and what their tasks are like. */
export function drawHabits(random: Random): Omit<Habits, "isDemanding"> {
  const isCalm = random.chance(0.3);
  const rarely = (weight: number) => (random.chance(isCalm ? 0.1 : 0.5) ? weight : 0);
  const [publishes, places] = [rarely(1), rarely(1)];
  return {
    faults: {
      none: 40,
      throws: rarely(4),
      kills: rarely(1),
      flaky: rarely(4),
      unserializable: rarely(1),
    },
    kinds: {
      number: 10,
      nothing: 1,
      object: 4,
      text: random.pick([0, 4]),
      "small array": random.pick([0, 4, 10]),
      "large array": random.pick([0, 4, 10]),
      "nested array": random.pick([0, 3]),
    },
    deeds: {
      submit: 30,
      chain: 3,
      tree: 2,
      diamond: 3,
      map: 2,
      stream: rarely(6),
      ladder: 2,
      weave: 0,
      scatter: 5,
      ask: 12,
      release: 12,
      cancel: rarely(4),
      forceCancel: rarely(2),
      retry: 5,
      fireAndForget: rarely(4),
      claim: rarely(6),
      submitNamed: rarely(6),
      publish: 5 * publishes,
      read: 8 * publishes,
      unpublish: 2 * publishes,
      scatterEqual: rarely(5),
      replicate: 5 * places,
      replicateAndGiveUp: places,
      rebalance: 3 * places,
      spoil: rarely(4),
      detach: rarely(4),
      leave: rarely(1),
    },
    meanMs: random.pick([0.01, 0.05, 0.5, 2]),
  };
}

/** Who is taken for whom in a room, and what each has done: by what the scheduler knows, not by what anybody says. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { HostInfo, SchedulerInfo } from "manyhands/peer";
import { Helpers } from "../../demo/volunteer/organiser/who-helps.ts";

function host(id: string, name: string, about: HostInfo["about"] = {}): HostInfo {
  const workers = [`peer://${id}/0`];
  return { id, name, about, workers, isPaused: false, isAway: false, latencyMs: 1 } as unknown as HostInfo;
}

/** A worker of each host, and one of the page's own. */
function info(...hosts: readonly HostInfo[]): SchedulerInfo {
  const workers = { "thread://here/0": { host: "here", nThreads: 1, link: "thread" } };
  for (const { id } of hosts) Object.assign(workers, { [`peer://${id}/0`]: { host: id, nThreads: 2, link: "peer" } });
  return { workers, links: [] } as unknown as SchedulerInfo;
}

function look(helpers: Helpers, hosts: readonly HostInfo[], most = 0): string[] {
  const dismissed: string[] = [];
  helpers.look(info(...hosts), hosts, { most, dismiss: (id, why) => dismissed.push(`${id}: ${why}`) });
  return dismissed;
}

describe("helpers", () => {
  it("are credited with what their workers made, though another goes by their name, or says to be what their host is called", () => {
    const helpers = new Helpers();
    const ada = host("h1", "Ada", { volunteer: "secret of Ada" });
    const node = host("h2", "a process");
    const liar = host("h3", "Ada", { volunteer: "h2" });
    const other = host("h4", "nobody", { volunteer: "here" });
    look(helpers, [ada, node, liar, other]);
    const makers = ["peer://h1/0", "peer://h1/0", "peer://h2/0", "thread://here/0", undefined, "peer://h5/0"];
    helpers.count([makers, ["peer://h3/0"]], 1000);
    assert.deepEqual(
      helpers.list.map(({ name, parts }) => [name, parts]),
      [
        ["Ada", 2],
        ["a process", 1],
        ["Ada 2", 1],
        ["this page", 1],
        ["nobody", 0],
      ],
    );
    assert.equal(helpers.nameOfWorker("peer://h3/0"), "Ada 2");
    assert.equal(helpers.threads, 9);
  });

  it("are known again by their secret, with what they did before", () => {
    const helpers = new Helpers();
    look(helpers, [host("h1", "Ada", { volunteer: "secret" })]);
    helpers.count([["peer://h1/0"]], 1000);
    helpers.keepParts(["peer://h1/0"]);
    const later = new Helpers();
    later.restore(structuredClone(helpers.kept));
    look(later, [host("h9", "Ada", { volunteer: "secret" })]);
    later.count([["peer://h1/0", "peer://h9/0"]], 1000);
    assert.deepEqual(
      later.list.map(({ name, parts, isHere }) => [name, parts, isHere]),
      [
        ["Ada", 3, true],
        ["this page", 0, true],
      ],
    );
  });

  it("are no more than the room has place for, those who came first; and nobody comes back who was sent away", () => {
    const helpers = new Helpers();
    const [ada, bob] = [host("h1", "Ada"), host("h2", "Bob")];
    assert.deepEqual(look(helpers, [ada, bob], 2), []);
    const third = host("h3", "Third");
    assert.match(look(helpers, [ada, bob, third], 2).join(), /^h3: the room has as many helpers as it wants/);
    assert.deepEqual(look(helpers, [ada, third], 2), []);
    const [first] = helpers.list.filter(({ name }) => name === "Ada");
    assert.ok(first !== undefined);
    helpers.refuse(first);
    assert.match(look(helpers, [ada, third], 2).join(), /^h1: whoever has the room wants it so$/);
    assert.equal(first.isHere, false);
  });

  it("come directly, or relayed: by a server between, or to each other by way of the scheduler", () => {
    const helpers = new Helpers();
    const [ada, grace, linus, tim] = ["Ada", "Grace", "Linus", "Tim"].map((name) => host(name.toLowerCase(), name));
    const hosts = [ada, { ...grace, isRelayed: true }, linus, tim] as HostInfo[];
    const links = [
      { from: "linus", to: "ada", route: "direct" },
      { from: "linus", to: "tim", route: "relay" },
    ];
    helpers.look({ ...info(...hosts), links } as unknown as SchedulerInfo, hosts, { most: 0, dismiss: () => {} });
    assert.deepEqual(Object.fromEntries(helpers.list.map(({ name, link }) => [name, link])), {
      "this page": "here",
      Ada: "direct",
      Grace: "relayed",
      Linus: "relayed",
      Tim: "relayed",
    });
  });
});

/** What pages of a browser leave for each other, in real browsers: by one shared worker, which those find who share an origin. */
import { SharedWorkerCloakroom } from "../../src/adapters/shared-worker-cloakroom.ts";
import { equal } from "./cases/check.ts";

/** Leaves one end of a new channel, and returns the other with the ticket. */
async function leaveAt(cloakroom: SharedWorkerCloakroom) {
  const [end, other] = cloakroom.channel() as readonly [MessagePort, MessagePort];
  return { end, ticket: await cloakroom.leave(other) };
}

/** Runs with that in place of the browser's shared workers. */
async function withWorkers(stand: unknown, run: (cloakroom: SharedWorkerCloakroom) => Promise<void>): Promise<void> {
  const own = globalThis.SharedWorker;
  Object.assign(globalThis, { SharedWorker: stand });
  try {
    await run(new SharedWorkerCloakroom());
  } finally {
    Object.assign(globalThis, { SharedWorker: own });
  }
}

describe("a cloakroom", () => {
  it("gives what was left to whoever comes with the ticket, once, and it leads from one to the other", async () => {
    const [one, other] = [new SharedWorkerCloakroom(), new SharedWorkerCloakroom()];
    const { end, ticket = "" } = await leaveAt(one);
    end.postMessage("before it is fetched");
    const found = (await other.fetch(ticket)) as MessagePort;
    const heard: unknown[] = [];
    const all = new Promise<void>((resolve) => {
      found.onmessage = ({ data }) => {
        heard.push(data);
        if (heard.length === 2) resolve();
      };
    });
    end.postMessage("and after");
    await all;
    equal(heard, ["before it is fetched", "and after"]);
    equal(await other.fetch(ticket), undefined);
    equal(await one.fetch(ticket), undefined);
  });

  it("has nothing for a ticket that nobody was given, nor for one that was to be forgotten", async () => {
    const [one, other] = [new SharedWorkerCloakroom(), new SharedWorkerCloakroom()];
    equal(await other.fetch("guessed"), undefined);
    const { ticket = "" } = await leaveAt(one);
    one.forget(ticket);
    // What one of them says is heard in order, so it is forgotten when this was left.
    const { ticket: later = "" } = await leaveAt(one);
    equal(await other.fetch(ticket), undefined);
    equal((await other.fetch(later)) instanceof MessagePort, true);
  });

  it("keeps nothing of a page that is gone", async () => {
    const frame = document.createElement("iframe");
    document.body.append(frame);
    const { contentWindow } = frame;
    const left = new Promise<string[]>((resolve) => {
      addEventListener("message", ({ data }) => resolve(data), { once: true });
    });
    const script = Object.assign((contentWindow as Window).document.createElement("script"), {
      type: "module",
      text: `import { SharedWorkerCloakroom } from "${new URL("../../src/adapters/shared-worker-cloakroom.ts", import.meta.url)}";
        const cloakroom = new SharedWorkerCloakroom();
        const leave = () => cloakroom.leave(cloakroom.channel()[1]);
        parent.postMessage(await Promise.all(Array.from({ length: 100 }, leave)), "*");`,
    });
    (contentWindow as Window).document.body.append(script);
    const tickets = await left;
    frame.remove();
    const cloakroom = new SharedWorkerCloakroom();
    // The word that it is gone may come later than we do.
    let found = 0;
    while (found < tickets.length && (await cloakroom.fetch(tickets[found] as string)) !== undefined) found += 1;
    equal(found < tickets.length, true);
  });

  it("is none where the browser has no shared workers, forbids them, or cannot start one", async () => {
    const forbidden = class {
      constructor() {
        throw new DOMException("the page's policy forbids it", "SecurityError");
      }
    };
    const broken = class extends SharedWorker {
      constructor() {
        super("/there-is-no-such-file.js");
      }
    };
    for (const stand of [undefined, forbidden, broken])
      await withWorkers(stand, async (cloakroom) => {
        equal((await leaveAt(cloakroom)).ticket, undefined);
        equal(await cloakroom.fetch("any"), undefined);
      });
  });
});

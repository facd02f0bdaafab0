/** Pages as clients of a scheduler in Node, and as hosts that lend it their threads. */
import { Client, join } from "manyhands";
import { equal, ok, rejects } from "./cases/check.ts";

interface Place {
  readonly address: string;
  readonly tokens: { readonly worker: string; readonly client: string };
}

const place: Promise<Place> = fetch("/cluster-in-node.json").then((response) => response.json());

async function connect() {
  const { address, tokens } = await place;
  const client = new Client(address, { token: tokens.client });
  await client.ready;
  return client;
}

describe("a page and a scheduler in Node", () => {
  it("has tasks run in Node", async () => {
    await using client = await connect();
    await client.waitForWorkers(1);
    const there = client.with({ workers: ["node-0"] });
    equal(await there.submit((a: number) => typeof process === "object" && a + 1, 1).result(), 2);
    const large = there.submit(() => new Float64Array(200_000).fill(3));
    equal((await large.result())[199_999], 3);
    const odd = new Map<unknown, unknown>([[1n, new Set([new Date(5)])]]);
    const back = await there.submit((x: typeof odd) => x, odd).result();
    ok(back.get(1n) instanceof Set, "a set");
  });

  it("lends it threads, which exchange values with those in Node straight, and with other pages by way of the scheduler", async () => {
    const { address, tokens } = await place;
    await using client = await connect();
    await using host = await join(address, { token: tokens.worker, nWorkers: 1, name: "page" });
    equal(host.stats().status, "joined");
    const here = client.with({ workers: [`${host.id}`] });
    const there = client.with({ workers: ["node-0"] });
    const made = here.submit(() => new Float64Array(200_000).fill(typeof navigator === "object" ? 2 : 0));
    const seen = there.submit((x: Float64Array) => x.map((each) => each + 1), made);
    equal(await here.submit((x: Float64Array) => x[199_999], seen).result(), 3);
    await using other = await join(address, { token: tokens.worker, nWorkers: 1, name: "other-page" });
    const elsewhere = client.with({ workers: [other.id] });
    const only = here.submit(() => new Float64Array(200_000).fill(5));
    equal(await elsewhere.submit((x: Float64Array) => x[0], only).result(), 5);
    const { links, workers } = await client.schedulerInfo();
    const routes = links.filter(({ from, to }) => from === host.id || to === host.id).map(({ route }) => route);
    equal(routes.sort().join(), "direct,relay");
    ok(
      Object.values(workers).some((worker) => worker.host === host.id && worker.link === "ws"),
      "its workers",
    );
    await host.leave();
    equal(host.stats().status, "left");
  });

  it("says so when the browser is about to freeze it, and follows what workers elsewhere write", async () => {
    await using client = await connect();
    await client.waitForWorkers(1);
    const { warn } = console;
    const warned: string[] = [];
    try {
      console.warn = (text: string) => warned.push(text);
      document.dispatchEvent(new Event("freeze"));
    } finally {
      console.warn = warn;
    }
    equal(warned.length, 1);
    ok(/freezes this page/.test(warned[0] ?? ""), `${warned}`);
    const lines: string[] = [];
    let came = () => {};
    const first = new Promise<void>((resolve) => {
      came = resolve;
    });
    using _forwarding = await client.forwardLogs({
      handler: ({ name, text }) => {
        lines.push(`${name}: ${text}`);
        came();
      },
    });
    await client
      .with({ workers: ["node-0"] })
      .submit(function inNode() {
        console.log("seen in a page");
      })
      .result();
    await first;
    equal(lines, ["inNode: seen in a page"]);
  });

  it("is refused with a wrong token, and told where nobody is", async () => {
    const { address } = await place;
    await rejects(new Client(address, { token: "wrong" }).ready, "UnauthorizedError");
    await rejects(join(address, { token: "wrong", nWorkers: 1 }), "UnauthorizedError");
    await rejects(new Client("ws://127.0.0.1:1").ready, "CommClosedError", /cannot be reached/);
    await rejects(join("nonsense"), "TypeError", /no address/);
  });
});

/** The dashboard, in real pages: what it shows of a real cluster, and that nothing is left of it when it is closed. */
import { Client, LocalCluster, Lock } from "manyhands";
import { type DashboardElement, openDashboard } from "manyhands/dashboard";
import { equal, ok } from "./cases/check.ts";

const cluster = new LocalCluster({ nWorkers: 2 });
const client = new Client(cluster);

after(async () => {
  await client.close();
  await cluster.close();
});

/** Settles when what is shown has been changed so that it holds. */
async function shown(dashboard: DashboardElement, holds: (root: ShadowRoot) => boolean): Promise<void> {
  const root = dashboard.shadowRoot as ShadowRoot;
  if (holds(root)) return;
  await new Promise<void>((resolve) => {
    const observer = new MutationObserver(() => {
      if (!holds(root)) return;
      observer.disconnect();
      resolve();
    });
    observer.observe(root, { childList: true, subtree: true, characterData: true });
  });
}

function work(ms: number) {
  const end = performance.now() + ms;
  while (performance.now() < end);
  return new Uint8Array(50_000);
}

describe("dashboard", () => {
  it("shows tasks by name, workers, what tasks need, what clients meet at, and events", async () => {
    const dashboard = openDashboard(client);
    const lock = new Lock("the door", { client });
    await lock.acquire();
    const made = client.map(work, [5, 10, 15]);
    const sums = made.map((future) => client.submit((array: Uint8Array) => array.slice(), future));
    for (const future of sums) await future.result();
    client.logEvent("training", { loss: 0.25 });
    const text = (root: ShadowRoot) => root.textContent ?? "";
    await shown(dashboard, (root) => text(root).includes("work3") || /work3/.test(text(root).replaceAll(/\s/g, "")));
    await shown(dashboard, (root) => text(root).includes("worker-0") && text(root).includes("worker-1"));
    await shown(dashboard, (root) => text(root).includes("the door"));
    await shown(dashboard, (root) => text(root).includes("training"));
    await shown(dashboard, (root) => root.querySelectorAll("svg g").length >= 6);
    ok((dashboard.shadowRoot?.querySelectorAll("svg path").length ?? 0) >= 3, "edges are drawn");
    const node = dashboard.shadowRoot?.querySelector(`svg g[aria-label^="${sums[0]?.key}:"]`);
    node?.dispatchEvent(new MouseEvent("click"));
    await shown(dashboard, (root) => /memory/.test(root.querySelector(".story")?.textContent ?? ""));
    const told = dashboard.shadowRoot?.querySelector(".story")?.textContent ?? "";
    ok(told.startsWith(`${sums[0]?.key}: `) && told.includes("Moves are noted since"), told);
    dashboard.remove();
    await lock.release();
    equal(sums.length, made.length);
  });

  it("stops what it has begun when it is removed, and begins anew when it is put back", async () => {
    let open = 0;
    const watched = {
      survey: () => client.survey(),
      subscribeTopic: (...given: Parameters<Client["subscribeTopic"]>) => client.subscribeTopic(...given),
      taskStream: async (...given: Parameters<Client["taskStream"]>) => {
        const recording = await client.taskStream(...given);
        open += 1;
        opened();
        const stop = recording.stop.bind(recording);
        recording.stop = async () => {
          await stop();
          open -= 1;
          closed();
        };
        return recording;
      },
    };
    let closed = () => {};
    let opened = () => {};
    const isOpen = new Promise<void>((resolve) => {
      opened = resolve;
    });
    const dashboard = openDashboard(watched as unknown as Client);
    await shown(dashboard, (root) => root.textContent?.includes("worker-0") === true);
    await isOpen;
    equal(open, 1);
    const isClosed = new Promise<void>((resolve) => {
      closed = resolve;
    });
    dashboard.remove();
    await isClosed;
    equal(open, 0);
    document.body.append(dashboard);
    await shown(dashboard, (root) => root.textContent?.includes("worker-0") === true);
    dashboard.remove();
  });

  it("shows a hundred thousand spans of a hundred workers", async () => {
    const nowMs = Date.now();
    const spans = Array.from({ length: 100_000 }, (_, i) => ({
      worker: `thread://many/${i % 100}`,
      kind: "compute",
      name: `task${i % 12}`,
      beganMs: nowMs - 18_000 + Math.floor(i / 100) * 18,
      ms: 15,
      tasks: 1,
      nbytes: 0,
      status: "ok",
    }));
    let taken = () => {};
    const allTaken = new Promise<void>((resolve) => {
      taken = resolve;
    });
    const recording = {
      async *[Symbol.asyncIterator]() {
        yield spans;
        taken();
      },
      stop: async () => {},
    };
    const watched = {
      survey: () => client.survey(),
      subscribeTopic: async () => ({ close() {} }),
      taskStream: async () => recording,
    };
    const dashboard = openDashboard(watched as unknown as Client);
    await allTaken;
    equal(dashboard.spans, 100_000);
    await new Promise(requestAnimationFrame);
    const canvas = dashboard.shadowRoot?.querySelector("canvas") as HTMLCanvasElement;
    dashboard.paint();
    const context = canvas.getContext("2d") as CanvasRenderingContext2D;
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    let drawn = 0;
    for (let i = 3; i < data.length; i += 4) if (data[i] === 255) drawn += 1;
    ok(drawn > (data.length / 4) * 0.4, `${drawn} pixels of ${data.length / 4} are drawn`);
    dashboard.remove();
  });

  it("<manyhands-progress> follows futures to their end, the failed among them", async () => {
    const bar = document.createElement("manyhands-progress");
    const complete = new Promise((resolve) => bar.addEventListener("complete", resolve));
    document.body.append(bar);
    const fails = client.submit(() => {
      throw new Error("on purpose");
    });
    bar.futures = [...client.map(work, [1, 2, 3]), fails];
    await complete;
    const drawn = bar.shadowRoot?.querySelector("progress");
    equal([drawn?.value, drawn?.max], [4, 4]);
    ok(/4 of 4, 1 failed/.test(bar.shadowRoot?.textContent ?? ""), `${bar.shadowRoot?.textContent}`);
    bar.remove();
  });

  it("says so when the client is closed", async () => {
    const other = new Client(cluster);
    const dashboard = openDashboard(other);
    await shown(dashboard, (root) => root.textContent?.includes("worker-0") === true);
    await other.close();
    await shown(
      dashboard,
      (root) => root.querySelector<HTMLElement>("[role=alert]")?.textContent?.includes("Nothing more") === true,
    );
    dashboard.remove();
  });
});

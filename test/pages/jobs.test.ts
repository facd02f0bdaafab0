/** What the organiser's page has done: sweeps, functions over lists and tables, meshes of one's own, and which job goes first. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Browser } from "puppeteer-core";
import {
  browse,
  choose,
  type DemoServer,
  lendAHand,
  openRoom,
  pixelsOf,
  press,
  save,
  says,
  serveDemo,
  typeCode,
  visit,
  write,
} from "./demo-server.ts";
import { drawAlone } from "./one-thread.ts";
import { smallGlb } from "./small-glb.ts";

describe("jobs of the organiser's page", { timeout: 240_000 }, () => {
  let server: DemoServer;
  let chromium: Browser;
  let firefox: Browser;
  before(async () => {
    server = await serveDemo();
    chromium = await browse("chromium");
    firefox = await browse("firefox");
  });
  after(async () => {
    await chromium.close();
    await firefox.close();
    await server.close();
  });

  it("sweep parameters and run functions of one's own in others' browsers", async () => {
    const organiser = await visit(await chromium.createBrowserContext(), server.url);
    const volunteer = await lendAHand(await firefox.createBrowserContext(), await openRoom(organiser), "Grace");
    await press(organiser, /^Sweep parameters/);
    await choose(organiser, 0, "32");
    await choose(organiser, 1, "2");
    await press(organiser, /^Sweep$/);
    await organiser.waitForSelector(".state.finished", { timeout: 60_000 });
    const figures = await save(organiser, /^Save the figures/);
    assert.equal(figures.name, "sweep.csv");
    const csv = figures.bytes.toString().trimEnd().split("\n");
    assert.equal(csv.length, 1 + 32 * 20);
    assert.match(csv.at(-1) ?? "", /^14\.0000,4\.0000,0\.9\d+$/);
    await press(organiser, /^Your own function/);
    await press(organiser, /^Run it$/);
    await organiser.waitForFunction(() => document.querySelectorAll(".state.finished").length === 2, {
      timeout: 60_000,
    });
    const rows = await organiser.$$eval(".results tbody tr", (rows) =>
      rows.map((row) => [...row.querySelectorAll("td")].map((cell) => cell.textContent ?? "")),
    );
    assert.equal(rows.length, 24);
    for (const [item, result] of rows) {
      const factors = (result ?? "").split(" · ").map(BigInt);
      assert.equal(
        factors.reduce((product, factor) => product * factor, 1n),
        BigInt(item as string),
      );
    }
    const results = JSON.parse((await save(organiser, /^Save the results/)).bytes.toString()) as object[];
    assert.deepEqual(
      results,
      rows.map(([item, value]) => ({ item, value })),
    );
    await says(volunteer, /[1-9]\d*parts accepted/);
    assert.ok(
      rows.some(([, , by]) => by === "Grace"),
      "nothing was done there",
    );

    // Of a table, each row has its cells by their names.
    await typeCode(organiser, "(row) => row.name + ' has ' + row.n * 2");
    await write(organiser, "textarea", 'name,n\n"Lovelace, Ada",3\nGrace,4\n');
    await press(organiser, /^Run it$/);
    await organiser.waitForFunction(() => document.querySelectorAll(".state.finished").length === 3);
    const table = JSON.parse((await save(organiser, /^Save the results/)).bytes.toString()) as object[];
    assert.deepEqual(table, [
      { item: { name: "Lovelace, Ada", n: "3" }, value: "Lovelace, Ada has 6" },
      { item: { name: "Grace", n: "4" }, value: "Grace has 8" },
    ]);
  });

  it("draw a .glb that was dropped there, as one thread does", async () => {
    const file = { name: "pyramid.glb", bytes: smallGlb() };
    const expected = drawAlone(320, 240, 8, file);
    const organiser = await visit(await chromium.createBrowserContext(), server.url);
    await openRoom(organiser);
    await organiser.$eval(
      "label.drop",
      (place, name, bytes) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([Uint8Array.from(bytes)], name));
        for (const type of ["dragover", "drop"])
          place.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
      },
      file.name,
      [...file.bytes],
    );
    await says(organiser, /pyramid\.glb, 0\.0 MB/);
    await choose(organiser, 0, "320x240");
    await choose(organiser, 1, "8");
    await press(organiser, /^Draw it$/);
    await organiser.waitForSelector(".state.finished", { timeout: 60_000 });
    assert.equal(await organiser.$eval(".card:has(canvas) h2", (title) => title.textContent), "pyramid.glb");
    assert.equal(Buffer.compare(await pixelsOf(organiser), await expected), 0, "it is another picture");
  });

  it("do the parts of the job first that is preferred, and of the other no more than were under way", async () => {
    const organiser = await visit(await chromium.createBrowserContext(), server.url);
    await openRoom(organiser);
    await press(organiser, /^Sweep parameters/);
    await choose(organiser, 1, "2");
    for (const pairs of ["160", "32"]) {
      await choose(organiser, 0, pairs);
      await press(organiser, /^Sweep$/);
      await press(organiser, /^Pause$/);
    }
    await organiser.waitForFunction(() => document.querySelectorAll(".state.paused").length === 2);
    // The one that was begun last is above.
    const before = await organiser.$$eval(".figures b", (figures) => figures.map((each) => Number(each.textContent)));
    const end = await organiser.evaluate(async () => {
      const list = document.querySelector(".board .wide select") as HTMLSelectElement;
      list.value = "10";
      list.dispatchEvent(new Event("change", { bubbles: true }));
      for (const button of [...document.querySelectorAll(".board .wide button")].reverse())
        if (button.textContent === "Go on") (button as HTMLElement).click();
      while (document.querySelector(".state.finished") === null) await new Promise(requestAnimationFrame);
      return [...document.querySelectorAll(".figures b")].map((each) => Number(each.textContent));
    });
    const [preferred = 0, other = 0] = end.map((count, i) => count - (before[i] ?? 0));
    // Of this page's one thread, it has in hand what it is given ahead; between two looks of the screen it may do a few of the other.
    assert.ok(preferred > 40 && other < 20, `${preferred} of the preferred job, and ${other} of the other`);
    assert.equal(end[0], 80);
  });
});

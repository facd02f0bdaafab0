/** What a client does with values of which the cluster has forgotten everything. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { scripted, typesOf } from "./scripted.ts";

const id = (x: unknown) => x;

describe("a future whose task the cluster has forgotten", () => {
  it("gives its value to the cluster again when a task needs it", async () => {
    const { client, sent, tell, finish } = scripted();
    const named = client.with({ key: "named" }).submit(() => ({ value: 7 }));
    await sent();
    finish(0, { value: 7 });
    tell({ type: "cancelled-keys", ids: [0], reason: "the cluster was restarted" });
    assert.equal(named.status, "finished");
    await sent();
    client.submit(id, named);
    const messages = await sent();
    assert.deepEqual(typesOf(messages), ["scatter", "update-graph"]);
    const [scatter] = messages;
    assert.equal(scatter?.type === "scatter" && scatter.key, "named", "under the name that it had");
    client.submit(id, named);
    assert.deepEqual(typesOf(await sent()), ["update-graph"], "once is enough");
    named.release();
    assert.deepEqual(typesOf(await sent()), ["client-releases-keys"], "it may have been given before the news came");
  });

  it("is cancelled, with the reason, if its value was not there", async () => {
    const { client, sent, tell } = scripted();
    const future = client.submit(id, 1);
    await sent();
    tell({ type: "cancelled-keys", ids: [0], reason: "the cluster was restarted" });
    await assert.rejects(future.result(), { name: "CancelledError", reason: "the cluster was restarted" });
    future.release();
    assert.deepEqual(typesOf(await sent()), [], "there is nothing to release");
  });

  it("does not stand for an array that was seen before any more", async () => {
    const { client, sent, tell } = scripted();
    const array = new Float64Array(100_000);
    client.submit(id, array);
    const [scatter] = await sent();
    assert.ok(scatter?.type === "scatter");
    client.submit(id, array);
    assert.deepEqual(typesOf(await sent()), ["update-graph"]);
    tell({ type: "cancelled-keys", ids: [scatter.id], reason: "the cluster was restarted" });
    client.submit(id, array);
    assert.deepEqual(typesOf(await sent()), ["scatter", "update-graph"]);
  });
});

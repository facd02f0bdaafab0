/** Links of the demo's pages: what they say, and what is made of those that somebody has tampered with. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readIce } from "../../demo/volunteer/shared/ice.ts";
import {
  addressOf,
  type Invitation,
  isServer,
  linkTo,
  ownScheduler,
  readLink,
} from "../../demo/volunteer/shared/invitation.ts";

const page = "https://example.org/hands/index.html?a=1#b";
const invitation: Invitation = {
  room: "swift otter 1234",
  signaling: "https://signal.example.org/",
  token: "0123456789abcdef",
  by: "Ada & Grace",
  what: "a picture, 100% ours #1",
  ice: "stun:example.org:3478",
  isServed: false,
};

describe("a link", () => {
  it("says all that it was given, in its fragment alone", () => {
    const link = linkTo(page, invitation);
    assert.ok(link.startsWith("https://example.org/hands/join.html#"));
    assert.deepEqual(readLink(link), invitation);
  });

  it("leaves out what the page finds by itself, and what is not said", () => {
    const plain = { ...invitation, signaling: "https://example.org/hands/signal/", by: "", what: "", ice: "" };
    const link = linkTo(page, plain);
    assert.equal(link, "https://example.org/hands/join.html#room=swift+otter+1234&token=0123456789abcdef");
    assert.deepEqual(readLink(link), plain);
  });

  it("leads to the scheduler of the server that the page comes from, if the room is there", () => {
    const served = { ...invitation, signaling: "https://example.org/hands/signal/", ice: "", isServed: true };
    const link = linkTo(page, { ...served, ice: "stun:example.org" });
    assert.match(link, /#room=swift\+otter\+1234&at=server&token=0123456789abcdef&for=/);
    assert.deepEqual(readLink(link), served);
    assert.equal(ownScheduler(page), "wss://example.org/hands/scheduler/");
    assert.equal(ownScheduler("http://127.0.0.1:8080/join.html#a"), "ws://127.0.0.1:8080/scheduler/");
  });

  it("is no invitation without a room, a secret, or a server", () => {
    const link = linkTo(page, invitation);
    const without = (part: RegExp, other = "") => readLink(link.replace(part, other));
    assert.equal(without(/room=[^&]*/), undefined);
    assert.equal(without(/token=[^&]*/), undefined);
    assert.equal(without(/signaling=[^&]*/, "signaling=javascript:alert(1)"), undefined);
    assert.equal(without(/ice=[^&]*/, "ice=http://example.org"), undefined);
    assert.equal(readLink("https://example.org/join.html"), undefined);
  });

  it("says no more than fits on a page", () => {
    const said = readLink(linkTo(page, { ...invitation, by: "x".repeat(1000), what: "y".repeat(1000) }));
    assert.deepEqual([said?.by.length, said?.what.length], [200, 200]);
  });

  it("leads to an address that the library takes", () => {
    assert.equal(addressOf(invitation), "peer:swift%20otter%201234?signaling=https%3A%2F%2Fsignal.example.org%2F");
    assert.deepEqual(["https://a/", "ws://a:1/b", "ftp://a", "a", ""].map(isServer), [true, true, false, false, false]);
  });
});

describe("servers that help to reach others", () => {
  it("are read as people write them", () => {
    assert.deepEqual(readIce("  "), []);
    assert.deepEqual(readIce("stun:example.org  TURN:ada:p%40ss@[::1]:3478?transport=tcp"), [
      { urls: "stun:example.org" },
      { urls: "turn:[::1]:3478?transport=tcp", username: "ada", credential: "p@ss" },
    ]);
  });

  it("are none if they are something else, or lack a password", () => {
    for (const text of ["example.org", "stun:", "turn:example.org", "stun:a:b@example.org", "stun:a b"])
      assert.equal(readIce(text), undefined, text);
  });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Ip } from "../net/address.ts";
import { echoed, heard, upIn } from "./standing.ts";

test("who answered BFD, and does no more, is doubted; who does not answer an echo either is gone; BFD brings it back", () => {
  const doubted = heard(heard("unheard", true), false);
  assert.equal(doubted, "doubted");
  assert.equal(echoed(doubted, false), "gone");
  assert.equal(heard("gone", false), "gone");
  assert.equal(heard("gone", true), "alive");
});

test("a machine whose process alone has ended stays in doubt, and is found gone when it falls silent later", () => {
  const answering = echoed("doubted", true);
  assert.equal(answering, "doubted");
  assert.equal(heard(answering, false), "doubted");
  assert.equal(echoed(answering, false), "gone");
});

test("who was never heard is not judged, and an echo that comes late judges nobody who is back", () => {
  assert.equal(heard("unheard", false), "unheard");
  assert.equal(echoed("unheard", false), "unheard");
  assert.equal(echoed("alive", false), "alive");
});

test("neighbours with one address are told by their links", () => {
  const peer = "fe80::2" as Ip;
  const sessions = [
    { ip: peer, interface: "swp1", state: "Up" },
    { ip: peer, interface: "swp2", state: "Down" },
  ];
  assert.deepEqual(
    ["swp1", "swp2", "swp3"].map((link) => upIn(sessions)({ peer, interface: link })),
    [true, false, false],
  );
});

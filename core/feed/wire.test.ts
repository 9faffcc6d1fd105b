import assert from "node:assert/strict";
import { test } from "node:test";
import type { Ip } from "../net/address.ts";
import type { Mac } from "../net/mac.ts";
import type { FeedMessage, Hello, Report } from "./item.ts";
import { messageText, readFeed, readHello, readReports } from "./wire.ts";

const HELLO: Hello = { op: "hello", host: "h1.example", role: "gateway", started_at: "2026-11-23T08:00:00Z" };
const REPORT: Report = {
  op: "report",
  revision: 3,
  endpoints: { a: { state: "up" }, b: { state: "waiting", for: "link/tap" }, c: { state: "failed", reason: "line\nbreak" } },
  arrived: { d: 3 },
  taken: { d: [{ ip: "10.65.0.9" as Ip, mac: "fa:16:3e:00:00:01" as Mac, turn: 2 }] },
  troubles: ["x"],
};
const FEED: FeedMessage[] = [
  { op: "put", key: "group/a", value: { id: "a", stateful: true, rules: [] } },
  { op: "gone", key: "member/a ::1" },
  { op: "joined", group: "a", ips: ["10.65.0.9" as Ip, "::1" as Ip] },
  { op: "left", group: "a", ips: [] },
  { op: "synced", revision: 5 },
];

test("what is written is read again", () => {
  for (const one of [HELLO, { ...HELLO, members: "together" } as const]) assert.deepEqual(readHello(messageText(one)), one);
  assert.deepEqual(readReports([REPORT, REPORT].map(messageText).join("\n")), [REPORT, REPORT]);
  assert.deepEqual(readFeed(FEED.map(messageText).join("\n")), FEED);
});

test("what is no message is refused, and with it the whole frame", () => {
  const wrong = (good: object, fields: object) => JSON.stringify({ ...good, ...fields });
  for (const text of [
    "",
    "{",
    "null",
    "[]",
    "1",
    wrong(HELLO, { role: "router" }),
    wrong(HELLO, { host: "" }),
    wrong(HELLO, { host: "a/b" }),
    wrong(HELLO, { started_at: "now" }),
  ])
    assert.equal(readHello(text), undefined, text);
  assert.equal(readHello([HELLO, HELLO].map(messageText).join("\n")), undefined);

  const endpoints = [{ a: "up" }, { a: { state: "waiting" } }, { a: { state: "failed", reason: 1 } }, { a: { state: "gone" } }, [], null];
  for (const text of [
    ...endpoints.map((value) => wrong(REPORT, { endpoints: value })),
    wrong(REPORT, { revision: 1.5 }),
    wrong(REPORT, { troubles: [1] }),
    wrong(REPORT, { arrived: { d: "3" } }),
    wrong(REPORT, { arrived: ["d"] }),
  ])
    assert.equal(readReports(`${messageText(REPORT)}\n${text}`), undefined, text);

  const [put = FEED, gone = FEED] = FEED;
  const synced = FEED.at(-1) ?? FEED;
  for (const text of [
    wrong(put, { value: "x" }),
    wrong(put, { key: "router/1" }),
    wrong(gone, { key: "group" }),
    wrong(synced, { revision: "5" }),
    wrong(put, { op: "merge" }),
    '{"op":"joined","ips":["::1"]}',
    '{"op":"joined","group":"a"}',
    '{"op":"left","group":"a","ips":[1]}',
  ])
    assert.equal(readFeed(`${messageText({ op: "synced", revision: 1 })}\n${text}`), undefined, text);
});

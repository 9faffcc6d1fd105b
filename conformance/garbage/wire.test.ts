/** Bytes that are no HTTP, or half of one: each connection is answered with a refusal or closed, and everybody else is served. */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { serve } from "#adapters/http/server.ts";
import { fakeLog } from "#contracts/log.fake.ts";
import { chance } from "./chance.ts";
import type { Chance } from "./chance.ts";
import { player } from "./play.ts";

const CONNECTIONS = 1500;
const CLIENTS = 32;
/** Of a client that has said all it will ever say. */
const LIMIT_MS = 4000;

const VALID = "GET /v2.0/networks?limit=1 HTTP/1.1\r\nHost: controller\r\nConnection: close\r\n\r\n";
const BODY = '{"network":{"name":"a"}}';

/** What goes wrong with bytes on their way, or is made wrong on purpose. */
const SPOILT: readonly ((luck: Chance) => Buffer)[] = [
  (luck) => bytes(luck, 1 + luck.below(2000)),
  (luck) => spliced(luck, Buffer.from(VALID)),
  (luck) => Buffer.from(VALID).subarray(0, luck.below(VALID.length)),
  (luck) => Buffer.from(`${"A".repeat(luck.below(200_000))}\r\n\r\n`),
  (luck) => Buffer.from(`GET /${"a".repeat(luck.below(100_000))} HTTP/1.1\r\nHost: x\r\n\r\n`),
  (luck) => Buffer.from(`GET / HTTP/1.1\r\n${"X-Y: z\r\n".repeat(luck.below(5000))}\r\n`),
  (luck) => Buffer.from(`GET / HTTP/${luck.below(12)}.${luck.below(12)}\r\nHost: x\r\n\r\n`),
  (luck) => posted({ "content-length": luck.of(["-1", "1e3", "99999999999999999999", "5, 7", "", "x"]) }, BODY),
  () => posted({ "content-length": "5", "transfer-encoding": "chunked" }, `0\r\n\r\n${VALID}`),
  (luck) =>
    posted(
      { "transfer-encoding": "chunked" },
      luck.of(["zz\r\n", "-5\r\nabc\r\n0\r\n\r\n", "5\r\nab\r\n0\r\n\r\n", "FFFFFFFFFFFFFFFFFF\r\nx"]),
    ),
  (luck) => posted({ "content-length": String(BODY.length), "content-encoding": luck.of(["gzip", "br", "identity, x"]) }, BODY),
  (luck) => Buffer.concat([posted({ "content-length": "40" }, ""), bytes(luck, 40)]),
  () => Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  () => Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03]),
  (luck) => Buffer.from(`GET http://${"x".repeat(luck.below(300))}:99999/v2.0/ HTTP/1.1\r\nHost: \u0000\r\n\r\n`),
  () => Buffer.from("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\u0000\u0001"),
];

test("whatever comes over the wire, nobody is answered by 5xx, hangs, or keeps others from being served", async (t) => {
  const { handle } = await player();
  const log = fakeLog();
  const terms = { requestMs: 1500, idleMs: 500, graceMs: 500 };
  const serving = await serve({ listen: [{ host: "127.0.0.1", port: 0 }], handle, log, terms });
  t.after(() => serving.close());
  const { port } = new URL(serving.addresses[0] ?? "");
  const luck = chance(20261123);
  const faults: string[] = [];
  const answered = new Map<string, number>();
  let left = CONNECTIONS;
  const client = async () => {
    while (left-- > 0) {
      const sent = luck.of(SPOILT)(luck);
      const status = await said(Number(port), sent);
      answered.set(status, (answered.get(status) ?? 0) + 1);
      if (/^5|hangs/.test(status)) faults.push(`${status} to ${JSON.stringify(sent.toString("latin1").slice(0, 200))}`);
      if (luck.oneIn(50)) assert.equal(await said(Number(port), Buffer.from(VALID)), "200");
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  assert.deepEqual(faults, []);
  assert.ok((answered.get("400") ?? 0) > CONNECTIONS / 4, JSON.stringify([...answered]));
  assert.deepEqual(
    log.lines.filter(({ level }) => level === "error"),
    [],
  );
});

/** The status of the first answer; `closed` without one. The client sends all it has, and then waits. */
function said(port: number, sent: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    const end = (verdict: string) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(verdict);
    };
    const timer = setTimeout(() => end("it hangs"), LIMIT_MS);
    socket.on("connect", () => socket.write(sent));
    socket.setEncoding("latin1").on("data", (part: string) => {
      text += part;
      const status = /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1];
      if (status !== undefined) end(status);
    });
    socket.on("close", () => end("closed"));
    socket.on("error", () => end("closed"));
  });
}

function bytes(luck: Chance, count: number): Buffer {
  return Buffer.from(Array.from({ length: count }, () => luck.below(256)));
}

/** A few bytes of it are others. */
function spliced(luck: Chance, whole: Buffer): Buffer {
  const spoilt = Buffer.from(whole);
  for (let times = 1 + luck.below(4); times > 0; times--) spoilt[luck.below(spoilt.length)] = luck.below(256);
  return spoilt;
}

function posted(headers: Readonly<Record<string, string>>, body: string): Buffer {
  const lines = Object.entries({ host: "controller", ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`POST /v2.0/networks HTTP/1.1\r\n${lines.join("")}\r\n${body}`, "latin1");
}

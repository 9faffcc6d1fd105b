import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeClock } from "#contracts/clock.fake.ts";
import { fakeFlows } from "#contracts/flows.fake.ts";
import { fakeLog } from "#contracts/log.fake.ts";
import type { Fill } from "#contracts/tracker.ts";
import { ip } from "#core/intent/tests/sample-view.ts";
import { watchPool } from "./pool-watch.ts";

const [POOL, OTHER, OUT, VM] = [ip("198.51.100.8"), ip("198.51.100.9"), ip("203.0.113.10"), ip("10.65.0.10")];

function watching(fill: () => Fill | undefined, pool = [POOL, OTHER]) {
  const [flows, clock, log] = [fakeFlows(), fakeClock(), fakeLog()];
  const track = (protocol: number, dport: number, sport = 80) =>
    flows.track({
      family: 4,
      protocol,
      orig: { src: VM, dst: OUT, sport: dport, dport: sport },
      reply: { src: OUT, dst: POOL, sport, dport },
    });
  const watch = watchPool({ flows, fill, pool: () => pool, clock, log });
  const look = async (ms: number) => {
    clock.pass(ms);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { track, watch, look, log, clock };
}

test("a port is in use once, by protocol and address, whomever it talks to", async () => {
  const { track, watch, look } = watching(() => ({ tracked: 3, limit: 100 }));
  track(6, 1024);
  track(6, 1024, 443);
  track(6, 1025);
  track(17, 1024);
  await look(0);
  assert.deepEqual(watch.use(), {
    tracked: 3,
    limit: 100,
    ports: [
      { ip: POOL, protocol: "tcp", ports: 2 },
      { ip: POOL, protocol: "udp", ports: 1 },
      { ip: OTHER, protocol: "tcp", ports: 0 },
      { ip: OTHER, protocol: "udp", ports: 0 },
    ],
  });
});

test("four fifths full is said once, and once more when there is room again", async () => {
  let tracked = 79;
  const { look, log } = watching(() => ({ tracked, limit: 100 }));
  const events = () => log.lines.map(({ event }) => event);
  await look(0);
  assert.deepEqual(events(), []);
  tracked = 80;
  await look(30_000);
  await look(30_000);
  assert.deepEqual(events(), ["port-NAT is nearly full"]);
  assert.deepEqual(log.lines[0]?.fields, { what: "tracked flows", used: 80, of: 100 });
  tracked = 10;
  await look(30_000);
  assert.deepEqual(events(), ["port-NAT is nearly full", "port-NAT has room again"]);
});

test("where there is no pool, or nothing is tracked, nothing is said; it ends when told to", async () => {
  const nothing = watching(() => undefined);
  await nothing.look(0);
  assert.equal(nothing.watch.use(), undefined);
  let looks = 0;
  const none = watching(() => ((looks += 1), { tracked: 100, limit: 100 }), []);
  await none.look(0);
  assert.equal(none.watch.use(), undefined);
  none.watch.stop();
  await none.look(120_000);
  assert.equal(looks, 1);
});

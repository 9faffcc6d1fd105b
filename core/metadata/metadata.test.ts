/** Who asks, what is said of it to Nova, and how often it may ask. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Endpoint } from "../feed/item.ts";
import type { Ip } from "../net/address.ts";
import { filled, take } from "./bucket.ts";
import type { Bucket } from "./bucket.ts";
import { callerAt, callersOf } from "./caller.ts";
import { headersToNova, headersToVm, pairsOf } from "./headers.ts";
import type { Header } from "./headers.ts";

const ip = (text: string) => text as Ip;
const port = (n: number, addresses: readonly string[], more: Partial<Endpoint> = {}) =>
  ({
    port_id: `p${n}`,
    tap: `tap${n}`,
    addresses: addresses.map((each) => ({ ip: ip(each), subnet_id: "s" })),
    pairs: [],
    admin_state_up: true,
    instance: { id: `vm-${n}`, project: "project" },
    ...more,
  }) as unknown as Endpoint;

const HERE = callersOf([
  port(1, ["10.65.0.5", "10.65.0.6", "2001:db8::5"]),
  port(2, ["10.65.0.7"], { admin_state_up: false }),
  port(3, [], { instance: null, pairs: [{ prefix: "10.65.0.9/32", mac: "fa:16:3e:00:00:03" }] as never }),
]);
const seen = (peer: string) => {
  const caller = callerAt(HERE, peer);
  return caller && [caller.port_id, caller.instance?.id, caller.address];
};

test("a caller is the port whose own address it is, or whose tap", () => {
  assert.deepEqual(seen("10.65.0.5"), ["p1", "vm-1", "10.65.0.5"]);
  assert.deepEqual(seen("10.65.0.6"), ["p1", "vm-1", "10.65.0.6"]);
  assert.deepEqual(seen("fe80::1%tap1"), ["p1", "vm-1", "10.65.0.5"]);
  assert.deepEqual(seen("fe80::1%tap3"), ["p3", undefined, "fe80::1"]);
});

test("nobody is known by an address that is not its own, by a tap that is closed, or by no tap at all", () => {
  for (const peer of [
    "10.65.0.7",
    "10.65.0.9",
    "127.0.0.1",
    "fe80::1%tap2",
    "fe80::1%tap9",
    "fe80::1",
    "2001:db8::5",
    "::ffff:10.65.0.5",
    "",
    "x%tap1",
  ])
    assert.equal(seen(peer), undefined, peer);
});

const INSTANCE = { id: "vm-1", project: "project" };
const BY = { address: ip("10.65.0.5"), signature: "5i9" };
const TRUE: readonly Header[] = [
  ["X-Instance-ID", "vm-1"],
  ["X-Tenant-ID", "project"],
  ["X-Forwarded-For", "10.65.0.5"],
  ["X-Instance-ID-Signature", "5i9"],
];

test("whatever a VM says of itself, in whatever spelling, Nova is told the truth once, and the rest as it was", () => {
  const lies = [
    "X-Instance-ID",
    "X-Tenant-ID",
    "X-Instance-ID-Signature",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Metadata-Provider",
    "Forwarded",
  ];
  const spelled = fc
    .constantFrom(...lies)
    .chain((name) =>
      fc
        .tuple(
          ...[...name].map((letter) =>
            letter === "-" ? fc.constantFrom("-", "_") : fc.constantFrom(letter.toLowerCase(), letter.toUpperCase()),
          ),
        )
        .map((letters) => letters.join("")),
    );
  const honest: readonly Header[] = [
    ["User-Agent", "cloud-init"],
    ["Accept", "*/*"],
    ["accept", "text/plain"],
  ];
  fc.assert(
    fc.property(fc.array(fc.tuple(spelled, fc.string())), (said) => {
      assert.deepEqual(headersToNova([...said, ...honest], INSTANCE, BY), [...honest, ...TRUE]);
    }),
  );
});

test("what is of one connection alone stays there, whoever says so", () => {
  const said: readonly Header[] = [
    ["Host", "169.254.169.254"],
    ["Connection", "keep-alive, X-Mine"],
    ["x-mine", "1"],
    ["X_Mine", "1"],
    ["Keep-Alive", "5"],
    ["Transfer-Encoding", "chunked"],
    ["Content-Length", "5"],
    ["Upgrade", "h2c"],
    ["X-Yours", "1"],
  ];
  assert.deepEqual(headersToNova(said, INSTANCE, BY), [["X-Yours", "1"], ...TRUE]);
  assert.deepEqual(
    headersToVm([
      ["Connection", "close"],
      ["Content-Length", "5"],
      ["Content-Type", "text/plain"],
    ]),
    [
      ["Content-Length", "5"],
      ["Content-Type", "text/plain"],
    ],
  );
  // A VM cannot have a header of ours dropped by naming it.
  assert.deepEqual(headersToNova([["Connection", "x-instance-id, x-tenant-id"]], INSTANCE, BY), TRUE);
  assert.deepEqual(pairsOf(["A", "1", "b", "2"]), [
    ["A", "1"],
    ["b", "2"],
  ]);
});

test("in whatever time, no more is taken than the burst and what the rate brings; who waits as told is served", () => {
  const rate = { perSecond: 5, burst: 20 };
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 200 }), (pauses) => {
      let [bucket, now, taken] = [undefined as Bucket | undefined, 0, 0];
      for (const pause of pauses) {
        now += pause;
        const one = take(bucket, rate, now);
        bucket = one.bucket;
        if (one.wait === 0) taken++;
        else assert.equal(take(bucket, rate, now + one.wait * 1000).wait, 0);
        assert.ok(taken <= rate.burst + (now * rate.perSecond) / 1000);
      }
    }),
  );
});

test("a clock that is set back takes nothing away and gives nothing", () => {
  const rate = { perSecond: 1, burst: 2 };
  const { bucket } = take(undefined, rate, 10_000);
  assert.equal(filled(bucket, rate, 5000).tokens, 1);
  assert.equal(filled(take(bucket, rate, 5000).bucket, rate, 6000).tokens, 1);
});

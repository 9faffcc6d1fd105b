/** Floating IPs with packets: inbound, outbound, around the corner, port by port, and their end. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { Endpoint, Floating, Forward } from "../../feed/item.ts";
import { addressed, changed, eventually, host, listens, outside, ping, tcp, troubles } from "./bench.test.ts";
import type { Host, Place } from "./bench.test.ts";
import { cidr, group, ip, port, rule, uuid, viewOf } from "./sample-view.ts";

const [OWN, OTHER, FLOATING, SHARED, CLIENT] = ["10.65.0.11", "10.65.0.12", "172.18.208.50", "172.18.208.51", "203.0.113.10"];
const WHOLE: Floating = { id: uuid("f1"), ip: ip(FLOATING), stands_for: ip(OWN), forwards: [] };
const A = port(1, [OWN]);
const B = port(2, [OTHER]);

/** Tells whoever connects by TCP which address it is seen with. */
async function mirror(there: Place, at: number): Promise<void> {
  there.start(["socat", `TCP4-LISTEN:${at},fork,reuseaddr`, "SYSTEM:echo $SOCAT_PEERADDR"]);
  await eventually(`port ${at} is open`, () => there.can(`ss -Hltn 'sport = ${at}' | grep -q .`));
}

/** How `from` is seen there. */
async function seenAs(from: Place, target: string, options = ""): Promise<string> {
  return (await from.sh(`socat -t 2 - TCP4:${target},connect-timeout=2${options} </dev/null`)).trim();
}

const AS_CLIENT = `,bind=${CLIENT}`;

interface Scene {
  readonly h: Host;
  readonly wan: Place;
  readonly a: Place;
  readonly b: Place;
}

/** Two guests on one host, and each of them and the outside with a mirror on port 7. */
async function scene(t: TestContext, endpoint: Endpoint): Promise<Scene> {
  const h = await host(t);
  const wan = await outside(t, h);
  const [a, b] = [await h.guest(A), await h.guest(B)];
  assert.deepEqual(troubles(await h.hold(viewOf([endpoint, B]))), []);
  await addressed(a, A);
  await addressed(b, B);
  for (const there of [wan, a, b]) await mirror(there, 7);
  return { h, wan, a, b };
}

test("a floating IP leads to its port, and its port leaves with it", async (t) => {
  const { h, wan, a, b } = await scene(t, { ...A, floating: [WHOLE] });
  assert.deepEqual(changed(await h.hold(viewOf([{ ...A, floating: [WHOLE] }, B]))), [], "a second round finds nothing to do");
  assert.ok(await h.can(`ip route show ${FLOATING} proto 88 | grep -q 'dev ${A.tap} .*metric 1024'`), "BIRD has something to announce");

  await t.test("from outside; who asks is seen as it is", async () => {
    assert.ok(await wan.can(ping(FLOATING)));
    assert.equal(await seenAs(wan, `${FLOATING}:7`, AS_CLIENT), CLIENT);
  });
  await t.test("to the outside with the floating IP, others with their own", async () => {
    assert.equal(await seenAs(a, `${CLIENT}:7`), FLOATING);
    assert.equal(await seenAs(b, `${CLIENT}:7`), OTHER);
  });
  await t.test("inside, ports are seen by their own addresses, whichever they ask for", async () => {
    assert.equal(await seenAs(a, `${OTHER}:7`), OWN);
    assert.equal(await seenAs(b, `${OWN}:7`), OTHER);
    assert.equal(await seenAs(b, `${FLOATING}:7`), OTHER);
  });
  await t.test("the port reaches itself by it, and so does the host", async () => {
    assert.equal(await seenAs(a, `${FLOATING}:7`), FLOATING);
    assert.ok(await a.can(ping(FLOATING)));
    assert.ok(await h.can(ping(FLOATING)));
  });
});

test("groups judge by the port's own address and by who really asks", async (t) => {
  const h = await host(t);
  const wan = await outside(t, h);
  const strict = group("strict", [
    rule("ingress", 4, { protocol: 6, port_range_min: 22, port_range_max: 22, remote: { prefix: cidr(`${CLIENT}/32`) } }),
  ]);
  const a = { ...A, groups: [strict.id], floating: [WHOLE] };
  const guest = await h.guest(a);
  assert.deepEqual(troubles(await h.hold(viewOf([a], { with: [strict] }))), []);
  await addressed(guest, a);
  for (const at of [22, 80]) await mirror(guest, at);
  assert.equal(await seenAs(wan, `${FLOATING}:22`, AS_CLIENT), CLIENT);
  assert.equal(await wan.can(`socat -t 1 - TCP4:${FLOATING}:22,connect-timeout=1 </dev/null`), false, "another address of the outside");
  assert.equal(await wan.can(`socat -t 1 - TCP4:${FLOATING}:80,connect-timeout=1${AS_CLIENT} </dev/null`), false, "another port");
});

test("a floating IP that goes takes its flows along, and leaves those of others", async (t) => {
  const { h, wan, a, b } = await scene(t, { ...A, floating: [WHOLE] });
  assert.ok(await wan.can(ping(FLOATING)));
  await seenAs(a, `${CLIENT}:7`);
  await seenAs(b, `${CLIENT}:7`);
  const flows = (address: string) => h.sh(`conntrack -L -f ipv4 2>/dev/null | grep -c '=${address} ' || true`).then(Number);
  assert.ok((await flows(FLOATING)) >= 2, "inbound and outbound");
  assert.deepEqual(troubles(await h.hold(viewOf([A, B]))), []);
  assert.equal(await flows(FLOATING), 0);
  assert.ok((await flows(OTHER)) > 0);
  assert.equal(await wan.can(ping(FLOATING)), false);
  assert.equal(await seenAs(a, `${CLIENT}:7`), OWN);
  assert.ok(await wan.can(ping(OWN)));

  await t.test("it may lead elsewhere at once", async () => {
    const moved = { ...WHOLE, stands_for: ip(OTHER) };
    assert.deepEqual(troubles(await h.hold(viewOf([A, { ...B, floating: [moved] }]))), []);
    assert.equal(await seenAs(b, `${CLIENT}:7`), FLOATING);
    assert.equal(await seenAs(wan, `${FLOATING}:7`, AS_CLIENT), CLIENT);
  });
});

const forward = (external: string, to: string, internal: string, protocol: Forward["protocol"] = "tcp"): Forward => {
  const range = (text: string) => {
    const [first = 0, last = first] = text.split("-").map(Number);
    return { first, last };
  };
  return { protocol, external: range(external), to: ip(to), internal: range(internal) };
};

test("ports of a floating IP lead to ports of several", async (t) => {
  const elsewhere = "10.65.9.9";
  const forwards = [
    forward("2222", OWN, "7"),
    forward("3000-3010", OTHER, "7"),
    forward("4000-4002", OWN, "8000-8002"),
    forward("7-8", OTHER, "7-8"),
    forward("9999", elsewhere, "7"),
    forward("5353", OWN, "53", "udp"),
  ];
  const shared: Floating = { id: uuid("f2"), ip: ip(SHARED), stands_for: null, forwards };
  const { h, wan, a } = await scene(t, { ...A, floating: [shared] });
  assert.deepEqual(changed(await h.hold(viewOf([{ ...A, floating: [shared] }, B]))), []);
  // A port that another host serves: beyond the fabric, as BGP would have it.
  await h.sh(`ip route add ${elsewhere}/32 via 192.168.100.1`);
  await wan.sh(`ip addr add ${elsewhere}/32 dev lo`);

  await t.test("one to one, many to one, many to many", async () => {
    await listens(a, 8001);
    for (const at of [2222, 3000, 3010, 7]) assert.equal(await seenAs(wan, `${SHARED}:${at}`, AS_CLIENT), CLIENT, String(at));
    assert.ok(await wan.can(tcp(SHARED, 4001)));
    assert.ok(!(await wan.can(tcp(SHARED, 4000))), "nobody listens there");
  });
  await t.test("UDP too", async () => {
    a.start(["socat", "UDP4-RECVFROM:53,fork", "EXEC:/bin/cat"]);
    await eventually("an answer", () => wan.can(`test "$(echo hi | socat -t 1 - UDP4:${SHARED}:5353)" = hi`));
  });
  await t.test("one that is served elsewhere is led there, and its answers come back", async () => {
    assert.equal(await seenAs(wan, `${SHARED}:9999`, AS_CLIENT), SHARED);
  });
  await t.test("around the corner", async () => {
    assert.equal(await seenAs(a, `${SHARED}:2222`), SHARED);
    assert.equal(await seenAs(a, `${SHARED}:3000`), OWN);
  });
  await t.test("other ports lead nowhere, and its ports leave with their own address", async () => {
    for (const at of [22, 3011, 4003]) assert.equal(await wan.can(tcp(SHARED, at)), false, String(at));
    assert.equal(await wan.can(ping(SHARED)), false);
    assert.equal(await seenAs(a, `${CLIENT}:7`), OWN);
  });
  await t.test("a forwarding that goes is the end of its flows", async () => {
    const fewer = { ...shared, forwards: forwards.slice(1) };
    assert.deepEqual(troubles(await h.hold(viewOf([{ ...A, floating: [fewer] }, B]))), []);
    assert.equal(await wan.can(tcp(SHARED, 2222)), false);
    assert.equal(await seenAs(wan, `${SHARED}:3000`, AS_CLIENT), CLIENT);
  });
});

test("in IPv6 as in IPv4: inbound, outbound, around the corner, and port by port", async (t) => {
  const [own, floating, shared, client] = ["2001:db8:a41:3::11", "2001:db8:a41:2::50", "2001:db8:a41:2::51", "2001:db8:feed::10"];
  const whole: Floating = { id: uuid("f6"), ip: ip(floating), stands_for: ip(own), forwards: [] };
  const internal = { first: 7, last: 7 };
  const parts: Floating = {
    id: uuid("p6"),
    ip: ip(shared),
    stands_for: null,
    forwards: [{ protocol: "tcp", external: { first: 8080, last: 8080 }, to: ip(own), internal }],
  };
  const endpoint = port(1, [own], { floating: [whole, parts] });
  const h = await host(t);
  const wan = await outside(t, h);
  const a = await h.guest(endpoint);
  assert.deepEqual(troubles(await h.hold(viewOf([endpoint]))), []);
  assert.deepEqual(changed(await h.hold(viewOf([endpoint]))), [], "a second round finds nothing to do");
  await addressed(a, endpoint);
  for (const there of [wan, a]) {
    there.start(["socat", "TCP6-LISTEN:7,fork,reuseaddr", "SYSTEM:echo $SOCAT_PEERADDR"]);
    await eventually("port 7 is open", () => there.can("ss -Hltn 'sport = 7' | grep -q ."));
  }
  const seen = async (from: Place, target: string, at: number, options = "") => {
    const words = await from.sh(`socat -t 2 - 'TCP6:[${target}]:${at},connect-timeout=2${options}' </dev/null`);
    return words
      .trim()
      .replaceAll(/[[\]]/g, "")
      .replaceAll(/\b0+(?=[0-9a-f])/g, "")
      .replace(/(:0)+:/, "::");
  };
  const asClient = `,bind=[${client}]`;
  assert.ok(await wan.can(ping(floating)));
  assert.equal(await seen(wan, floating, 7, asClient), client);
  assert.equal(await seen(wan, shared, 8080, asClient), client);
  assert.equal(await wan.can(tcp(shared, 7)), false, "a port that nobody forwards");
  assert.equal(await seen(a, client, 7), floating);
  assert.equal(await seen(a, floating, 7), floating, "around the corner");
});

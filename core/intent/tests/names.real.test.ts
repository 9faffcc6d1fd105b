/** The name server on the gateways' addresses: asked by guests, by guests of another network, and from the fabric. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { addressed, changed, eventually, host, outside, troubles } from "./bench.test.ts";
import { GUIDE, INTERNAL, ip, port, subnet, SUBNETS, uuid, viewOf } from "./sample-view.ts";

const A = port(1, ["10.65.0.11", "2001:db8:a41:3::11"]);
const B = port(2, ["10.65.0.12", "2001:db8:a41:3::12"]);

const asks = (name: string, server: string, more = "") => `dig +tries=1 +time=1 +noall +answer +comments ${more} ${name} @${server}`;

test("guests are answered on their gateways for the ports of their network and for what resolvers know; nobody else is", async (t) => {
  const h = await host(t);
  const wan = await outside(t, h);
  await wan.sh("ip addr add 203.0.113.53/32 dev lo");
  wan.start([
    "dnsmasq",
    "-k",
    "-C",
    "/dev/null",
    "--no-resolv",
    "--no-hosts",
    "--pid-file",
    "--user=root",
    "--listen-address=203.0.113.53",
    "--bind-interfaces",
    "--address=/www.example.org/198.51.100.7",
  ]);
  const own = uuid("own");
  const more = [subnet("own4", own, "172.30.0.0/24", { dns_nameservers: [] })];
  const all = [...SUBNETS.map((each) => (each.network_id === INTERNAL ? { ...each, dns_nameservers: [] } : each)), ...more];
  const subnets = new Map(all.map((each) => [each.id, each]));
  const c = { ...port(3, []), network_id: own, addresses: [{ ip: ip("172.30.0.7"), subnet_id: uuid("own4") }] };
  const view = viewOf([A, B, c], { subnets });
  const [a, other] = [await h.guest(A), await h.guest(c)];
  await h.guest(B);
  assert.deepEqual(troubles(await h.hold(view)), []);
  await addressed(a, A);
  await other.sh("ip addr add 172.30.0.7/24 dev eth0; ip route add default via 172.30.0.1");

  assert.ok(await a.can(`busybox udhcpc -i eth0 -q -n -f -t 3 -T 1 -s /bin/true 2>&1 | grep -q 'lease of 10.65.0.11'`));
  for (const server of ["10.65.0.1", "2001:db8:a41:3::1"])
    for (const how of ["", "+tcp"]) {
      assert.match(await a.sh(asks("vm-2.cloud.example", server, how)), /IN\s+A\s+10\.65\.0\.12/, `${server} ${how}`);
      assert.match(await a.sh(asks("vm-2.cloud.example AAAA", server, how)), /AAAA\s+2001:db8:a41:3::12/);
    }
  assert.match(await a.sh(asks("-x 10.65.0.12", "10.65.0.1")), /PTR\s+vm-2\.cloud\.example\./);
  assert.match(await a.sh(asks("vm-9.cloud.example", "10.65.0.1")), /NXDOMAIN/);
  assert.match(await a.sh(asks("www.example.org", "10.65.0.1")), /REFUSED/, "nobody to ask");
  assert.match(await other.sh(asks("vm-2.cloud.example", "172.30.0.1")), /NXDOMAIN/, "a name of another network");
  assert.equal(await other.can(`${asks("vm-2.cloud.example", "10.65.0.1")} | grep -q status`), false, "the server of another network");
  assert.equal(await other.can(`${asks("vm-2.cloud.example", "10.65.0.1", "+tcp")} | grep -q status`), false);

  const resolving = { ...view, datacenter: { ...GUIDE, resolvers: [ip("203.0.113.53")] } };
  assert.deepEqual(changed(await h.hold(resolving)).filter((each) => each.startsWith("replace daemon/names")).length, 2);
  await eventually("what resolvers know", () => a.can(`${asks("www.example.org", "10.65.0.1")} | grep -q 198.51.100.7`));
  await wan.sh("ip route add 10.65.0.1/32 via 192.168.100.11; ip -6 route add 2001:db8:a41:3::1/128 via 2001:db8:a41:f::11");
  for (const server of ["10.65.0.1", "2001:db8:a41:3::1"])
    for (const how of ["", "+tcp"])
      assert.equal(await wan.can(`${asks("www.example.org", server, how)} | grep -q status`), false, `from the fabric, ${server} ${how}`);
  assert.deepEqual(changed(await h.hold(resolving)), [], "a second round finds nothing to do");
});

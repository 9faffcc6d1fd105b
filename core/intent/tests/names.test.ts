import assert from "node:assert/strict";
import { test } from "node:test";
import type { SubnetFact, View } from "../../feed/item.ts";
import { mustRestart } from "../../kinds/daemon.ts";
import { compileCompute } from "../compute.ts";
import { GUIDE, INTERNAL, ip, port, subnet, SUBNETS, uuid, viewOf } from "./sample-view.ts";

const A = port(1, ["10.65.0.5", "2001:db8:a41:3::5"]);
const B = port(2, ["10.65.0.6"]);
const NAME = `names-${INTERNAL.slice(0, 8)}`;

/** The subnets of `internal` name no name servers. */
const unnamed = (more: Partial<SubnetFact> = {}, data: Partial<View> = {}) => ({
  subnets: new Map(SUBNETS.map((each) => [each.id, each.network_id === INTERNAL ? { ...each, dns_nameservers: [], ...more } : each])),
  ...data,
});

function held(view: View) {
  const { daemons, files, nft } = compileCompute(view, "h1");
  const daemon = (name = NAME) => daemons.find(({ value }) => value.name === name)?.value ?? assert.fail(`no daemon ${name}`);
  return {
    daemons: daemons.flatMap(({ value }) => (value.name.startsWith("names-") ? [value.name] : [])),
    daemon,
    file: (what: string, name = NAME) => files.find(({ value }) => value.path === `dnsmasq/${name}.${what}`)?.value.content ?? "",
    options: files.find(({ value }) => value.path === "dnsmasq/options")?.value.content.split("\n") ?? [],
    callers: nft.flatMap(({ value }) => (value.object === "element" && value.of.startsWith("name-callers") ? [value.element] : [])),
    because: daemons.find(({ value }) => value.name === NAME)?.because,
  };
}

test("where a subnet names no name servers its gateway is one, which knows the network's ports here", () => {
  assert.deepEqual(held(viewOf([A, B])).daemons, [], "these name others");
  const { daemons, file, options, callers, because } = held(viewOf([A, B], unnamed()));
  assert.deepEqual(daemons, [NAME]);
  assert.deepEqual(file("hosts").split("\n"), [
    "10.65.0.5 vm-1.cloud.example vm-1",
    "2001:db8:a41:3::5 vm-1.cloud.example vm-1",
    "10.65.0.6 vm-2.cloud.example vm-2",
    "",
  ]);
  assert.match(file("conf"), /^listen-address=10\.65\.0\.1\nlisten-address=2001:db8:a41:3::1\nlocal=\/cloud\.example\/$/m);
  const [four, six] = [uuid("int4"), uuid("int6")];
  assert.ok(options.includes(`tag:subnet-${four},option:dns-server,10.65.0.1`));
  assert.ok(options.includes(`tag:dhcpv6,tag:subnet-${six},option6:dns-server,[2001:db8:a41:3::1]`));
  assert.deepEqual(
    callers,
    [A, B].flatMap(({ tap }) => [`"${tap}" . 10.65.0.1`, `"${tap}" . 2001:db8:a41:3::1`]),
  );
  assert.deepEqual(because, ["datacenter/this"], "no port fails with it");
});

test("a subnet that names 0.0.0.0 or :: wants guests to be told of none", () => {
  const { daemons, options } = held(viewOf([A], unnamed({ dns_nameservers: [ip("0.0.0.0"), ip("::")] })));
  assert.deepEqual(daemons, []);
  // Other networks name theirs.
  const here = [uuid("int4"), uuid("int6")].flatMap((id) => options.filter((line) => line.includes(`tag:subnet-${id},`)));
  assert.ok(here.length > 0 && !here.some((line) => line.includes("dns-server")));
});

test("a port that comes, and other resolvers, are read again; nobody is asked where none are declared", () => {
  const [one, two] = [held(viewOf([A], unnamed())), held(viewOf([A, B], unnamed()))];
  assert.equal(mustRestart(two.daemon(), one.daemon()), false);
  assert.notEqual(two.daemon().loaded, one.daemon().loaded);
  assert.equal(one.file("servers"), "");
  const asking = held(viewOf([A], unnamed({}, { datacenter: { ...GUIDE, resolvers: [ip("203.0.113.53")] } })));
  assert.equal(asking.file("servers"), "server=203.0.113.53\n");
  assert.equal(mustRestart(asking.daemon(), one.daemon()), false);
});

test("a network's names are its own: another network has another program, and its taps do not get there", () => {
  const other = uuid("oth");
  const more = [subnet("oth4", other, "172.30.0.0/24", { dns_nameservers: [] })];
  const subnets = new Map([...unnamed().subnets, ...more.map((each) => [each.id, each] as const)]);
  const c = { ...port(3, []), network_id: other, addresses: [{ ip: ip("172.30.0.7"), subnet_id: uuid("oth4") }] };
  const { daemons, file, callers } = held(viewOf([B, c], { subnets }));
  assert.deepEqual(daemons.toSorted(), [NAME, `names-${other.slice(0, 8)}`].toSorted());
  assert.equal(file("hosts", `names-${other.slice(0, 8)}`), "172.30.0.7 vm-3.cloud.example vm-3\n");
  assert.ok(!callers.includes(`"${c.tap}" . 10.65.0.1`) && callers.includes(`"${c.tap}" . 172.30.0.1`));
});

test("a host name that could be read as more has no name", () => {
  for (const hostname of ["", "a b", "x\n10.0.0.1 y", "-x", "#"])
    assert.equal(held(viewOf([{ ...B, hostname }], unnamed())).file("hosts"), "");
});

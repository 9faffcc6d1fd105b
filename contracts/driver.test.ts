import type { Ip } from "#core/net/address.ts";
import { chosenMac } from "#core/net/mac.ts";
import type { Cidr } from "#core/net/prefix.ts";
import { address, METADATA6 } from "#core/kinds/address.ts";
import { daemon } from "#core/kinds/daemon.ts";
import { file } from "#core/kinds/file.ts";
import { link } from "#core/kinds/link.ts";
import { neighbour } from "#core/kinds/neighbour.ts";
import { nft } from "#core/kinds/nft.ts";
import { offload } from "#core/kinds/offload.ts";
import { route } from "#core/kinds/route.ts";
import type { Route } from "#core/kinds/route.ts";
import { sysctl } from "#core/kinds/sysctl.ts";
import { driverContract } from "./driver.contract.ts";
import { fakeHost } from "./driver.fake.ts";

const withTap = () => {
  const host = fakeHost();
  host.plug("tap1");
  return host;
};
const [ip, ip2] = ["10.65.0.5" as Ip, "10.65.0.6" as Ip];

driverContract("fakeHost().drivers.links", () => {
  const { drivers, lose } = fakeHost();
  const own = { name: "margay0", own: { addresses: [] } };
  const changed = { name: "margay0", own: { addresses: [{ ip, length: 16 }] } };
  const disturb = () => lose("link/margay0");
  return { kind: link, fresh: () => drivers.links, one: own, other: { ...own, name: "margay1" }, changed, disturb };
});

driverContract("fakeHost().drivers.sysctls", () => {
  const { drivers } = withTap();
  const one = { path: "net/ipv4/conf/tap1/proxy_arp", value: "1" };
  return {
    kind: sysctl,
    fresh: () => drivers.sysctls,
    one,
    other: { ...one, path: "net/ipv4/ip_forward" },
    changed: { ...one, value: "0" },
  };
});

driverContract("fakeHost().drivers.nft", () => {
  const { drivers } = fakeHost();
  const one = { object: "chain", family: "inet", name: "in-1", rules: ["accept"], uses: [] } as const;
  return { kind: nft, fresh: () => drivers.nft, one, other: { ...one, name: "in-2" }, changed: { ...one, rules: ["drop"] } };
});

driverContract("fakeHost().drivers.neighbours", () => {
  const { drivers } = withTap();
  const one = { dev: "tap1", ip, lladdr: chosenMac(1) };
  return { kind: neighbour, fresh: () => drivers.neighbours, one, other: { ...one, ip: ip2 }, changed: { ...one, lladdr: chosenMac(2) } };
});

driverContract("fakeHost().drivers.addresses", () => {
  const host = withTap();
  host.plug("tap2");
  const one = { dev: "tap1", ip: METADATA6 };
  return { kind: address, fresh: () => host.drivers.addresses, one, other: { ...one, dev: "tap2" } };
});

driverContract("fakeHost().drivers.files", () => {
  const { drivers } = fakeHost();
  const one = { path: "dnsmasq/hosts/a", content: "a" };
  return { kind: file, fresh: () => drivers.files, one, other: { ...one, path: "dnsmasq/hosts/b" }, changed: { ...one, content: "b" } };
});

driverContract("fakeHost().drivers.daemons", () => {
  const { drivers } = fakeHost();
  const one = { name: "bird", argv: ["bird"], startedWith: "", loaded: "1", reload: { signal: "SIGHUP" }, after: [] } as const;
  return { kind: daemon, fresh: () => drivers.daemons, one, other: { ...one, name: "dnsmasq" }, changed: { ...one, loaded: "2" } };
});

driverContract("fakeHost().drivers.offloads", () => {
  const host = withTap();
  host.plug("tap2");
  host.failApply("offload/tap3", "Cannot find device", Infinity);
  const one = { dev: "tap1", after: [] };
  return {
    kind: offload,
    fresh: () => host.drivers.offloads,
    one,
    other: { ...one, dev: "tap2" },
    disturb: () => host.lose("offload/tap1"),
    impossible: { value: { ...one, dev: "tap3" }, reason: /Cannot find device/ },
  };
});

driverContract<Route>("fakeHost().drivers.routes", () => {
  const host = withTap();
  host.failApply("route/10.65.0.6/32 metric 1", "Cannot find device", Infinity);
  const one: Route = { prefix: "10.65.0.5/32" as Cidr, to: { dev: "tap1" }, metric: 1, after: [] };
  return {
    kind: route,
    fresh: () => host.drivers.routes,
    one,
    other: { ...one, prefix: "10.65.0.0/16" as Cidr, to: "unreachable" },
    changed: { ...one, to: "unreachable" },
    disturb: () => host.lose("route/10.65.0.5/32 metric 1"),
    impossible: { value: { ...one, prefix: "10.65.0.6/32" as Cidr }, reason: /Cannot find device/ },
  };
});

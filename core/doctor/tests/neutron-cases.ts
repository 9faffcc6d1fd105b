/** What breaks each check of the cloud, and how it says so. */
import { on, inCloud, addRoute, withoutRoute } from "./breaks.ts";
import type { Case } from "./breaks.ts";

export const NEUTRON_CASES: readonly Case[] = [
  {
    id: "N1",
    when: "a network is no longer shared",
    broken: inCloud(({ networks }) => ({ networks: networks.map(({ name, is }) => ({ name, is: is && { ...is, shared: false } })) })),
    says: /external: shared is false, declared true/,
  },
  {
    id: "N1",
    when: "a subnet does no DHCP",
    broken: inCloud(({ networks }) => ({
      networks: networks.map(({ name, is }) => ({
        name,
        is: is && { ...is, subnets: is.subnets.map((one) => ({ ...one, enable_dhcp: false })) },
      })),
    })),
    says: /enable_dhcp is false/,
  },
  {
    id: "N1",
    when: "the file is not what was applied",
    broken: inCloud(({ datacenter }) => ({ datacenter: datacenter && { ...datacenter, mtu: 9000 } })),
    says: /something else than what was applied/,
  },
  {
    id: "N2",
    when: "a project may make networks",
    broken: inCloud({ quotas: [{ project: "demo", limits: { network: 10 } }] }),
    says: /project demo: network 10/,
  },
  {
    id: "N3",
    when: "a group lets everybody in",
    broken: inCloud({ open_groups: [{ id: "g1", name: "web", project: "demo", rules: 2, ports: 5 }] }),
    says: /web \(2 rules, 5 ports\)/,
    verdict: "warning",
  },
  {
    id: "N4",
    when: "a port has no port security",
    broken: inCloud({ unguarded: [{ port: "p7", host: "h1", why: "port security is off" }] }),
    says: /p7 on h1 \(port security is off\)/,
    verdict: "warning",
  },
  {
    id: "N5",
    when: "Nova does not wait",
    broken: on("h1", "nova", () => ({ "compute.live_migration_wait_for_vif_plug": "False" })),
    says: /before its new host is ready/,
    verdict: "warning",
  },
  {
    id: "N6",
    when: "a route is left of a port that is gone",
    broken: addRoute("h1", { prefix: "62.2.2.77/32", dev: "tap9", protocol: "88", metric: 1024 }),
    says: /a route to 62\.2\.2\.77\/32 by tap9, and no port/,
  },
  {
    id: "N6",
    when: "an ACTIVE port has no route",
    broken: withoutRoute("h2", "10.65.0.10/32"),
    says: /10\.65\.0\.10 of port p2 is ACTIVE, and has no route here/,
  },
  {
    id: "N6",
    when: "ports are on a dead host",
    broken: inCloud(({ agents }) => ({ agents: agents.map((one) => (one.host === "h1" ? { ...one, alive: false } : one)) })),
    says: /1 port on h1, whose agent is not alive/,
    also: ["N7"],
  },
  {
    id: "N7",
    when: "an agent is not connected",
    broken: on("h1", "agent", (agent) => ({ ...agent, controller: "not connected since 12:00" })),
    says: /not connected since 12:00/,
  },
];

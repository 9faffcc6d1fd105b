/** What breaks each check of the gateways, and how it says so. */
import { on, file, sysctls, address, changeLink, hears, tells, RULE, addChain, changeChain } from "./breaks.ts";
import type { Case } from "./breaks.ts";
import { WELL } from "./well.ts";

export const GATEWAY_CASES: readonly Case[] = [
  {
    id: "G1",
    when: "two gateways have one pool address",
    broken: on("gw2", "links", (all) =>
      all.map((one) => (one.name === "wan0" ? { ...one, addresses: [...one.addresses, address("62.1.1.8")] } : one)),
    ),
    says: /has 62\.1\.1\.8, of the pool of gw1/,
  },
  {
    id: "G1",
    when: "a pool is announced by another",
    broken: hears("gw2", { prefix: "62.1.1.8/31", protocol: "other:rr1", next_hop: "192.168.100.2" }),
    says: /62\.1\.1\.8\/31 of the pool of gw1 leads to 192\.168\.100\.2/,
  },
  {
    id: "G2",
    when: "Docker masquerades whatever passes",
    broken: addChain("h1", { type: "nat", hook: "postrouting", rules: [{ ...RULE, translates: true }] }),
    says: /translates whatever passes/,
  },
  {
    id: "G2",
    when: "somebody translates our addresses",
    broken: addChain("gw1", { type: "nat", hook: "postrouting", rules: [{ ...RULE, translates: true, sources: ["10.65.0.0/16"] }] }),
    says: /translates 10\.65\.0\.0\/16, which meets 10\.65\.0\.0\/23/,
  },
  {
    id: "G2",
    when: "public addresses are translated",
    broken: changeChain("gw1", "pnat", (chain) => ({
      ...chain,
      rules: chain.rules.map((rule) => ({ ...rule, sources: ["62.2.2.0/24"] })),
    })),
    says: /public addresses included/,
  },
  {
    id: "G3",
    when: "the leak chain is gone",
    broken: on("gw1", "filter", (filter) => ({ ...filter, chains: filter.chains.filter(({ name }) => name !== "leak") })),
    says: /the chain leak is not there/,
  },
  {
    id: "G3",
    when: "somebody put a rule into a chain of ours",
    broken: changeChain("gw1", "forward", (chain) => ({ ...chain, rules: [...chain.rules, RULE] })),
    says: /forward has 1 rule of somebody else/,
  },
  {
    id: "G4",
    when: "tracking is nearly full",
    broken: sysctls("h1", { "net/netfilter/nf_conntrack_count": "220000" }),
    says: /220000 of 262144 flows/,
    verdict: "warning",
  },
  {
    id: "G4",
    when: "flows were not inserted",
    broken: on("gw1", "counters", (all) => ({ ...all, conntrack: { drop: 0, insert_failed: 7, early_drop: 0 } })),
    says: /7 flows not inserted/,
    verdict: "warning",
  },
  {
    id: "G5",
    when: "a pool's address is nobody's",
    broken: changeLink("gw1", "margay-pnat", { addresses: [address("62.1.1.8")] }),
    says: /62\.1\.1\.9 of its pool is on no link/,
  },
  {
    id: "G6",
    when: "a router translates nothing",
    broken: file({ gateways: [WELL.gateways[0], { ...WELL.gateways[1], platform: "srlinux" }] }),
    says: /gw2 runs .*SR Linux.*, which translates nothing/,
    verdict: "warning",
  },
  {
    id: "G6",
    when: "a gateway tracks nothing",
    broken: on("gw1", "sysctls", (all) => Object.fromEntries(Object.entries(all).filter(([key]) => !key.includes("netfilter")))),
    says: /without connection tracking/,
  },
  {
    id: "G7",
    when: "VMs of the public range are translated towards",
    broken: changeChain("gw1", "pnat", (chain) => ({
      ...chain,
      rules: chain.rules.map((rule) => ({ ...rule, spares: ["10.65.0.0/16"] })),
    })),
    says: /towards 62\.2\.2\.0\/24 is translated as well/,
  },
  {
    id: "G8",
    when: "the internal half is reached from outside",
    broken: file({ networks: {} }),
    says: /only their security groups guard them/,
    verdict: "warning",
  },
  {
    id: "G8",
    when: "the internal half is told all the same",
    broken: tells("gw1", "2a01:4f8:0:3::/64"),
    says: /2a01:4f8:0:3::\/64 is told outside/,
    also: ["R1"],
  },
];

/** What breaks each check of the address plan, and how it says so. */
import type { CloudFacts } from "../cloud-facts.ts";
import { on, inCloud, file, sysctls, link, address, addLink, changeLink, addRoute, neighbour } from "./breaks.ts";
import type { Case } from "./breaks.ts";
import { WELL } from "./well.ts";

export const PLAN_CASES: readonly Case[] = [
  {
    id: "A1",
    when: "Docker's bridge lies in a range",
    broken: addLink("h1", link("docker0", { addresses: [address("10.65.1.1")] })),
    says: /docker0 has 10\.65\.1\.1, which is in the range 10\.65\.0\.0\/23/,
  },
  {
    id: "A1",
    when: "a VPN's route meets a range",
    broken: addRoute("gw1", { prefix: "62.2.0.0/16", dev: "wg0" }),
    says: /62\.2\.0\.0\/16 by wg0/,
  },
  {
    id: "A1",
    when: "the private range is somebody's",
    broken: file({ ranges: { ...WELL.ranges, private: "62.9.0.0/23" } }),
    says: /global address space/,
    verdict: "warning",
  },
  {
    id: "A2",
    when: "a machine has a gateway's address",
    broken: changeLink("h1", "fab0", { addresses: [address("62.2.2.1")] }),
    says: /fab0 has 62\.2\.2\.1/,
    also: ["A1"],
  },
  {
    id: "A2",
    when: "somebody on the wire answers for it",
    broken: on("gw1", "neighbours", (all) => [...all, neighbour("10.65.0.1")]),
    says: /02:00:00:00:00:66 on fab0 answers for 10\.65\.0\.1/,
  },
  {
    id: "A2",
    when: "a port has it",
    broken: inCloud(({ subnets }) => ({ subnets: subnets.map((one) => ({ ...one, claims_gateway: ["p9"] })) })),
    says: /is an address of port p9/,
  },
  {
    id: "A3",
    when: "halves are wider than SLAAC takes",
    broken: file({ ranges: { ...WELL.ranges, ipv6: "2a01:4f8:0:0::/55" } }),
    says: /shorter than a \/64/,
    verdict: "warning",
  },
  { id: "A4", when: "addresses do not rest", broken: inCloud({ quarantine_seconds: 0 }), says: /quarantine_seconds is 0/ },
  {
    id: "A4",
    when: "a resting address still leads to a tap",
    broken: inCloud({ resting: ["62.2.2.10" as CloudFacts["resting"][number]] }),
    says: /62\.2\.2\.10\/32 rests, and still leads to tap1/,
  },
  {
    id: "A5",
    when: "a pool is nearly empty",
    broken: inCloud(({ subnets }) => ({ subnets: subnets.map((one, at) => (at === 0 ? { ...one, used: 200, resting: 5 } : one)) })),
    says: /200 of 250 addresses in use, 5 rest \(82 %\)/,
    verdict: "warning",
  },
  {
    id: "A5",
    when: "a pool is empty",
    broken: inCloud(({ subnets }) => ({ subnets: subnets.map((one, at) => (at === 0 ? { ...one, used: 250 } : one)) })),
    says: /\(100 %\)/,
  },
  {
    id: "A5",
    when: "a range retires that nobody has an address of",
    broken: (facts) =>
      inCloud(({ subnets }) => ({ subnets: subnets.map((one) => (one.name.endsWith("-retiring") ? { ...one, used: 0 } : one)) }))(
        file({ ranges: { ...WELL.ranges, private: "10.66.0.0/24", retiring: { private: "10.65.0.0/24" } } })(facts),
      ),
    says: /internal4-retiring retires, and nobody has an address of it/,
    verdict: "warning",
  },
  {
    id: "A6",
    when: "a private range is far larger than the pools",
    broken: file({ ranges: { ...WELL.ranges, private: "10.65.0.0/16" } }),
    says: /2 addresses for up to 65536 VMs/,
    verdict: "warning",
  },
  {
    id: "A6",
    when: "the pool's ports are all in use",
    broken: sysctls("gw1", { "net/netfilter/nf_conntrack_count": "129024" }),
    says: /129024 flows tracked, 129024 ports/,
  },
];

/** Asks a machine what the doctor judges of it. It changes nothing there, and throws nothing: what is not told is silent, with the reason. */
import { existsSync, readFileSync } from "node:fs";
import type { ProgramResult, RunProgram } from "#contracts/program.ts";
import { readRuleset } from "#core/doctor/filter-facts.ts";
import type { FilterFacts } from "#core/doctor/filter-facts.ts";
import { silent, told } from "#core/doctor/facts.ts";
import type { Known, KernelFacts, LinkFact, MachineFacts, PathFact } from "#core/doctor/facts.ts";
import {
  readCounters,
  readIni,
  readKernel,
  readKernelRoutes,
  readLinks,
  readNeighbours,
  readOffloads,
  readSysctls,
} from "#core/doctor/kernel-facts.ts";
import { wordsOf } from "../programs/programs.ts";
import { batch } from "./batch.ts";

type Asked = Pick<MachineFacts, "sysctls" | "links" | "routes" | "neighbours" | "filter" | "counters" | "offloads">;

const SETTINGS = [
  "net/ipv4/ip_forward",
  "net/ipv4/conf/*/rp_filter",
  "net/ipv4/conf/*/arp_ignore",
  "net/ipv4/conf/*/route_localnet",
  "net/ipv4/fib_multipath_hash_policy",
  "net/ipv6/conf/all/forwarding",
  "net/ipv6/conf/*/accept_ra",
  "net/ipv6/conf/*/disable_ipv6",
  "net/ipv6/fib_multipath_hash_policy",
  "net/ipv6/route/max_size",
  "net/netfilter/nf_conntrack_count",
  "net/netfilter/nf_conntrack_max",
  "net/netfilter/nf_conntrack_buckets",
];

/** The shell finds the names; what is not there is no fault. */
function grep(paths: readonly string[]): readonly string[] {
  return ["sh", "-c", `grep -sH "" ${paths.map((path) => `/proc/sys/${path}`).join(" ")}`];
}

/** Terse: members of sets are many, and nobody asks for them. */
const RULESET = ["nft", "-j", "-t", "list", "ruleset"];
const LEGACY = ["sh", "-c", "cat /proc/net/ip_tables_names /proc/net/ip6_tables_names"];

/** `run`: inside the machine's network namespace. */
export async function machineFacts(run: RunProgram): Promise<Asked> {
  const programs = [
    grep(SETTINGS),
    ["ip", "-j", "-d", "addr"],
    ["ip", "-j", "-4", "route"],
    ["ip", "-j", "-6", "route"],
    ["ip", "-j", "neigh"],
    ["cat", "/proc/net/netstat"],
    ["cat", "/proc/net/stat/nf_conntrack"],
    LEGACY,
    RULESET,
  ] as const;
  const results = await batch(run, programs);
  const at = (nth: number) => results[nth] ?? { code: 1, stdout: "", stderr: "no answer" };
  const read = <T>(nth: number, reader: (text: string) => T | undefined) => reading(programs[nth] ?? [], at(nth), reader);
  const links = read(1, readLinks);
  return {
    sysctls: at(0).stdout === "" ? silent(`/proc/sys cannot be read: ${wordsOf(at(0))}`) : told(readSysctls(at(0).stdout)),
    links,
    routes: both(
      read(2, (text) => readKernelRoutes(text, 4)),
      read(3, (text) => readKernelRoutes(text, 6)),
    ),
    neighbours: read(4, readNeighbours),
    counters: read(5, (text) => readCounters(text, at(6).stdout)),
    filter: filterOf(read(8, readRuleset), at(7).stdout),
    offloads: await offloadsOf(run, links),
  };
}

function both<T>(four: Known<readonly T[]>, six: Known<readonly T[]>): Known<readonly T[]> {
  return four.known && six.known ? told([...four.value, ...six.value]) : four.known ? six : four;
}

function filterOf(chains: Known<FilterFacts["chains"]>, legacy: string): Known<FilterFacts> {
  return chains.known ? told({ chains: chains.value, legacy: [...new Set(legacy.split("\n").filter((name) => name !== ""))] }) : chains;
}

/** What all network namespaces share: asked outside of any, `run` by the kernel's first. */
export async function kernelFacts(run: RunProgram): Promise<Known<KernelFacts>> {
  const thresholds = [4, 6].map((family) => `net/ipv${family}/neigh/default/gc_thresh*`);
  const [release, sysctls, arp, ndisc] = await batch(run, [
    ["uname", "-r"],
    grep(thresholds),
    ["cat", "/proc/net/stat/arp_cache"],
    ["cat", "/proc/net/stat/ndisc_cache"],
  ]);
  if (release?.code !== 0) return silent(`uname: ${release === undefined ? "no answer" : wordsOf(release)}`);
  if (sysctls === undefined || sysctls.stdout === "")
    return silent("the thresholds of the neighbour tables are told outside of network namespaces only");
  return told(readKernel({ release: release.stdout, sysctls: sysctls.stdout, arp: arp?.stdout ?? "", ndisc: ndisc?.stdout ?? "" }));
}

/** Where a packet is sent, of this size, headers of IP and ICMP included. */
export interface Target {
  readonly gateway: string;
  readonly ip: string;
  readonly size: number;
}

/** One packet each, which may not be split. */
export async function pathFacts(run: RunProgram, targets: readonly Target[]): Promise<Known<readonly PathFact[]>> {
  const paths = await Promise.all(
    targets.map(async ({ gateway, ip, size }) => {
      const payload = size - (ip.includes(":") ? 48 : 28);
      const result = await run(["ping", "-n", "-c", "1", "-W", "1", "-M", "do", "-s", String(payload), ip]);
      const says = /local error: .*|[Mm]essage too long.*|Frag needed.*|[Uu]nreachable.*/.exec(result.stdout + result.stderr)?.[0];
      return { missing: isMissing(result), path: { gateway, ip, size, arrived: result.code === 0, says: says ?? "no answer" } };
    }),
  );
  return paths.some(({ missing }) => missing) ? silent("ping is not installed (iputils-ping)") : told(paths.map(({ path }) => path));
}

async function offloadsOf(run: RunProgram, links: Known<readonly LinkFact[]>): Promise<MachineFacts["offloads"]> {
  if (!links.known) return links;
  const devs = links.value.map(({ name }) => name).filter((name) => name !== "lo" && !name.startsWith("margay"));
  const results = await batch(
    run,
    devs.map((dev) => ["ethtool", "-k", dev]),
  );
  if (results.some(isMissing)) return silent("ethtool is not installed");
  return told(Object.fromEntries(devs.map((dev, at) => [dev, readOffloads(results[at]?.stdout ?? "")])));
}

/** The shell's own status, ours for what cannot be started, and the words of `ip netns exec`. */
function isMissing({ code, stderr }: ProgramResult): boolean {
  return code === 127 || stderr.includes('exec of "');
}

const NOVA_CONF = "/etc/nova/nova.conf";

/** Of this very machine. */
export function novaFacts(): MachineFacts["nova"] {
  if (!existsSync(NOVA_CONF)) return silent(`there is no ${NOVA_CONF} here`);
  try {
    return told(readIni(readFileSync(NOVA_CONF, "utf8")));
  } catch (error) {
    return silent(`${NOVA_CONF}: ${(error as Error).message}`);
  }
}

function reading<T>(argv: readonly string[], result: ProgramResult, reader: (text: string) => T | undefined): Known<T> {
  if (result.code !== 0) return silent(`${argv.join(" ")}: ${wordsOf(result)}`);
  const value = reader(result.stdout);
  return value === undefined ? silent(`${argv.join(" ")}: the answer cannot be read`) : told(value);
}

/**
 * A VM's own side: what a cloud image would do. It takes its addresses from DHCP and router advertisements alone, and
 * answers by the NIC that it was asked on.
 */
import { familyOf } from "#core/net/address.ts";
import type { Family } from "#core/net/address.ts";
import { furnish, withoutDad } from "./build.ts";
import { askByDhcp, FIRST_METRIC } from "./dhcp-client.ts";
import { kernelRoutes } from "./kernel-routes.ts";
import { vmNetns } from "./place.ts";
import type { Lab } from "./place.ts";
import { must } from "./program.ts";
import type { Nic, Vm } from "./vm-record.ts";
import { until } from "./wait.ts";

/** Routing table and rule priority of a NIC: this and its number. */
export const FIRST_TABLE = 100;

/** Routers are asked for at once and often. Which NIC a packet may come in on is for the host to decide, not for the guest. */
const CLIENT = [
  "net.ipv6.conf.default.router_solicitation_delay=0",
  "net.ipv6.conf.default.router_solicitation_interval=1",
  "net.ipv6.conf.default.router_solicitation_max_interval=4",
  "net.ipv4.conf.all.rp_filter=0",
  "net.ipv4.conf.default.rp_filter=0",
];

/** An empty machine: no NIC yet. */
export async function createGuest(lab: Lab, vm: Vm): Promise<void> {
  await must(["ip", "netns", "add", vmNetns(lab, vm.name)]);
  await furnish(vmNetns(lab, vm.name), [...withoutDad(), ...CLIENT], ["link set lo up"]);
}

/** Until it boots, a NIC is what that of a paused QEMU is: it has a carrier and says nothing. */
export async function holdNic(lab: Lab, vm: Vm, dev: string): Promise<void> {
  await furnish(vmNetns(lab, vm.name), [`net.ipv6.conf.${dev}.disable_ipv6=1`], [`link set ${dev} up`]);
}

/** The guest begins to use the NIC; answers once it has all the addresses that its port has. */
export async function bootNic(lab: Lab, vm: Vm, nic: Nic): Promise<void> {
  const netns = vmNetns(lab, vm.name);
  const metric = `net.ipv6.conf.${nic.dev}.ra_defrtr_metric=${FIRST_METRIC + numberOf(nic)}`;
  await furnish(netns, [metric, `net.ipv6.conf.${nic.dev}.disable_ipv6=0`], []);
  const clients = askByDhcp(lab, vm, nic);
  try {
    await until({ what: `${vm.name} to get its addresses on ${nic.dev}`, timeout: 15_000, every: 30 }, () => missingOn(netns, nic));
    await clients.leased;
  } finally {
    clients.end();
  }
  await replyByOwnNic(netns, nic);
}

/** Traffic from the NIC's addresses has a routing table of its own, like the main one but for the other NICs. */
async function replyByOwnNic(netns: string, nic: Nic): Promise<void> {
  const table = tableOf(nic);
  const copy = async (family: Family) => {
    const routes = await kernelRoutes(netns, family, nic.dev);
    const copied = routes.map(
      ({ dst, gateway }) => `route replace ${dst}${gateway === undefined ? "" : ` via ${gateway}`} dev ${nic.dev} table ${table}`,
    );
    return batch(netns, family, [...copied, ...rules(nic, "add", family)]);
  };
  await Promise.all([copy(4), copy(6)]);
}

/** What `replyByOwnNic` set up and the interface does not take with it. */
export async function forgetRules(netns: string, nic: Nic): Promise<void> {
  await Promise.all([batch(netns, 4, rules(nic, "del", 4)), batch(netns, 6, rules(nic, "del", 6))]);
}

function rules(nic: Nic, verb: "add" | "del", family: Family): string[] {
  const own = nic.addresses.filter((ip) => familyOf(ip) === family);
  return own.map((ip) => `rule ${verb} from ${ip} lookup ${tableOf(nic)} priority ${tableOf(nic)}`);
}

async function batch(netns: string, family: Family, commands: readonly string[]): Promise<void> {
  await must(["ip", `-${family}`, "-n", netns, "-batch", "-"], { input: commands.map((command) => `${command}\n`).join("") });
}

function tableOf(nic: Nic): number {
  return FIRST_TABLE + numberOf(nic);
}

export function numberOf(nic: Nic): number {
  return Number(nic.dev.replace("eth", ""));
}

interface KernelLink {
  readonly addr_info: readonly { readonly local: string; readonly tentative?: boolean }[];
}

async function missingOn(netns: string, nic: Nic): Promise<string | undefined> {
  const [link] = JSON.parse(await must(["ip", "-j", "-n", netns, "addr", "show", "dev", nic.dev])) as readonly KernelLink[];
  const held = new Set(link?.addr_info.filter(({ tentative }) => tentative !== true).map(({ local }) => local));
  const missing = nic.addresses.filter((ip) => !held.has(ip));
  if (missing.length > 0) return `${missing.join(" and ")} not there`;
  if (!nic.addresses.some((ip) => familyOf(ip) === 6)) return undefined;
  const routes = await kernelRoutes(netns, 6, nic.dev);
  return routes.some(({ dst }) => dst === "default") ? undefined : "no router has advertised itself";
}

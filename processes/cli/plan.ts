/** `margay plan FILE`: what follows from a data centre file, before anything is made so. */
import { Command } from "commander";
import { readDataCenterFile } from "#adapters/yaml/datacenter-file.ts";
import { plan } from "#core/datacenter/plan.ts";
import type { Plan, PlannedNetwork, PlannedSubnet } from "#core/datacenter/plan.ts";
import type { Family } from "#core/net/address.ts";
import { showSpan } from "#core/datacenter/span.ts";
import { cellOf } from "./cells.ts";
import { table } from "./table.ts";
import type { Cell } from "./table.ts";

export function command(): Command {
  return new Command("plan")
    .description("Show what follows from a data centre file")
    .argument("<file>", "datacenter.yaml")
    .option("--json", "print the plan as JSON")
    .action(show);
}

async function show(file: string, { json }: { readonly json?: true }): Promise<void> {
  const reading = await readDataCenterFile(file);
  if (!reading.ok) {
    process.stderr.write(`${reading.problems.join("\n")}\n`);
    process.exitCode = 2;
    return;
  }
  const made = plan(reading.value);
  const warnings = made.warnings.map(reading.locate);
  process.stdout.write(json ? `${JSON.stringify({ ...made, warnings }, undefined, 2)}\n` : planText(made, warnings));
}

/** Titled tables, then the warnings. */
export function planText(made: Plan, warnings: readonly string[]): string {
  const sections = [
    ["Networks, shared with every project", networksTable(made.networks)],
    [
      "Quotas of every project",
      table(
        ["resource", "limit"],
        Object.entries(made.quotas).map((row) => row.map(cellOf)),
      ),
    ],
    ["What VMs have of the outside", table(["subnet", "reached from outside", "reaches outside"], made.reach.map(reachRow))],
    ["BGP sessions", sessionsTable(made.sessions)],
    ["BFD on each of them but the providers'", bfdText(made.bfd)],
    ["What passes on them, and nothing else", tellsTable(made.sessions)],
    ["Announced to the outside", announcedTable(made)],
    ...(made.pnat.length > 0
      ? [
          ["Port-NAT, on the way outside", pnatTable(made.pnat)],
          ["What its pools are enough for", poolsTable(made.pnat)],
        ]
      : []),
    ["Tunnels that VMs send (VXLAN, GENEVE, GRE, IPIP and their like)", `${made.tunnels}`],
  ];
  const noted = warnings.length > 0 ? [`Warnings\n${warnings.join("\n")}`] : [];
  return `${[...sections.map((section) => section.join("\n")), ...noted].join("\n\n")}\n`;
}

function networksTable(networks: readonly PlannedNetwork[]): string {
  const rows = networks.flatMap((network) => {
    const title = [[network.name], cellOf(network["router:external"])];
    if (network.subnets.length === 0) return [[...title, ["none: no range is its"]]];
    return network.subnets.map((subnet, index) => [...(index === 0 ? title : [[], []]), ...subnetCells(subnet)]);
  });
  return table(["network", "router:external", "subnet", "cidr", "gateway_ip", "allocation_pools", "dns_nameservers"], rows);
}

function subnetCells({ name, cidr, gateway_ip, allocation_pools, dns_nameservers }: PlannedSubnet): readonly Cell[] {
  return [[name], [cidr], [gateway_ip], allocation_pools.map(showSpan), dns_nameservers];
}

function reachRow({ subnet, from_outside, to_outside }: Plan["reach"][number]): readonly Cell[] {
  return [[subnet], [from_outside ? "yes" : "no"], [to_outside]];
}

function sessionsTable(sessions: Plan["sessions"]): string {
  const rows = sessions.map(({ protocol, kind, near, far, carries }) => {
    const ends = [near, far].flatMap((end) => [[end.name], [addressText(end)], [String(end.asn)]]);
    return [...ends, [protocol], [kind], [families(carries)]];
  });
  return table(["near", "address", "AS", "far", "address", "AS", "protocol", "near is", "carries"], rows);
}

function bfdText(bfd: Plan["bfd"]): string {
  if (bfd === undefined) return "off: who is gone stays in the tables for BGP's hold time";
  const { interval, multiplier, gone_after: after, sessions } = bfd;
  const cells = [`${interval} ms`, String(multiplier), `${after} ms`, String(sessions), String(Math.round((sessions * 1000) / interval))];
  return table(
    ["a packet each", "missing", "gone after", "sessions of a machine at most", "packets a second"],
    [cells.map((cell) => [cell])],
  );
}

function addressText({ ip, interface: link }: Plan["sessions"][number]["near"]): string {
  return `${ip}${link === undefined ? "" : `%${link}`}`;
}

/** Sessions on which the same passes, together: hosts are many and all alike. */
function tellsTable(sessions: Plan["sessions"]): string {
  const alike = Map.groupBy(sessions, ({ kind, near_tells, far_tells }) => JSON.stringify([kind, near_tells, far_tells]));
  const rows = [...alike.values()].flatMap(([first, ...more]) => {
    if (first === undefined) return [];
    const names = (end: "near" | "far") => folded([...new Set([first, ...more].map((session) => session[end].name))]);
    return [[names("near"), names("far"), first.near_tells, first.far_tells]];
  });
  return table(["near", "far", "near tells", "far tells"], rows);
}

function families(carries: readonly Family[]): string {
  return carries.map((family) => `IPv${family}`).join(", ");
}

const FOLD = 40;

/** Names in lines of some 40 characters. */
function folded(names: readonly string[]): Cell {
  const lines: string[] = [];
  for (const name of names) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + name.length < FOLD) lines.splice(-1, 1, `${last}, ${name}`);
    else lines.push(name);
  }
  return lines;
}

function announcedTable({ announced, withheld }: Plan): string {
  return table(["exactly", "never"], [[announced.length > 0 ? announced : ["nothing"], withheld]]);
}

function pnatTable(pnat: Plan["pnat"]): string {
  const rows = pnat.map(({ gateway, from, to, except }) => [[gateway], from, [showSpan(to)], except]);
  return table(["gateway", "from", "becomes", "but not towards"], rows);
}

/** Each pool must be enough for all VMs: when the other gateways fail, they all go out by it. */
function poolsTable(pnat: Plan["pnat"]): string {
  const rows = pnat.map(({ gateway, capacity, filtering, log }) => {
    const { vms, addresses, ports_per_vm: ports, own, enough } = capacity;
    const share = own ? `${ports}, its own` : `${ports}, shared`;
    const needed = enough.map(({ ports_per_vm, addresses }) => `${addresses} for ${ports_per_vm} each`);
    return [[gateway], [String(vms)], [String(addresses)], [share], needed, [filtering], [log]];
  });
  return table(["gateway", "VMs at most", "addresses", "ports for each VM", "addresses needed", "answered by", "told of"], rows);
}

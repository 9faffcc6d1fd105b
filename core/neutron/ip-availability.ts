/** How many addresses the subnets of a network have, and how many ports have some of them. For administrators and services. */
import { bitsOf, compareIp } from "../net/address.ts";
import type { Ip } from "../net/address.ts";
import { sizeOf } from "../net/prefix.ts";
import { maySee } from "../policy/may.ts";
import { ADMIN_OR_SERVICE } from "../policy/rule.ts";
import { list, opaque } from "../resource/composites.ts";
import { readQuery } from "../resource/query.ts";
import type { Query } from "../resource/query.ts";
import { render } from "../resource/render.ts";
import { resource } from "../resource/resource.ts";
import { integer, ipVersion, text, uuid } from "../resource/scalars.ts";
import { matches } from "../resource/select.ts";
import { orderTexts } from "../resource/type.ts";
import { ok, refused } from "../result.ts";
import type { Result } from "../result.ts";
import { readAnswer } from "./api-types.ts";
import type { ApiAnswer, ApiRequest, ApiResponse } from "./api-types.ts";
import type { Cloud } from "./cloud.ts";
import { hostsOf } from "./ipam.ts";
import type { Network } from "./network.ts";
import { methodNotAllowed, networkNotFound, notFound } from "./refusals.ts";
import type { Subnet } from "./subnet.ts";

export const networkIpAvailability = resource({
  name: "network_ip_availability",
  plural: "network_ip_availabilities",
  note: "How full a network is.",
  may: { get: ADMIN_OR_SERVICE },
  attributes: {
    network_id: { type: uuid, write: "never", filter: true, note: "The network." },
    network_name: { type: text(255), write: "never", filter: true, note: "Its name." },
    project_id: { type: text(255), write: "never", filter: true, note: "Its project." },
    ip_version: {
      type: ipVersion,
      write: "never",
      hidden: "kept",
      filter: true,
      note: "Only subnets of this family are told, and only networks with some.",
    },
    total_ips: { type: integer(0), write: "never", note: "Addresses in the pools of its subnets." },
    used_ips: { type: integer(0), write: "never", note: "Addresses that ports have." },
    subnet_ip_availability: { type: list(opaque), write: "never", note: "The same by subnet." },
    ip_availability_details: {
      type: opaque,
      write: "never",
      note: "Addresses that hosts could have and that are in pools, and how many of each ports have.",
    },
  },
});

/** `request.path` begins with `network-ip-availabilities`. */
export function answerIpAvailability(cloud: Cloud, request: ApiRequest): ApiAnswer {
  const [, id, more] = request.path;
  if (more !== undefined) return readAnswer(refused(notFound));
  if (request.method !== "GET") return readAnswer(refused(methodNotAllowed));
  return readAnswer(id === undefined ? listed(cloud, request) : shown(cloud, id, request));
}

function listed(cloud: Cloud, { who, query }: ApiRequest): Result<ApiResponse> {
  const read = readQuery(networkIpAvailability, query);
  if (!read.ok) return read;
  const networks = sees(cloud, who) ? [...cloud.all("network")].toSorted((left, right) => orderTexts(left.id, right.id)) : [];
  const found = networks.flatMap((network) => availabilityOf(cloud, network, read.value) ?? []);
  return ok({ status: 200, body: { [networkIpAvailability.plural]: found } });
}

function shown(cloud: Cloud, id: string, { who, query }: ApiRequest): Result<ApiResponse> {
  const fields = query.filter(([name, value]) => name === "fields" && value !== "").map(([, value]) => value);
  const network = cloud.get("network", id);
  if (network === undefined || !sees(cloud, who)) return refused(networkNotFound(id));
  const found = availabilityOf(cloud, network, { fields, filters: [] });
  return ok({ status: 200, body: { [networkIpAvailability.name]: found } });
}

function sees(cloud: Cloud, who: ApiRequest["who"]): boolean {
  return maySee(networkIpAvailability, { who, target: { owner: "" }, policy: cloud.settings.policy });
}

/** Undefined where the query does not ask for this network. */
function availabilityOf(cloud: Cloud, network: Network, { fields, filters }: Pick<Query, "fields" | "filters">): object | undefined {
  const own = filters.filter(({ attribute }) => attribute !== "ip_version");
  const families = filters.filter(({ attribute }) => attribute === "ip_version");
  const said = { network_id: network.id, network_name: network.name, project_id: network.project_id };
  const subnets = [...cloud.by("subnet", "network_id", network.id)].filter((subnet) => matches({ filters: families }, subnet));
  if (!matches({ filters: own }, said) || (families.length > 0 && subnets.length === 0)) return undefined;
  const counts = subnets.map((subnet) => countsOf(cloud, subnet));
  const full = {
    ...said,
    total_ips: exact(sum(counts, "total")),
    used_ips: exact(sum(counts, "used")),
    subnet_ip_availability: subnets.map((subnet, at) => ofSubnet(subnet, counts[at] ?? NONE)),
    ip_availability_details: detailsOf(counts),
  };
  return render(networkIpAvailability, full, { fields, hidden: new Set() });
}

interface Counts {
  /** In pools; of a subnet without any, the whole block, as Neutron counts. */
  readonly total: bigint;
  readonly used: bigint;
  /** That hosts could have. */
  readonly hosts: bigint;
  readonly inPools: bigint;
  readonly usedInPools: bigint;
}

const NONE: Counts = { total: 0n, used: 0n, hosts: 0n, inPools: 0n, usedInPools: 0n };

function countsOf(cloud: Cloud, subnet: Subnet): Counts {
  const pools = subnet.allocation_pools;
  const inPools = pools.reduce((all, { start, end }) => all + bitsOf(end) - bitsOf(start) + 1n, 0n);
  const { first, last } = hostsOf(subnet.cidr);
  let [used, usedInPools] = [0n, 0n];
  for (const address of addressesOn(cloud, subnet.id)) {
    used++;
    if (pools.some(({ start, end }) => compareIp(start, address) <= 0 && compareIp(address, end) <= 0)) usedInPools++;
  }
  return { total: pools.length === 0 ? sizeOf(subnet.cidr) : inPools, used, hosts: last - first + 1n, inPools, usedInPools };
}

function* addressesOn(cloud: Cloud, subnet: string): Generator<Ip> {
  for (const port of cloud.by("port", "fixed_ips", `subnet_id=${subnet}`))
    for (const fixed of port.fixed_ips) if (fixed.subnet_id === subnet) yield fixed.ip_address;
}

function ofSubnet({ id, name, ip_version, cidr }: Subnet, counts: Counts): object {
  const said = { subnet_id: id, subnet_name: name, ip_version, cidr };
  return { ...said, total_ips: exact(counts.total), used_ips: exact(counts.used), ip_availability_details: detailsOf([counts]) };
}

function detailsOf(counts: readonly Counts[]): object {
  return {
    total_ips_in_subnet: exact(sum(counts, "hosts")),
    total_ips_in_allocation_pool: exact(sum(counts, "inPools")),
    used_ips_in_subnet: exact(sum(counts, "used")),
    used_ips_in_allocation_pool: exact(sum(counts, "usedInPools")),
  };
}

function sum(counts: readonly Counts[], what: keyof Counts): bigint {
  return counts.reduce((all, one) => all + one[what], 0n);
}

/** A number where it is one to the last digit; JSON has no limit to either. */
function exact(count: bigint): number | bigint {
  return count <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(count) : count;
}

/** Who still has addresses of ranges that retire: as long as anybody does, a range cannot leave. */
import type { DataCenter, SubnetPlan } from "../datacenter/data-center.ts";
import { familyOf } from "../net/address.ts";
import type { Ip } from "../net/address.ts";
import type { Cidr } from "../net/prefix.ts";
import type { Cloud } from "../neutron/cloud.ts";

export interface Retiring {
  /** `internal4-retiring` */
  readonly subnet: string;
  readonly cidr: Cidr;
  /** So many ports have an address of it. */
  readonly ports: number;
  /** The first of them, by id. */
  readonly holders: readonly Holder[];
}

export interface Holder {
  readonly port: string;
  readonly ip: Ip;
  /** The VM, where it is one's. */
  readonly device: string;
  /** Empty: on none. */
  readonly host: string;
}

const SHOWN = 20;

/** Of the data centre as it was asked for, held against the cloud as it is. */
export function retiringOf(cloud: Cloud, { networks }: DataCenter): readonly Retiring[] {
  return (["external", "internal"] as const).flatMap((side) =>
    networks[side].subnets.filter(({ retiring }) => retiring).map((subnet) => heldOf(cloud, side, subnet)),
  );
}

function heldOf(cloud: Cloud, side: "external" | "internal", { name, cidr }: SubnetPlan): Retiring {
  const made = cloud.get("datacenter", "this")?.made?.[side];
  const family = familyOf(cidr);
  const id = [made?.subnets[family], made?.retiring?.[family]].find((known) => cloud.get("subnet", known ?? "")?.cidr === cidr);
  const ports = id === undefined ? [] : [...cloud.by("port", "fixed_ips", `subnet_id=${id}`)];
  const holders = ports.toSorted((one, other) => (one.id < other.id ? -1 : 1)).slice(0, SHOWN);
  return {
    subnet: name,
    cidr,
    ports: ports.length,
    holders: holders.flatMap((port) =>
      port.fixed_ips
        .filter(({ subnet_id }) => subnet_id === id)
        .map(({ ip_address: ip }) => ({ port: port.id, ip, device: port.device_id, host: port["binding:host_id"] })),
    ),
  };
}

/** Claims about tables and about addresses that nobody has: what the provider was told, and where such traffic ends. */
import { exportsOf } from "#core/datacenter/exports.ts";
import { rangesOf } from "#core/datacenter/ranges.ts";
import type { SubnetPlan } from "#core/datacenter/data-center.ts";
import { bitsOf, familyOf, ipOf as ipFrom } from "#core/net/address.ts";
import type { Family, Ip } from "#core/net/address.ts";
import { contains } from "#core/net/prefix.ts";
import { ask } from "../cloud.ts";
import type { CloudPort } from "../cloud.ts";
import type { Lab } from "../place.ts";
import { ping } from "../probe.ts";
import { askProvider } from "../provider-router.ts";
import type { Claim, Seen } from "./claim.ts";
import type { Actor, Stage } from "./stage.ts";

/** Per family of the data centre: exactly the aggregates that are meant to be seen. */
export function providerClaims({ lab, center }: Stage): Claim[] {
  const families = [...new Set(rangesOf(center).map(familyOf))];
  return families.map((family) => {
    const wanted = exportsOf(center)
      .filter((prefix) => familyOf(prefix) === family)
      .toSorted();
    const check = async (): Promise<Seen> => {
      const heard = await heardFromCustomers(lab, family);
      return {
        kept: heard.join() === wanted.join(),
        seen: heard.join(", ") || "nothing",
        evidence: `birdc at the provider, routes from customers: ${heard.length}`,
      };
    };
    return { what: "provider's BGP table", family, expected: `exactly ${wanted.join(", ") || "nothing"}`, check };
  });
}

async function heardFromCustomers(lab: Lab, family: Family): Promise<string[]> {
  const text = await askProvider(lab, "show route where source = RTS_BGP");
  const prefixes = [...text.matchAll(/^([0-9a-f.:]+\/\d+)\s/gm)].map(([, prefix = ""]) => prefix);
  return [...new Set(prefixes)].filter((prefix) => familyOf(prefix) === family).toSorted();
}

/** From outside to every range that is announced, from a VM to every range: an error comes back, and the packet does not circle. */
export async function unassignedClaims(stage: Stage): Promise<Claim[]> {
  const { center, lab, outside } = stage;
  const subnets = [...center.networks.external.subnets, ...center.networks.internal.subnets];
  const nobody = await Promise.all(subnets.map(async (subnet) => ({ subnet, ip: await unassigned(lab, subnet) })));
  const announced = (ip: Ip) => exportsOf(center).some((prefix) => contains(prefix, ip));
  const asker = (family: Family) => [...stage.external, ...stage.internal].find(({ ips }) => ips[family] !== undefined);
  return nobody.flatMap(({ subnet, ip }) => {
    const vm = asker(familyOf(ip));
    return [...(announced(ip) ? [ends(outside, subnet, ip)] : []), ...(vm === undefined ? [] : [ends(vm, subnet, ip)])];
  });
}

function ends(from: Actor, subnet: SubnetPlan, ip: Ip): Claim {
  const check = async (): Promise<Seen> => {
    const { reached, error = "", ms } = await ping(from.netns, ip, { patience: 4 });
    return {
      kept: !reached && /unreachable/i.test(error),
      seen: reached ? "answered" : `${error} (${ms} ms)`,
      evidence: `${from.name} asked ${ip}`,
    };
  };
  return { what: `${from.name} → unassigned address of ${subnet.name}`, family: familyOf(ip), expected: "unreachable, no loop", check };
}

/** The last address of the subnet's last pool that no port has. */
async function unassigned(lab: Lab, { pools }: SubnetPlan): Promise<Ip> {
  const last = pools.at(-1)?.end;
  if (last === undefined) throw new Error("a subnet without pools");
  for (let bits = bitsOf(last); ; bits--) {
    const ip = ipFrom(familyOf(last), bits);
    const { ports } = await ask<{ ports: CloudPort[] }>(lab, { method: "GET", path: `/v2.0/ports?fixed_ips=ip_address%3D${ip}` });
    if (ports.length === 0) return ip;
  }
}

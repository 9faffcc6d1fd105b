/** Does the fabric carry traffic yet? Asked of the kernels and of the provider, not of Margay. */
import { exportsOf } from "#core/datacenter/exports.ts";
import type { DataCenter } from "#core/datacenter/data-center.ts";
import { channelsOf } from "#core/intent/bgp-channel.ts";
import { familyOf } from "#core/net/address.ts";
import type { Family } from "#core/net/address.ts";
import { kernelRoutes } from "./kernel-routes.ts";
import { machineNetns } from "./place.ts";
import type { Lab } from "./place.ts";
import { inside, must } from "./program.ts";
import { PROVIDER } from "./topology.ts";
import { until } from "./wait.ts";

export async function fabricStands(lab: Lab, center: DataCenter): Promise<void> {
  await until({ what: "BGP to carry routes", timeout: 30_000, every: 100 }, async () => {
    const missing = await Promise.all([...defaultsAt(lab, center), ...aggregatesAtProvider(lab, center)]);
    return missing.flat().join("; ") || undefined;
  });
}

/** Every host and gateway has a way out, in each family that the fabric carries and in which a gateway has an uplink. */
function defaultsAt(lab: Lab, center: DataCenter): Promise<string[]>[] {
  const { hosts, gateways } = center;
  const carried = channelsOf(center).map(({ family }) => family);
  const uplinks = carried.filter((family) => gateways.some(({ upstream }) => (family === 4 ? upstream.ipv4 : upstream.ipv6) !== undefined));
  return [...hosts, ...gateways].flatMap((machine) =>
    uplinks
      .filter((family) => (family === 4 ? machine.ipv4 : machine.ipv6) !== undefined)
      .map(async (family) =>
        (await routes(lab, machine.name, family)).has("default") ? [] : [`no IPv${family} default route at ${machine.name}`],
      ),
  );
}

function aggregatesAtProvider(lab: Lab, center: DataCenter): Promise<string[]>[] {
  return exportsOf(center).map(async (prefix) =>
    (await routes(lab, PROVIDER.name, familyOf(prefix))).has(prefix) ? [] : [`the provider has no route to ${prefix}`],
  );
}

/** As iproute2 calls the routes that BIRD, and that FRR's BGP puts into the kernel. */
const SPEAKERS: readonly string[] = ["bird", "bgp"];

/** Destinations in a machine's main table that BGP says lead somewhere: what was set by hand proves nothing. */
async function routes(lab: Lab, machine: string, family: Family): Promise<Set<string>> {
  const all = await kernelRoutes(machineNetns(lab, machine), family);
  const told = all.filter(({ protocol = "" }) => SPEAKERS.includes(protocol));
  return new Set(told.filter(({ type }) => type === undefined || type === "unicast").map(({ dst }) => dst));
}

/**
 * The connections of a machine's BGP sessions, by both ends: a session that began anew has another port. BIRD's own word for it, since
 * when one stands, is reckoned anew each time it is asked and may be another by a millisecond.
 */
export async function bgpConnections(lab: Lab, machine: string): Promise<readonly string[]> {
  const text = await must(inside(machineNetns(lab, machine), ["ss", "-tnH", "state", "established", "( sport = :179 or dport = :179 )"]));
  return text
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).slice(-2).join(" "))
    .toSorted();
}

/** Between which addresses a sentence about reaching is to be tried: one pair per family that both ends have and the sentence means. */
import { outsideHost } from "#lab/topology.ts";
import type { DataCenter } from "#core/datacenter/data-center.ts";
import { familyOf, readIp } from "#core/net/address.ts";
import type { Family, Ip } from "#core/net/address.ts";
import type { Cast } from "./cast.ts";
import type { FlowText } from "./story.ts";

export interface Scene {
  readonly datacenter: DataCenter;
  readonly cast: Cast;
}

export interface Ends {
  readonly family: Family;
  readonly source: Ip;
  readonly destination: Ip;
}

export function endsOf(scene: Scene, from: string, { to, flow }: { readonly to: string; readonly flow: FlowText }): Ends[] {
  const [sources, targets] = [addressesOf(scene, from), addressesOf(scene, to)];
  const families = ([4, 6] as const).filter((family) => flow.family === undefined || flow.family === family);
  return families.flatMap((family) => {
    const of = (addresses: readonly Ip[]) => addresses.find((ip) => familyOf(ip) === family);
    const [source, destination] = [of(sources), of(targets)];
    return source === undefined || destination === undefined ? [] : [{ family, source, destination }];
  });
}

/** Of a port, of a stray, of `outside`, or the address that is written out. */
function addressesOf({ datacenter, cast }: Scene, name: string): Ip[] {
  const literal = readIp(name);
  if (literal !== undefined) return [literal];
  const { ipv4, ipv6 } = outsideHost(datacenter.lab);
  return name === "outside"
    ? [ipv4, ipv6]
    : ((cast.people.get(name) ?? cast.strays.get(name))?.addresses ?? []).flatMap((text) => readIp(text) ?? []);
}

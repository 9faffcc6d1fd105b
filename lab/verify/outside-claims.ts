/** What the outside can reach, and how those inside reach the outside. */
import { exportsOf } from "#core/datacenter/exports.ts";
import { bitsOf, familyOf, widthOf } from "#core/net/address.ts";
import type { Family, Ip } from "#core/net/address.ts";
import { contains, hostPrefix, readCidr } from "#core/net/prefix.ts";
import type { DataCenter } from "#core/datacenter/data-center.ts";
import { kernelRoutes } from "../kernel-routes.ts";
import { machineNetns } from "../place.ts";
import { must } from "../program.ts";
import { tcp } from "../probe.ts";
import { PROVIDER } from "../topology.ts";
import type { Claim, Seen } from "./claim.ts";
import { blockedAtHost, reaches, reachesUntranslated } from "./flows.ts";
import { familiesOf, ipOf, witnessOn } from "./stage.ts";
import type { Actor, Stage } from "./stage.ts";
import type { Packet } from "./witness.ts";

export function inboundClaims(stage: Stage): Claim[] {
  const { outside } = stage;
  const external = stage.external.flatMap((to) =>
    familiesOf(outside, to).flatMap((family) => [
      reachesUntranslated({ from: outside, to, family, port: 80, note: "port opened" }),
      blockedAtHost(stage, { from: outside, to, family, port: 22, note: "port not opened" }),
    ]),
  );
  const internal = stage.internal.flatMap((to) =>
    familiesOf(outside, to).map((family) =>
      isAnnounced(stage.center, ipOf(to, family))
        ? reachesUntranslated({ from: outside, to, family, port: 80, note: "port opened" })
        : noWayIn(stage, to, family),
    ),
  );
  return [...external, ...internal];
}

/**
 * The provider has no route. And where somebody gives it one (as a neighbour on the same link could), the gateway lets
 * nothing through. Only the probe's own destination is routed so, for the second that the probe takes.
 */
function noWayIn(stage: Stage, to: Actor, family: Family): Claim {
  const target = ipOf(to, family);
  const check = async (): Promise<Seen> => {
    const provider = machineNetns(stage.lab, PROVIDER.name);
    const known = (await kernelRoutes(provider, family)).filter(({ dst }) => dst !== "default" && covering(dst, target));
    const got = await forced(stage, provider, target);
    const fits = (packet: Packet) =>
      packet.destination === target && packet.destinationPort === 80 && packet.source === ipOf(stage.outside, family);
    const asked = async (machine: string) => (await witnessOn(stage, machine).saw(fits, 300)).length;
    const gateway = stage.center.gateways[0]?.name ?? "";
    const [atGateway, atHost] = [await asked(gateway), await asked(to.host)];
    const routes = known.map(({ dst }) => dst).join(", ") || "no route";
    const evidence = `provider: ${routes}; with a route forced: ${atGateway} at ${gateway}, ${atHost} at ${to.host}`;
    return {
      kept: known.length === 0 && !got.reached && atGateway > 0 && atHost === 0,
      seen: got.reached ? "reached" : `TCP: ${got.error}`,
      evidence,
    };
  };
  return { what: `outside → ${to.name} tcp 80, port opened`, family, expected: "no route at the provider, blocked at the gateway", check };
}

function covering(dst: string, target: Ip): boolean {
  const prefix = readCidr(dst.includes("/") ? dst : `${dst}/${widthOf(familyOf(target))}`);
  return prefix !== undefined && contains(prefix, target);
}

async function forced(stage: Stage, provider: string, target: Ip) {
  const { upstream } = stage.center.gateways[0] ?? {};
  const via = (familyOf(target) === 4 ? upstream?.ipv4 : upstream?.ipv6)?.local.ip;
  if (via === undefined) return { reached: false, error: `the gateway has no IPv${familyOf(target)} upstream` };
  const route = [hostPrefix(target), "via", via];
  await must(["ip", "-n", provider, "route", "add", ...route]);
  try {
    return await tcp(stage.outside.netns, target, 80);
  } finally {
    await must(["ip", "-n", provider, "route", "del", ...route]);
  }
}

export function outboundClaims(stage: Stage): Claim[] {
  const to = stage.outside;
  return [...stage.external, ...stage.internal].flatMap((from) =>
    familiesOf(from, to).map((family) => {
      const flow = { from, to, family, port: 80, note: "outbound" };
      if (isAnnounced(stage.center, ipOf(from, family))) return reachesUntranslated(flow);
      if (family === 6) return staysInside(stage, from);
      return reaches(flow, { words: "source is the PNAT pool", fits: (source) => inPool(stage.center, source) });
    }),
  );
}

/** Addresses that the outside is not told of cannot be answered: nothing with such a source leaves. */
function staysInside(stage: Stage, from: Actor): Claim {
  const source = ipOf(from, 6);
  const check = async (): Promise<Seen> => {
    const got = await tcp(from.netns, ipOf(stage.outside, 6), 80);
    const leaked = await witnessOn(stage, PROVIDER.name).saw((packet) => packet.source === source);
    const evidence = `${leaked.length} packets from ${source} at the provider`;
    return { kept: !got.reached && leaked.length === 0, seen: got.reached ? "reached" : `TCP: ${got.error}`, evidence };
  };
  return { what: `${from.name} → outside tcp 80, outbound`, family: 6, expected: "stays inside: its range is not announced", check };
}

function isAnnounced(center: DataCenter, ip: Ip): boolean {
  return exportsOf(center).some((prefix) => contains(prefix, ip));
}

export function inPool({ gateways }: DataCenter, source: Ip): boolean {
  return gateways.some(({ pnat }) => pnat !== undefined && bitsOf(source) >= bitsOf(pnat.start) && bitsOf(source) <= bitsOf(pnat.end));
}

/** What the outside can reach, and how those inside reach the outside. */
import { bitsOf } from "#core/net/address.ts";
import type { Ip } from "#core/net/address.ts";
import type { DataCenter } from "#core/datacenter/data-center.ts";
import { machineNetns } from "../place.ts";
import { must, run } from "../program.ts";
import { tcp } from "../probe.ts";
import { PROVIDER } from "../topology.ts";
import type { Claim, Seen } from "./claim.ts";
import { blockedAtHost, reaches, reachesUntranslated } from "./flows.ts";
import { familiesOf, ipOf, witnessOn } from "./stage.ts";
import type { Actor, Stage } from "./stage.ts";

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
      family === 6 ? reachesUntranslated({ from: outside, to, family, port: 80, note: "port opened" }) : noWayIn(stage, to),
    ),
  );
  return [...external, ...internal];
}

/**
 * The provider has no route. And where somebody gives it one (as a neighbour on the same link could), the gateway lets
 * nothing through. Only the probe's own destination is routed so, for the second that the probe takes.
 */
function noWayIn(stage: Stage, to: Actor): Claim {
  const target = ipOf(to, 4);
  const check = async (): Promise<Seen> => {
    const provider = machineNetns(stage.lab, PROVIDER.name);
    const found = await run(["ip", "-n", provider, "route", "show", "match", target]);
    const routes = found.stdout.split("\n").filter((line) => line !== "" && !line.startsWith("default"));
    const got = await forced(stage, provider, target);
    const asked = async (machine: string) =>
      (
        await witnessOn(stage, machine).saw(
          (packet) => packet.destination === target && packet.destinationPort === 80 && packet.source === ipOf(stage.outside, 4),
          300,
        )
      ).length;
    const gateway = stage.center.gateways[0]?.name ?? "";
    const [atGateway, atHost] = [await asked(gateway), await asked(to.host)];
    const evidence = `provider: ${routes.join("; ") || "no route"}; with a route forced: ${atGateway} at ${gateway}, ${atHost} at ${to.host}`;
    return {
      kept: routes.length === 0 && !got.reached && atGateway > 0 && atHost === 0,
      seen: got.reached ? "reached" : `TCP: ${got.error}`,
      evidence,
    };
  };
  return {
    what: `outside → ${to.name} tcp 80, port opened`,
    family: 4,
    expected: "no route at the provider, blocked at the gateway",
    check,
  };
}

async function forced(stage: Stage, provider: string, target: Ip) {
  const via = stage.center.gateways[0]?.upstream.ipv4?.local.ip;
  if (via === undefined) return { reached: false, error: "the gateway has no IPv4 upstream" };
  await must(["ip", "-n", provider, "route", "add", `${target}/32`, "via", via]);
  try {
    return await tcp(stage.outside.netns, target, 80);
  } finally {
    await must(["ip", "-n", provider, "route", "del", `${target}/32`, "via", via]);
  }
}

export function outboundClaims(stage: Stage): Claim[] {
  const to = stage.outside;
  const external = stage.external.flatMap((from) =>
    familiesOf(from, to).map((family) => reachesUntranslated({ from, to, family, port: 80, note: "outbound" })),
  );
  const internal = stage.internal.flatMap((from) =>
    familiesOf(from, to).map((family) => {
      const flow = { from, to, family, port: 80, note: "outbound" };
      return family === 6
        ? reachesUntranslated(flow)
        : reaches(flow, { words: "source is the PNAT pool", fits: (source) => inPool(stage.center, source) });
    }),
  );
  return [...external, ...internal];
}

export function inPool({ gateways }: DataCenter, source: Ip): boolean {
  return gateways.some(({ pnat }) => pnat !== undefined && bitsOf(source) >= bitsOf(pnat.start) && bitsOf(source) <= bitsOf(pnat.end));
}

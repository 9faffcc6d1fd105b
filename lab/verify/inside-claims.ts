/** What VMs may do to each other, to the machines of the data centre, and with addresses that are not theirs. */
import { addressAt, prefixOf } from "#core/net/prefix.ts";
import type { Family, Ip } from "#core/net/address.ts";
import { API_PORT } from "../margay.ts";
import { tcp } from "../probe.ts";
import type { Claim, Seen } from "./claim.ts";
import { reachesUntranslated } from "./flows.ts";
import { sendForgedMac, sendForgedSource } from "./forge.ts";
import { familiesOf, ipOf, witnessOn } from "./stage.ts";
import type { Actor, Stage } from "./stage.ts";

/** Every ordered pair of VMs: same and other host, same and other network; TCP 22 is open to the group only. */
export function betweenClaims({ external, internal }: Stage): Claim[] {
  const vms = [...external, ...internal];
  const pairs = vms.flatMap((from) => vms.filter((to) => to !== from).map((to) => ({ from, to })));
  return pairs.flatMap(({ from, to }) =>
    familiesOf(from, to).map((family) => reachesUntranslated({ from, to, family, port: 22, note: relation(from, to) })),
  );
}

function relation(from: Actor, to: Actor): string {
  return `${from.host === to.host ? "same host" : "other host"}, ${from.network === to.network ? "same network" : "other network"}`;
}

/** The controller and the BGP speakers live on the fabric: no VM gets there. */
export function fabricClaims(stage: Stage): Claim[] {
  const [controller] = stage.center.controllers;
  return [...stage.external.slice(0, 1), ...stage.internal.slice(0, 1)].flatMap((from) =>
    ([4, 6] as const).flatMap((family) => {
      const target = family === 4 ? controller?.ipv4 : controller?.ipv6;
      return target === undefined || from.ips[family] === undefined ? [] : [closedFabric(from, family, target)];
    }),
  );
}

function closedFabric(from: Actor, family: Family, target: Ip): Claim {
  const check = async (): Promise<Seen> => {
    const got = await tcp(from.netns, target, API_PORT);
    return {
      kept: !got.reached && !/refused/i.test(got.error ?? ""),
      seen: got.error ?? "reached",
      evidence: `asked ${target} port ${API_PORT}`,
    };
  };
  return { what: `${from.name} → controller's API`, family, expected: "blocked at its host", check };
}

/** One VM on each network, each family, lying about its address or its MAC. */
export function forgeryClaims(stage: Stage): Claim[] {
  const liars = [...stage.external.slice(0, 1), ...stage.internal.slice(0, 1)];
  return liars.flatMap((from) =>
    familiesOf(from, stage.outside).flatMap((family) => [
      dropped(stage, from, { family, lie: "source address", send: (target) => sendForgedSource(from, liedAddress(from, family), target) }),
      dropped(stage, from, { family, lie: "MAC", send: (target) => sendForgedMac(from, ipOf(from, family), target) }),
    ]),
  );
}

interface Lie {
  readonly family: Family;
  readonly lie: string;
  /** Sends one echo request to the target; the source that it claims. */
  readonly send: (target: Ip) => Promise<Ip>;
}

/** Seen on the tap, and nowhere after it. The target is asked by nobody else, which tells this packet from others. */
function dropped(stage: Stage, from: Actor, { family, lie, send }: Lie): Claim {
  const target = quietAddress(stage, from, { family, lie });
  const check = async (): Promise<Seen> => {
    const source = await send(target);
    const fits = (packet: { destination: Ip; source: Ip }) => packet.destination === target && packet.source === source;
    const seen = await witnessOn(stage, from.host).saw(fits, 500);
    const beyond = [...stage.witnesses].filter(([name]) => name !== from.host).map(([, witness]) => witness.saw(fits));
    const further = (await Promise.all(beyond)).flat().length + seen.filter(({ dev }) => dev !== from.tap).length;
    const onTap = seen.filter(({ dev }) => dev === from.tap).length;
    const evidence = `from ${source}: ${onTap} on ${from.tap}, ${further} beyond it`;
    return { kept: onTap > 0 && further === 0, seen: further === 0 ? "nothing got past the host" : "it got out", evidence };
  };
  return { what: `${from.name} with a forged ${lie} → outside`, family, expected: `dropped at ${from.host}`, check };
}

/** One next to the VM's own: in the same subnet, neither the VM's nor the subnet's first or last, which nobody may send from. */
function liedAddress(from: Actor, family: Family): Ip {
  const own = ipOf(from, family);
  const around = prefixOf(own, family === 4 ? 30 : 126);
  const [one, other] = [addressAt(around, 1n), addressAt(around, 2n)];
  return own === one ? other : one;
}

/** An outside address of its own for every lie. */
function quietAddress({ center, external, internal }: Stage, from: Actor, { family, lie }: Pick<Lie, "family" | "lie">): Ip {
  const liar = [...external, ...internal].indexOf(from);
  const network = family === 4 ? center.lab.outside4 : center.lab.outside6;
  return addressAt(network, 20n + 2n * BigInt(liar) + (lie === "MAC" ? 1n : 0n));
}

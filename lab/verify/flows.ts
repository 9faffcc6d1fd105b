/** Claims about flows between two actors: TCP with what the receiver saw, and a ping. */
import type { DataCenter } from "#core/datacenter/data-center.ts";
import { fabricInterfaces } from "#core/datacenter/racks.ts";
import type { Family, Ip } from "#core/net/address.ts";
import { ping, tcp } from "../probe.ts";
import type { Claim, Seen } from "./claim.ts";
import { ipOf, witnessOn } from "./stage.ts";
import type { Actor, Stage } from "./stage.ts";
import type { Packet } from "./witness.ts";

export interface FlowClaim {
  readonly from: Actor;
  readonly to: Actor;
  readonly family: Family;
  readonly port: number;
  readonly note: string;
}

/** It gets there, and the receiver sees a source that `sees` accepts. */
export function reaches(flow: FlowClaim, sees: { readonly words: string; readonly fits: (source: Ip) => boolean }): Claim {
  return { what: said(flow), family: flow.family, expected: `reaches, ${sees.words}`, check: () => crossing(flow, sees.fits) };
}

/** The receiver sees the sender's own address. */
export function reachesUntranslated(flow: FlowClaim): Claim {
  return reaches(flow, { words: "untranslated", fits: (source) => source === ipOf(flow.from, flow.family) });
}

async function crossing({ from, to, family, port }: FlowClaim, fits: (source: Ip) => boolean): Promise<Seen> {
  const target = ipOf(to, family);
  const [got, echo] = await Promise.all([tcp(from.netns, target, port), ping(from.netns, target)]);
  const seen = [got.reached ? `TCP ${got.ms} ms` : `TCP: ${got.error}`, echo.reached ? "ping answered" : `ping: ${echo.error}`].join("; ");
  const evidence = got.peerSaw === undefined ? "the receiver saw nobody" : `${target} saw ${got.peerSaw}`;
  return { kept: got.reached && echo.reached && got.peerSaw !== undefined && fits(got.peerSaw), seen, evidence };
}

/** It arrives at the receiver's host, and never leaves by the tap. */
export function blockedAtHost(stage: Stage, flow: FlowClaim): Claim {
  const { to, family, port } = flow;
  const target = ipOf(to, family);
  const check = async (): Promise<Seen> => {
    const got = await tcp(flow.from.netns, target, port);
    const source = ipOf(flow.from, family);
    const fits = (packet: Packet) => packet.source === source && packet.destination === target && packet.destinationPort === port;
    const asked = await witnessOn(stage, to.host).saw(fits, 500);
    const on = (dev: string | undefined) => asked.filter((packet) => packet.dev === dev).length;
    const fabric = fabricInterfacesOf(stage.center, to.host);
    const arrived = fabric.reduce((sum, dev) => sum + on(dev), 0);
    const way = await Promise.all([...stage.witnesses].map(async ([name, witness]) => `${name} ${(await witness.saw(fits)).length}`));
    const evidence = `${to.host}: ${arrived} on ${fabric.join(" and ")}, ${on(to.tap)} on ${to.tap} (seen at ${way.join(", ")})`;
    return { kept: !got.reached && arrived > 0 && on(to.tap) === 0, seen: got.reached ? "reached" : `TCP: ${got.error}`, evidence };
  };
  return { what: said(flow), family, expected: `blocked at ${to.host}`, check };
}

function fabricInterfacesOf(center: DataCenter, name: string): readonly string[] {
  return fabricInterfaces(center, center.hosts.find((host) => host.name === name) ?? { name });
}

function said({ from, to, port, note }: FlowClaim): string {
  return `${from.name} → ${to.name} tcp ${port}, ${note}`;
}

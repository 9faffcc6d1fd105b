/** Reachability as the model sees it, for worlds that have views but no packets. */
import { outsideHost } from "#lab/topology.ts";
import type { DataCenter } from "#core/datacenter/data-center.ts";
import type { View } from "#core/feed/item.ts";
import { familyOf, readIp } from "#core/net/address.ts";
import type { Ip } from "#core/net/address.ts";
import { reach } from "#core/reach/reach.ts";
import type { Answer } from "#core/reach/reach.ts";
import type { Cast } from "./cast.ts";
import type { FlowText } from "./story.ts";
import type { Reached } from "./world.ts";

export interface Stage {
  readonly datacenter: DataCenter;
  readonly views: ReadonlyMap<string, View>;
  readonly cast: Cast;
}

export function askModel(stage: Stage, from: string, { to, flow }: { readonly to: string; readonly flow: FlowText }): Reached[] {
  const sources = addressesOf(stage, from);
  const targets = addressesOf(stage, to);
  const families = ([4, 6] as const).filter((family) => flow.family === undefined || flow.family === family);
  return families.flatMap((family) => {
    const [source, destination] = [sources, targets].map((all) => all.find((ip) => familyOf(ip) === family));
    if (source === undefined || destination === undefined) return [];
    const sender = stage.cast.people.get(from)?.id;
    const question = { source, destination, ...packetOf(flow, family), ...(sender === undefined ? {} : { from: sender }) };
    return [shown(family, reach(stage, question))];
  });
}

function packetOf({ protocol, port }: FlowText, family: 4 | 6): { readonly protocol: number; readonly port?: number } {
  // RFC 792 and RFC 4443: echo request.
  if (protocol === "ping") return family === 4 ? { protocol: 1, port: 8 } : { protocol: 58, port: 128 };
  return { protocol: protocol === "tcp" ? 6 : 17, ...(port === undefined ? {} : { port }) };
}

function addressesOf({ datacenter, cast }: Stage, name: string): Ip[] {
  const literal = readIp(name);
  if (literal !== undefined) return [literal];
  const { ipv4, ipv6 } = outsideHost(datacenter.lab);
  const texts = name === "outside" ? [ipv4, ipv6] : (cast.people.get(name)?.addresses ?? []);
  return texts.flatMap((text) => readIp(text) ?? []);
}

function shown(family: 4 | 6, answer: Answer): Reached {
  if (answer.verdict === "reaches") return { family, reaches: true, evidence: answer.source };
  return { family, reaches: false, evidence: `${answer.verdict} at ${answer.at}: ${answer.why}` };
}

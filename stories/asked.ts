/** Reachability as the model sees it, for worlds that have views but no packets. */
import type { View } from "#core/feed/item.ts";
import { reach } from "#core/reach/reach.ts";
import type { Answer } from "#core/reach/reach.ts";
import { endsOf } from "./ends.ts";
import type { Scene } from "./ends.ts";
import type { FlowText } from "./story.ts";
import type { Reached } from "./world.ts";

export interface Stage extends Scene {
  readonly views: ReadonlyMap<string, View>;
}

export function askModel(stage: Stage, from: string, asked: { readonly to: string; readonly flow: FlowText }): Reached[] {
  const sender = (stage.cast.people.get(from) ?? stage.cast.strays.get(from))?.id;
  return endsOf(stage, from, asked).map(({ family, source, destination }) => {
    const question = { source, destination, ...packetOf(asked.flow, family), ...(sender === undefined ? {} : { from: sender }) };
    return shown(family, reach(stage, question));
  });
}

function packetOf({ protocol, port }: FlowText, family: 4 | 6): { readonly protocol: number; readonly port?: number } {
  // RFC 792 and RFC 4443: echo request.
  if (protocol === "ping") return family === 4 ? { protocol: 1, port: 8 } : { protocol: 58, port: 128 };
  return { protocol: protocol === "tcp" ? 6 : 17, ...(port === undefined ? {} : { port }) };
}

function shown(family: 4 | 6, answer: Answer): Reached {
  if (answer.verdict === "reaches") return { family, reaches: true, evidence: answer.source };
  return { family, reaches: false, evidence: `${answer.verdict} at ${answer.at}: ${answer.why}` };
}

/** What the stricter end says of it. */
export function paceOf({ cast, views }: Stage, from: string, to: string): number | undefined {
  const limitOf = (name: string, direction: "ingress" | "egress") =>
    [...views.values()]
      .flatMap(({ endpoints }) => endpoints.get(cast.people.get(name)?.id ?? "")?.limits ?? [])
      .filter((limit) => limit.unit === "bytes" && limit.direction === direction)
      .map((limit) => limit.per_second / 125_000);
  const limits = [...limitOf(from, "egress"), ...limitOf(to, "ingress")];
  return limits.length === 0 ? undefined : Math.min(...limits);
}

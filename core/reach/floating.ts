/** Floating IPs in the model: where one leads, and which one a port is known by outside. */
import type { Endpoint, Floating, View } from "../feed/item.ts";
import type { Ip } from "../net/address.ts";
import type { Question } from "./reach.ts";

/** What a host makes of a packet for a floating IP. */
export interface Led {
  /** The host that translates. */
  readonly host: string;
  /** The floating IP. */
  readonly ip: Ip;
  /** The address behind it, and the port there; absent: the packet's port leads nowhere. */
  readonly to?: Pick<Question, "destination" | "port">;
}

/** Undefined: the destination is no floating IP that is served. */
export function ledBy(views: ReadonlyMap<string, View>, question: Question): Led | undefined {
  for (const [host, view] of views) {
    for (const endpoint of view.endpoints.values()) {
      const floating = floatingsOf(endpoint, host).find(({ ip }) => ip === question.destination);
      if (floating !== undefined) return { host, ip: floating.ip, ...behind(floating, question) };
    }
  }
  return undefined;
}

/** Served where its VM is, and not while it is down. */
function floatingsOf({ host: serving, admin_state_up: up, floating }: Endpoint, host: string): readonly Floating[] {
  return serving === host && up ? floating : [];
}

const NUMBERS = { tcp: 6, udp: 17, sctp: 132 } as const;

function behind(floating: Floating, question: Question): Pick<Led, "to"> {
  const to = leadOf(floating, question);
  return to === undefined ? {} : { to };
}

/** Where a floating IP leads what comes with this protocol to this port; undefined: nowhere. Without a port: as the whole it stands for. */
export function leadOf(
  { stands_for: whole, forwards }: Floating,
  { protocol, port }: Pick<Question, "protocol" | "port">,
): Pick<Question, "destination" | "port"> | undefined {
  if (whole !== null) return { destination: whole, ...(port === undefined ? {} : { port }) };
  if (port === undefined) return undefined;
  const forward = forwards.find((each) => NUMBERS[each.protocol] === protocol && each.external.first <= port && port <= each.external.last);
  if (forward === undefined) return undefined;
  const { external, internal, to } = forward;
  const shift = internal.first === internal.last ? 0 : port - external.first;
  return { destination: to, port: internal.first + shift };
}

/** The address that the outside knows this one by; undefined: its own. */
export function outwardOf({ floating }: Endpoint, source: Ip): Ip | undefined {
  return floating.find(({ stands_for: whole }) => whole === source)?.ip;
}

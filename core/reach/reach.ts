/**
 * Can A reach B, and if not, where does the packet end and why? Answered from what the hosts have been told, by the
 * same model that their kernels are programmed from: for the first packet of a flow, and where an end is stateless for
 * the reply as well.
 */
import { exportsOf } from "../datacenter/exports.ts";
import { machinePrefixes } from "../datacenter/racks.ts";
import { privateRanges, rangesOf } from "../datacenter/ranges.ts";
import type { DataCenter } from "../datacenter/data-center.ts";
import type { Endpoint, View } from "../feed/item.ts";
import { isStateless } from "../feed/stateless.ts";
import { settledView } from "../intent/contest.ts";
import { familyOf } from "../net/address.ts";
import type { Ip } from "../net/address.ts";
import type { Mac } from "../net/mac.ts";
import { contains, hostPrefix } from "../net/prefix.ts";
import type { Cidr } from "../net/prefix.ts";
import { ledBy, outwardOf } from "./floating.ts";
import type { Led } from "./floating.ts";
import { admitting } from "./rules.ts";
import type { Flow } from "./rules.ts";
import { replyTo } from "./reply.ts";

export interface Question {
  /** The port that sends; absent: somebody outside. */
  readonly from?: string;
  readonly source: Ip;
  /** The sender's MAC where it is not its port's own. */
  readonly mac?: Mac;
  readonly destination: Ip;
  /** IP protocol number; destination port or ICMP type. */
  readonly protocol: number;
  readonly port?: number;
}

export type Answer =
  /** `source` as the receiver sees it. */
  | { readonly verdict: "reaches"; readonly source: Ip | "pnat" }
  | { readonly verdict: "blocked" | "unreachable"; readonly at: string; readonly why: string };

/** A data centre as its compute hosts have been told of it. */
export interface Hosts {
  readonly datacenter: DataCenter;
  readonly views: ReadonlyMap<string, View>;
}

export function reach({ datacenter, views }: Hosts, question: Question): Answer {
  const hosts: Hosts = { datacenter, views: new Map([...views].map(([host, view]) => [host, settledView(view, host)])) };
  const sender = question.from === undefined ? undefined : placeOf(hosts, (endpoint) => endpoint.port_id === question.from);
  if (question.from !== undefined && sender === undefined) return blocked("everywhere", `port ${question.from} is bound to no host`);
  const led = ledBy(hosts.views, question);
  if (led !== undefined) return behind(hosts, { question, sender, led });
  const there = (sender === undefined ? entering(hosts, question) : leaving(sender, question)) ?? arriving(hosts, question, sender);
  return there.verdict === "reaches" ? (replying(hosts, question, sender) ?? there) : there;
}

interface Leading {
  readonly question: Question;
  readonly sender: Place | undefined;
  readonly led: Led;
}

/**
 * To a floating IP. Whoever is on the host that translates is judged by the address behind it, and others by the floating IP;
 * what is served elsewhere arrives in its name, and so does what comes back to where it came from.
 */
function behind(hosts: Hosts, { question, sender, led: { host, ip, to } }: Leading): Answer {
  const translated: Question = { ...question, ...to };
  const asked = sender?.host === host ? translated : question;
  const first = sender === undefined ? entering(hosts, question) : leaving(sender, asked);
  if (first !== undefined) return first;
  if (to === undefined) return blocked(host, "the floating IP has no port forwarding for it");
  const receiver = placeOf(hosts, (endpoint) => has(endpoint, to.destination));
  const elsewhere = receiver?.host !== host;
  const there = arriving(hosts, elsewhere ? { ...translated, source: ip } : translated, sender);
  if (there.verdict !== "reaches") return there;
  return replying(hosts, translated, sender) ?? (to.destination === question.source ? { verdict: "reaches", source: ip } : there);
}

/** What ends the reply of a flow that reaches its end. */
function replying(hosts: Hosts, question: Question, sender: Place | undefined): Answer | undefined {
  const reply = replyTo(question);
  if (reply === undefined) return undefined;
  const receiver = placeOf(hosts, (endpoint) => has(endpoint, question.destination));
  const out = { ...reply, direction: "egress", remote: question.source } as const;
  if (receiver !== undefined && !mayReply(receiver, out))
    return blocked(receiver.host, "the receiver is stateless, and no egress rule of it lets the reply out");
  const back = { ...reply, direction: "ingress", remote: question.destination } as const;
  if (sender !== undefined && !mayReply(sender, back))
    return blocked(sender.host, "the sender is stateless, and no ingress rule of it lets the reply in");
  return undefined;
}

/** Only who is stateless needs a rule for it. */
function mayReply({ view, endpoint }: Place, flow: Flow): boolean {
  return !endpoint.port_security || !isStateless(view, endpoint) || admitting(view, endpoint.groups, flow) !== undefined;
}

interface Place {
  readonly host: string;
  readonly view: View;
  readonly endpoint: Endpoint;
}

function placeOf(hosts: Hosts, is: (endpoint: Endpoint) => boolean): Place | undefined {
  for (const [host, view] of hosts.views) {
    for (const endpoint of view.endpoints.values()) if (endpoint.host === host && is(endpoint)) return { host, view, endpoint };
  }
  return undefined;
}

/** Its own, or of its pairs and led to it. */
function has({ addresses, claims }: Endpoint, address: Ip): boolean {
  return addresses.some(({ ip }) => ip === address) || claims.some(({ ip, held }) => held && ip === address);
}

/** From outside: the provider knows the aggregates, and nothing of the private range. */
function entering({ datacenter }: Hosts, { destination }: Question): Answer | undefined {
  return holds(exportsOf(datacenter), destination) ? undefined : unreachable("provider", "no route");
}

function leaving({ host, view, endpoint }: Place, question: Question): Answer | undefined {
  if (!endpoint.admin_state_up) return blocked(host, "the sender's port is administratively down");
  if (!endpoint.port_security) return undefined;
  if (!maySend(endpoint, question)) return blocked(host, "the source address is not the port's");
  const flow = { direction: "egress", remote: question.destination, protocol: question.protocol, ...portsOf(question) } as const;
  return admitting(view, endpoint.groups, flow) === undefined ? blocked(host, "no egress rule of the sender lets it out") : undefined;
}

function maySend(endpoint: Endpoint, { source, mac = endpoint.mac }: Question): boolean {
  const own = endpoint.addresses.map(({ ip }) => ({ prefix: hostPrefix(ip), mac: endpoint.mac }));
  return [...own, ...endpoint.pairs].some((allowed) => allowed.mac === mac && contains(allowed.prefix, source));
}

function arriving(hosts: Hosts, question: Question, sender: Place | undefined): Answer {
  const { destination } = question;
  const receiver = placeOf(hosts, (endpoint) => has(endpoint, destination));
  if (receiver !== undefined) return admitted(receiver, question);
  if (holds(rangesOf(hosts.datacenter), destination)) return unreachable(sender?.host ?? "gateway", "no port has the address");
  if (holds(machinePrefixes(hosts.datacenter), destination))
    return blocked(sender?.host ?? "gateway", "the fabric is closed to VMs and to the outside");
  const outward = sender === undefined ? undefined : outwardOf(sender.endpoint, question.source);
  return outgoing(hosts.datacenter, outward === undefined ? question : { ...question, source: outward });
}

function admitted({ host, view, endpoint }: Place, question: Question): Answer {
  if (!endpoint.admin_state_up) return blocked(host, "the receiver's port is administratively down");
  const flow = { direction: "ingress", remote: question.source, protocol: question.protocol, ...portsOf(question) } as const;
  const open = !endpoint.port_security || admitting(view, endpoint.groups, flow) !== undefined;
  return open ? { verdict: "reaches", source: question.source } : blocked(host, "no ingress rule of the receiver lets it in");
}

/** Out through the gateway: private sources are translated, others are not. */
function outgoing(dc: DataCenter, { source }: Question): Answer {
  const up = dc.gateways.some(({ upstream }) => (familyOf(source) === 4 ? upstream.ipv4 : upstream.ipv6) !== undefined);
  if (!up) return unreachable("gateway", `no upstream for IPv${familyOf(source)}`);
  const translated = holds(privateRanges(dc), source);
  return { verdict: "reaches", source: translated ? "pnat" : source };
}

function holds(prefixes: readonly (Cidr | undefined)[], ip: Ip): boolean {
  return prefixes.some((prefix) => prefix !== undefined && contains(prefix, ip));
}

function portsOf({ port }: Question): Pick<Flow, "ports"> {
  return port === undefined ? {} : { ports: [port, port] };
}

function blocked(at: string, why: string): Answer {
  return { verdict: "blocked", at, why };
}

function unreachable(at: string, why: string): Answer {
  return { verdict: "unreachable", at, why };
}

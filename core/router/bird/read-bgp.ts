/** One BGP protocol of BIRD. */
import { readIp } from "../../net/address.ts";
import type { ReadFamily, ReadNeighbor } from "../platform.ts";
import { channelsIn, filterIn } from "./read-channel.ts";
import type { BirdChannel } from "./read-channel.ts";
import { unread } from "./draft.ts";
import type { BirdDraft } from "./draft.ts";
import { statementsOf } from "./tokens.ts";
import type { Statement } from "./tokens.ts";

/** Says nothing of who is told what, or is read below. */
const SESSION = words([
  "local",
  "neighbor",
  "source address",
  "description",
  "direct",
  "multihop",
  "strict bind",
  "check link",
  "bfd",
  "ttl security",
  "password",
  // A file that holds nothing but that (core/intent/bgp.ts).
  "include",
  "passive",
  "rr client",
  "rr cluster id",
  "hold time",
  "startup hold time",
  "keepalive time",
  "connect delay time",
  "connect retry time",
  "error wait time",
  "error forget time",
  "graceful restart",
  "long lived graceful restart",
  "route refresh",
  "enforce first as",
  "ipv4",
  "ipv6",
  "debug",
  "mrtdump",
  "interface",
  "capabilities",
  "advertise hostname",
  "disable after",
  "vrf",
  "medium metric",
  "path metric",
  "prefer older",
  "igp metric",
  "default bgp_local_pref",
  "default bgp_med",
  "advertise ipv4",
  "enable extended messages",
  "enable route refresh",
  "enable as4",
  "require",
  "min keepalive time",
  "min hold time",
  "keepalive",
  "send hold time",
  "authentication",
  "med metric",
  "deterministic med",
]);
const CHANNEL = words([
  "import none",
  "import all",
  "import where",
  "import filter",
  "import limit",
  "import keep filtered",
  "import table",
  "receive limit",
  "export none",
  "export all",
  "export where",
  "export filter",
  "export limit",
  "export table",
  "next hop",
  "gateway",
  "add paths",
  "extended next hop",
  "preference",
  "missing lladdr",
  "graceful restart",
  "long lived graceful restart",
  "long lived stale time",
  "min long lived stale time",
  "max long lived stale time",
  "table",
  "igp table",
  "mandatory",
  "require",
  "cost",
  "validate",
  "aigp",
  "secondary",
  "base table",
  "rpki reload",
]);

/** What begins with one of these, word for word. */
function words(known: readonly string[]): RegExp {
  return new RegExp(`^(?:${known.join("|")})(?= |$)`);
}

interface Session {
  readonly name: string;
  readonly statement: Statement;
  readonly statements: readonly Statement[];
}

export function readSession(draft: BirdDraft, { name, statement, statements }: Session): void {
  for (const each of statements) if (!SESSION.test(each.text)) unread(draft, each, "not understood in a BGP session");
  const said = (pattern: RegExp) => statements.map(({ text }) => pattern.exec(text)).findLast((found) => found !== null);
  const [, address = "", far] =
    said(/^neighbor (\S+)(?: port \d+)? as (\d+)$/) ??
    said(/^neighbor (\S+) (internal|external)$/) ??
    said(/^neighbor (range) fe80\S+ as (\d+)$/) ??
    [];
  const [, local = "", own] = said(/^local (\S+)(?: port \d+)? as (\d+)$/) ?? said(/^local () ?as (\d+)$/) ?? [];
  const ip = readIp(address);
  const port = said(/^interface "(\S+)"$/)?.[1];
  if (ip === undefined && port === undefined) return unread(draft, statement, "a session whose neighbour is no single address");
  const cluster = readIp(said(/^rr cluster id (\S+)$/)?.[1] ?? "");
  if (cluster !== undefined) draft.own = { ...draft.own, clusterId: cluster };
  const localAsn = own === undefined ? undefined : Number(own);
  const asn = far === "internal" ? localAsn : far === undefined || far === "external" ? undefined : Number(far);
  const client = said(/^rr client$/) === undefined ? ("no" as const) : ("yes" as const);
  const seconds = (pattern: RegExp) => Number(said(pattern)?.[1] ?? Number.NaN);
  const timers = {
    hold: seconds(/^hold time (\d+)$/),
    keepalive: seconds(/^keepalive time (\d+)$/),
    connectRetry: seconds(/^connect retry time (\d+)$/),
  };
  const heard = readIp(local) ?? readIp(said(/^source address (\S+)$/)?.[1] ?? "");
  draft.neighbors.push({
    ...(ip === undefined ? {} : { address: ip }),
    ...(port === undefined ? {} : { interface: port }),
    line: statement.line,
    description: name,
    ...(asn === undefined ? {} : { asn }),
    ...(heard === undefined ? {} : { local: heard }),
    ...(localAsn === undefined ? {} : { localAsn }),
    connects: said(/^passive( on| yes)?$/) === undefined ? "both" : "passive",
    timers: Object.fromEntries(Object.entries(timers).filter(([, value]) => !Number.isNaN(value))),
    ...bfdIn(statements),
    gracefulRestart: said(/^graceful restart( on| yes)?$/) === undefined ? "no" : "yes",
    password: said(/^(password|include)\b/) === undefined && said(/^authentication\b/) === undefined ? "no" : "yes",
    gtsm: said(/^ttl security( on| yes)?$/) === undefined ? "no" : "yes",
    families: channelsIn(statements).map((channel) => familyIn(draft, { name, channel, client, internal: asn === localAsn })),
  });
}

/** Milliseconds; those that a session does not say itself are those of the protocol `bfd`. */
function bfdIn(statements: readonly Statement[]): Pick<ReadNeighbor, "bfd"> {
  const statement = statements.findLast(({ head }) => head[0]?.text === "bfd");
  if (statement === undefined || /^bfd (off|no)$/.test(statement.text)) return {};
  const inner = statementsOf(statement.body ?? []).map(({ text }) => text);
  const number = (pattern: RegExp) =>
    Number(inner.map((text) => pattern.exec(text)).findLast((found) => found !== null)?.[1] ?? Number.NaN);
  const [interval, multiplier] = [number(/^(?:interval|min rx interval) (\d+) ms$/), number(/^multiplier (\d+)$/)];
  return { bfd: { ...(Number.isNaN(interval) ? {} : { interval }), ...(Number.isNaN(multiplier) ? {} : { multiplier }) } };
}

interface Channel {
  readonly name: string;
  readonly channel: BirdChannel;
  readonly client: "yes" | "no";
  readonly internal: boolean;
}

function familyIn(draft: BirdDraft, { name, channel, client, internal }: Channel): ReadFamily {
  const { family, statements } = channel;
  for (const each of statements) if (!CHANNEL.test(each.text)) unread(draft, each, "not understood in a channel");
  const said = (pattern: RegExp) => statements.map(({ text }) => pattern.exec(text)).findLast((found) => found !== null);
  const policy = (direction: "import" | "export") =>
    filterIn(draft, statements, {
      direction,
      name: `${name} ipv${family} ${direction}`,
      otherwise: internal && direction === "import" ? "accept" : "reject",
    });
  const maximum = Number(said(/^(?:import|receive) limit (\d+)\b/)?.[1] ?? Number.NaN);
  const own = readIp(said(/^next hop address (\S+)$/)?.[1] ?? "");
  const paths = said(/^add paths (tx|rx|on|yes)$/)?.[1];
  return {
    family,
    import: [policy("import")],
    export: [policy("export")],
    unfiltered: "reject",
    ...(Number.isNaN(maximum) ? {} : { maximum }),
    client,
    nextHop: nextHopOf(said(/^next hop (keep|self)(?: (on|yes|off|no|ebgp|ibgp))?$/)),
    ...(own === undefined ? {} : { localNextHop: own }),
    addPaths: paths === undefined ? "none" : paths === "tx" ? "send" : paths === "rx" ? "receive" : "both",
  };
}

/** Of the last statement about it. */
function nextHopOf(said: RegExpExecArray | null | undefined): ReadFamily["nextHop"] {
  const [, word, how] = said ?? [];
  if (word === undefined || how === "off" || how === "no") return "unchanged";
  if (word === "keep") return how === "ibgp" ? "unchanged" : "kept";
  return how === "ebgp" ? "self for external" : "self";
}

/**
 * The language of `.case` files: one story each, read by three runners.
 *
 *     # An address is released, and used again by another port on another host.
 *     data centre guide
 *
 *     group web
 *     rule web ingress ipv4 tcp 80
 *     port a external 172.18.208.20 on h1 in web
 *     h1 holds route 172.18.208.20/32 dev tap(a) metric 1024
 *     outside reaches a tcp 80
 *     delete a
 *     h1 holds nothing of a
 *
 * Also: `regroup a in web,ssh` (or `nothing`), `set a admin_state_up false` (any attribute, as JSON), `move a to h2`, `bind a to h2` (without
 * its tap), `unplug a from h1` and `plug a on h1` (the tap alone), `down a on h1`, `up a on h1`, `flap a on h1 3 times`,
 * `rename a on h1 to tapelse` and `rename tapelse on h1 to a`, `stray x on h1 with 172.18.208.99` (a tap of no port, and whoever is behind
 * it), `drop rule …`, `kill agent h1`, `kill controller`; `h1 lacks route …`, `a is ACTIVE`;
 * `policy slow egress 20 mbit`, `pace a by slow` and `pace network external by slow` (or `nothing`), `a sends outside at 20 mbit` or `freely`;
 * `group quick stateless`; `port b … in web beside a` (another NIC of the same VM), `port b … after a` (with an id that is after that one's);
 * `b claims 172.18.208.20` and `b claims the tap of a` (the store is put back by force, and says so);
 * `floating f 172.18.208.50`, `lead f to a` (or `nothing`), `forward f tcp 2222 to a 22`, `drop forward f tcp 2222`;
 * `expect a on h2` (Nova prepares a move: a binding and a tap), `a shows itself on h2` (its first sign of life), then `activate a on h2`, or
 * `give up a on h2`; `a shows itself on h1 with 172.18.208.99` (an address of its pairs); `b takes 172.18.208.20` (from whoever has it);
 * `addresses offices 192.0.2.0/24`, `add 198.51.100.0/24 to offices`, `remove 192.0.2.0/24 from offices`, and rules `… with addresses offices`.
 *
 * Changes are done at once, one after the other; before an expectation the world comes to rest. A world is started with
 * the data centre `examples/NAME.yaml` applied.
 */
export type Remote = { readonly group: string } | { readonly addresses: string } | { readonly prefix: string };

export interface Rule {
  readonly group: string;
  readonly direction: "ingress" | "egress";
  readonly family: 4 | 6;
  /** `any`, or a name that Neutron knows. */
  readonly protocol: string;
  readonly port?: number;
  readonly remote?: Remote;
}

export type Change =
  | { readonly do: "group"; readonly name: string; readonly stateful: boolean }
  | { readonly do: "addresses"; readonly name: string; readonly prefixes: readonly string[] }
  | { readonly do: "add" | "remove"; readonly prefix: string; readonly addresses: string }
  | { readonly do: "rule" | "unrule"; readonly rule: Rule }
  | {
      readonly do: "port";
      readonly name: string;
      readonly network: string;
      readonly addresses: readonly string[];
      readonly host: string;
      readonly groups: readonly string[];
      /** It is a further NIC of this one's VM. */
      readonly beside?: string;
      /** Of two that claim the same, the one with the smaller id has it. */
      readonly after?: string;
    }
  | { readonly do: "regroup"; readonly name: string; readonly groups: readonly string[] }
  | { readonly do: "move" | "bind"; readonly name: string; readonly host: string }
  | { readonly do: "expect" | "activate" | "give-up"; readonly name: string; readonly host: string }
  | { readonly do: "sign"; readonly name: string; readonly host: string; readonly address?: string }
  | { readonly do: "take"; readonly name: string; readonly address: string }
  | { readonly do: "delete"; readonly name: string }
  /** `value` as JSON would have it. */
  | { readonly do: "set"; readonly name: string; readonly attribute: string; readonly value: unknown }
  | { readonly do: "floating"; readonly floating: string; readonly address: string }
  /** To no port in particular: nowhere. */
  | { readonly do: "lead"; readonly floating: string; readonly to?: string }
  | {
      readonly do: "forward";
      readonly floating: string;
      readonly protocol: string;
      readonly port: number;
      readonly to: string;
      readonly inner: number;
    }
  | { readonly do: "unforward"; readonly floating: string; readonly protocol: string; readonly port: number }
  /** A policy of limits says this of one direction, whatever it said before. */
  | { readonly do: "policy"; readonly policy: string; readonly direction: "ingress" | "egress"; readonly mbit: number }
  | { readonly do: "pace"; readonly of: { readonly port: string } | { readonly network: string }; readonly by?: string }
  /** The tap alone comes or goes, whatever the port is bound to. */
  | { readonly do: "plug" | "unplug" | "up" | "down"; readonly name: string; readonly host: string }
  | { readonly do: "flap"; readonly name: string; readonly host: string; readonly times: number }
  /** Ports stand for their taps; whatever is none is the name of a tap. */
  | { readonly do: "rename"; readonly host: string; readonly from: string; readonly to: string }
  | { readonly do: "stray"; readonly stray: string; readonly host: string; readonly addresses: readonly string[] }
  | { readonly do: "claim"; readonly name: string; readonly address: string }
  | { readonly do: "claim-tap"; readonly name: string; readonly of: string }
  | { readonly do: "kill-agent"; readonly host: string }
  | { readonly do: "kill-controller" };

export type Expectation =
  | { readonly see: "holds" | "lacks"; readonly host: string; readonly object: string }
  | { readonly see: "holds-nothing"; readonly host: string; readonly port: string }
  | { readonly see: "status"; readonly port: string; readonly status: string }
  /** Mbit/s; absent: as fast as it can. */
  | { readonly see: "pace"; readonly from: string; readonly to: string; readonly mbit?: number }
  | {
      readonly see: "reach";
      readonly from: string;
      readonly to: string;
      readonly flow: FlowText;
      readonly reaches: boolean;
      readonly as?: string;
    };

export interface FlowText {
  readonly protocol: "tcp" | "udp" | "ping";
  readonly port?: number;
  /** Absent: every family that both ends have. */
  readonly family?: 4 | 6;
}

export interface Step {
  readonly line: number;
  readonly text: string;
  readonly what: Change | Expectation;
}

export interface Story {
  readonly title: string;
  readonly datacenter: string;
  readonly steps: readonly Step[];
}

export function isChange(what: Change | Expectation): what is Change {
  return "do" in what;
}

/** Reads a whole story; throws with file and line at the first sentence that is none. */
export function readStory(path: string, text: string): Story {
  const lines = text.split("\n").map((line, at) => ({ line: at + 1, text: line.replace(/(^|\s)#.*$/, "").trim() }));
  const sentences = lines.filter(({ text }) => text !== "");
  const [first, ...rest] = sentences;
  const datacenter = /^data centre (\S+)$/.exec(first?.text ?? "")?.[1];
  if (datacenter === undefined) throw new Error(`${path}: begins with "data centre NAME"`);
  const title = /^#\s*(.*)$/m.exec(text)?.[1] ?? path;
  return {
    title,
    datacenter,
    steps: rest.map(({ line, text: said }) => ({ line, text: said, what: readSentence(`${path}:${line}`, said) })),
  };
}

type Reader = (words: RegExpExecArray) => Change | Expectation;

/** Every sentence of the language: its form, and what it means. */
const SENTENCES: readonly (readonly [RegExp, Reader])[] = [
  [/^group (\S+?)( stateless)?$/, ([, name = "", stateless]) => ({ do: "group", name, stateful: stateless === undefined })],
  [/^addresses (\S+) (\S+)$/, ([, name = "", prefixes = ""]) => ({ do: "addresses", name, prefixes: readNames(prefixes) })],
  [
    /^(add|remove) (\S+) (?:to|from) (\S+)$/,
    ([, verb, prefix = "", addresses = ""]) => ({ do: verb === "add" ? "add" : "remove", prefix, addresses }),
  ],
  [/^(rule|drop rule) (.+)$/, ([, verb, rest = ""]) => ({ do: verb === "rule" ? "rule" : "unrule", rule: readRule(rest) })],
  [
    /^port (\S+) (\S+) (.+) on (\S+) in (\S+?)(?: beside (\S+))?(?: after (\S+))?$/,
    ([, name = "", network = "", addresses = "", host = "", groups = "", beside, after]) => ({
      do: "port",
      name,
      network,
      addresses: addresses.split(/\s+/),
      host,
      groups: readNames(groups),
      ...(beside === undefined ? {} : { beside }),
      ...(after === undefined ? {} : { after }),
    }),
  ],
  [/^floating (\S+) (\S+)$/, ([, floating = "", address = ""]) => ({ do: "floating", floating, address })],
  [/^lead (\S+) to (\S+)$/, ([, floating = "", to = ""]) => ({ do: "lead", floating, ...(to === "nothing" ? {} : { to }) })],
  [
    /^forward (\S+) (tcp|udp|sctp) (\d+) to (\S+) (\d+)$/,
    ([, floating = "", protocol = "", port, to = "", inner]) => ({
      do: "forward",
      floating,
      protocol,
      port: Number(port),
      to,
      inner: Number(inner),
    }),
  ],
  [
    /^drop forward (\S+) (tcp|udp|sctp) (\d+)$/,
    ([, floating = "", protocol = "", port]) => ({ do: "unforward", floating, protocol, port: Number(port) }),
  ],
  [
    /^policy (\S+) (ingress|egress) (\d+) mbit$/,
    ([, policy = "", direction, mbit]) => ({
      do: "policy",
      policy,
      direction: direction === "egress" ? "egress" : "ingress",
      mbit: Number(mbit),
    }),
  ],
  [
    /^pace (network )?(\S+) by (\S+)$/,
    ([, network, of = "", by = ""]) => ({
      do: "pace",
      of: network === undefined ? { port: of } : { network: of },
      ...(by === "nothing" ? {} : { by }),
    }),
  ],
  [
    /^(\S+) sends (\S+) (?:freely|at (\d+) mbit)$/,
    ([, from = "", to = "", mbit]) => ({ see: "pace", from, to, ...(mbit === undefined ? {} : { mbit: Number(mbit) }) }),
  ],
  [/^regroup (\S+) in (\S+)$/, ([, name = "", groups = ""]) => ({ do: "regroup", name, groups: readNames(groups) })],
  [/^(move|bind) (\S+) to (\S+)$/, ([, verb, name = "", host = ""]) => ({ do: verb === "move" ? "move" : "bind", name, host })],
  [
    /^(expect|activate|give up) (\S+) on (\S+)$/,
    ([, verb, name = "", host = ""]) => ({ do: verb === "give up" ? "give-up" : (verb as "expect" | "activate"), name, host }),
  ],
  [
    /^(\S+) shows itself on (\S+?)(?: with (\S+))?$/,
    ([, name = "", host = "", address]) => ({ do: "sign", name, host, ...(address === undefined ? {} : { address }) }),
  ],
  [/^(\S+) takes (\S+)$/, ([, name = "", address = ""]) => ({ do: "take", name, address })],
  [/^delete (\S+)$/, ([, name = ""]) => ({ do: "delete", name })],
  [/^set (\S+) (\S+) (.+)$/, ([, name = "", attribute = "", value = ""]) => ({ do: "set", name, attribute, value: JSON.parse(value) })],
  [
    /^(plug|unplug|up|down) (\S+) (?:on|from) (\S+)$/,
    ([, verb, name = "", host = ""]) => ({ do: verb as "plug" | "unplug" | "up" | "down", name, host }), // the form admits these only
  ],
  [/^flap (\S+) on (\S+) (\d+) times$/, ([, name = "", host = "", times]) => ({ do: "flap", name, host, times: Number(times) })],
  [/^rename (\S+) on (\S+) to (\S+)$/, ([, from = "", host = "", to = ""]) => ({ do: "rename", host, from, to })],
  [
    /^stray (\S+) on (\S+) with (.+)$/,
    ([, stray = "", host = "", addresses = ""]) => ({ do: "stray", stray, host, addresses: addresses.split(/\s+/) }),
  ],
  [/^(\S+) claims the tap of (\S+)$/, ([, name = "", of = ""]) => ({ do: "claim-tap", name, of })],
  [/^(\S+) claims (\S+)$/, ([, name = "", address = ""]) => ({ do: "claim", name, address })],
  [/^kill agent (\S+)$/, ([, host = ""]) => ({ do: "kill-agent", host })],
  [/^kill controller$/, () => ({ do: "kill-controller" })],
  [/^(\S+) holds nothing of (\S+)$/, ([, host = "", port = ""]) => ({ see: "holds-nothing", host, port })],
  [
    /^(\S+) (holds|lacks) (.+)$/,
    ([, host = "", verb, object = ""]) => ({ see: verb === "holds" ? "holds" : "lacks", host, object: object.replaceAll(/\s+/g, " ") }),
  ],
  [/^(\S+) is (ACTIVE|DOWN|ERROR|BUILD)$/, ([, port = "", status = ""]) => ({ see: "status", port, status })],
  [/^(\S+) (reaches|misses) (\S+) (tcp|udp|ping)(?: (\d+))?(?: over ipv([46]))?(?: as (\S+))?$/, readReach],
];

/** `web,ssh`; `nothing` is none. */
function readNames(text: string): readonly string[] {
  return text === "nothing" ? [] : text.split(",");
}

function readSentence(place: string, text: string): Change | Expectation {
  for (const [form, read] of SENTENCES) {
    const words = form.exec(text);
    if (words !== null) return read(words);
  }
  throw new Error(`${place}: no sentence of the language: ${text}`);
}

function readReach([, from = "", verb, to = "", protocol = "", port, family, as]: RegExpExecArray): Expectation {
  const flow: FlowText = {
    protocol: protocol as FlowText["protocol"], // the form admits these three only
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(family === undefined ? {} : { family: family === "4" ? 4 : 6 }),
  };
  return { see: "reach", from, to, flow, reaches: verb === "reaches", ...(as === undefined ? {} : { as }) };
}

const RULE = /^(\S+) (ingress|egress) ipv([46]) (\S+?)(?: (\d+))?(?: with (?:group (\S+)|addresses (\S+)|(\S+)))?$/;

/** `web ingress ipv4 tcp 80 with group web`: `with` names the other end, be it sender or receiver. */
function readRule(text: string): Rule {
  const words = RULE.exec(text);
  if (words === null) throw new Error(`no rule: ${text}`);
  const [, group = "", direction, family, protocol = "", port, ...ends] = words;
  const remote = remoteOf(ends);
  return {
    group,
    direction: direction === "egress" ? "egress" : "ingress",
    family: family === "4" ? 4 : 6,
    protocol,
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(remote === undefined ? {} : { remote }),
  };
}

function remoteOf([group, addresses, prefix]: readonly (string | undefined)[]): Remote | undefined {
  if (group !== undefined) return { group };
  if (addresses !== undefined) return { addresses };
  return prefix === undefined ? undefined : { prefix };
}

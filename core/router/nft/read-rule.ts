/** One rule in nft's words: tests and statements, from the left. */
import type { Family } from "../../net/address.ts";
import { readIp, bitsOf, familyOf } from "../../net/address.ts";
import type { Case, Go, NumberField, Span, Step, Target } from "./model.ts";
import { closing, isSign } from "./tokens.ts";
import type { Word } from "./tokens.ts";
import { protocolNamed, spanOf, spansOf } from "./values.ts";

/** Undefined: something in it is not understood. */
export function stepsOf(words: readonly Word[]): readonly Step[] | undefined {
  const cursor = new Cursor(words);
  const steps: Step[] = [];
  while (!cursor.done) {
    const read = stepsAt(cursor);
    if (read === undefined) return undefined;
    steps.push(...read);
  }
  return steps;
}

/** Words yet to be read. */
class Cursor {
  readonly #words: readonly Word[];
  #at = 0;

  constructor(words: readonly Word[]) {
    this.#words = words;
  }

  get done(): boolean {
    return this.#at >= this.#words.length;
  }

  get next(): string {
    return this.#words[this.#at]?.text ?? "";
  }

  take(): string {
    const { next } = this;
    this.#at++;
    return next;
  }

  /** Takes the next word if it is one of these. */
  takes(...texts: readonly string[]): boolean {
    const found = texts.includes(this.next);
    if (found) this.#at++;
    return found;
  }

  /** `{ a, b c }`: the words between its commas, or the one word that stands there. */
  list(): readonly (readonly string[])[] {
    if (!isSign(this.#words[this.#at], "{")) return [[this.take()], ...this.#more()];
    const end = closing(this.#words, this.#at);
    const entries: string[][] = [[]];
    for (const word of this.#words.slice(this.#at + 1, end))
      if (isSign(word, ",")) entries.push([]);
      else entries.at(-1)?.push(word.text);
    this.#at = end + 1;
    return entries.filter((entry) => entry.length > 0);
  }

  /** `established,related`: commas stand alone here. */
  #more(): readonly (readonly string[])[] {
    const more: string[][] = [];
    while (isSign(this.#words[this.#at], ",")) {
      this.#at++;
      more.push([this.take()]);
    }
    return more;
  }
}

type Read = (cursor: Cursor) => readonly Step[] | undefined;

const FIRST: Readonly<Record<string, Read>> = {
  accept: () => [{ verdict: "accept" }],
  drop: () => [{ verdict: "drop" }],
  return: () => [{ verdict: "return" }],
  notrack: () => [{ set: "notrack" }],
  reject: rejected,
  counter: (cursor) => past(cursor, { packets: 1, bytes: 1 }),
  log: (cursor) => past(cursor, { prefix: 1, group: 1, level: 1, snaplen: 1, "queue-threshold": 1, flags: 1 }),
  comment: (cursor) => (cursor.take(), []),
  goto: (cursor) => [{ go: "goto", chain: cursor.take() }],
  jump: (cursor) => [{ go: "jump", chain: cursor.take() }],
  iifname: (cursor) => named(cursor, "iifname"),
  oifname: (cursor) => named(cursor, "oifname"),
  ip: (cursor) => header(cursor, 4),
  ip6: (cursor) => header(cursor, 6),
  icmp: (cursor) => (cursor.takes("type") ? numbers(cursor, "icmp type") : undefined),
  icmpv6: (cursor) => (cursor.takes("type") ? numbers(cursor, "icmpv6 type") : undefined),
  meta: (cursor) => (cursor.takes("l4proto") ? numbers(cursor, "l4proto") : undefined),
  tcp: (cursor) => port(cursor, "tcp"),
  udp: (cursor) => port(cursor, "udp"),
  sctp: (cursor) => port(cursor, "sctp"),
  ct: tracked,
  snat: translated,
  masquerade: () => undefined,
  dnat: redirected,
  update: learnt,
};

function stepsAt(cursor: Cursor): readonly Step[] | undefined {
  return FIRST[cursor.take()]?.(cursor);
}

function past(cursor: Cursor, words: Readonly<Record<string, number>>): readonly Step[] {
  while (words[cursor.next] !== undefined) {
    cursor.take();
    cursor.take();
  }
  return [];
}

/** Whatever it answers. */
function rejected(cursor: Cursor): readonly Step[] {
  if (cursor.takes("with")) while (!cursor.done) cursor.take();
  return [{ verdict: "drop" }];
}

const isNegated = (cursor: Cursor): boolean => cursor.takes("!=") || (cursor.takes("=="), false);

function named(cursor: Cursor, test: "iifname" | "oifname"): readonly Step[] {
  const negated = isNegated(cursor);
  return [{ test, names: cursor.list().map(([name = ""]) => name), negated }];
}

function numbers(cursor: Cursor, test: NumberField, family?: Family): readonly Step[] | undefined {
  const negated = isNegated(cursor);
  const texts = cursor.list().map((entry) => entry.join(" "));
  // A set of the table's own: what is in it is not looked at.
  if (texts[0]?.startsWith("@")) return [{ test: "unknown", text: `${test} ${texts[0]}` }];
  const within = spansOf(test, texts);
  return within && [{ test, ...(family === undefined ? {} : { family }), within, negated }];
}

function port(cursor: Cursor, protocol: string): readonly Step[] | undefined {
  const number = BigInt(protocolNamed(protocol) ?? 0);
  if (!cursor.takes("dport", "sport")) return undefined;
  const ports = numbers(cursor, "port");
  return ports && [{ test: "l4proto", within: [{ low: number, high: number }], negated: false }, ...ports];
}

function header(cursor: Cursor, family: Family): readonly Step[] | undefined {
  if (cursor.takes("protocol", "nexthdr")) return numbers(cursor, "l4proto", family);
  const field = cursor.take();
  if (field !== "saddr" && field !== "daddr") return undefined;
  if (cursor.takes("set")) {
    const to = spanOf("saddr", cursor.take());
    return field === "saddr" && to !== undefined ? [{ set: "saddr", to: [to] }] : undefined;
  }
  const mask = cursor.takes("&") ? readIp(cursor.take()) : undefined;
  if (cursor.takes("vmap")) return chosen(cursor, { choose: field, family, ...(mask === undefined ? {} : { mask: bitsOf(mask) }) });
  return mask === undefined ? numbers(cursor, field, family) : undefined;
}

type Choice = Pick<Extract<Step, { choose: unknown }>, "choose" | "family" | "mask">;

function chosen(cursor: Cursor, choice: Choice): readonly Step[] | undefined {
  const cases = cursor.list().map(([key = "", sign, go, chain]): Case | undefined => {
    const span = spanOf("saddr", key);
    return span === undefined || sign !== ":" || chain === undefined || (go !== "goto" && go !== "jump")
      ? undefined
      : { key: span, go: go as Go, chain };
  });
  return cases.every((each) => each !== undefined) ? [{ ...choice, cases }] : undefined;
}

function tracked(cursor: Cursor): readonly Step[] | undefined {
  const key = cursor.take();
  if (key !== "state" && key !== "status") return undefined;
  const negated = isNegated(cursor);
  const words = cursor.list().map(([word = ""]) => word);
  if (key === "state") return [{ test: "state", states: words, negated }];
  return words.length === 1
    ? [{ test: "status", status: words[0] ?? "", negated }]
    : [{ test: "unknown", text: `ct status ${words.join()}` }];
}

function translated(cursor: Cursor): readonly Step[] | undefined {
  cursor.takes("ip", "ip6");
  if (!cursor.takes("to")) return undefined;
  const target = targetOf(cursor);
  const ports = portsOf(cursor);
  while (cursor.takes("persistent", "random", "fully-random", ","));
  return target && [{ snat: { ...target, ...(ports === undefined ? {} : { ports }) } }];
}

/** ` : 1024-2047` as it is written, `:1024-2047` as nft prints it. */
function portsOf(cursor: Cursor): Span | undefined {
  if (cursor.takes(":")) return spanOf("port", cursor.take());
  return cursor.next.startsWith(":") ? spanOf("port", cursor.take().slice(1)) : undefined;
}

function targetOf(cursor: Cursor): Target | undefined {
  if (!cursor.takes("ip")) {
    const to = spanOf("saddr", cursor.take());
    return to && { to: [to] };
  }
  if (!cursor.takes("saddr") || !cursor.takes("map")) return undefined;
  const map = cursor.list().map(([key = "", sign, to = ""]) => entryOf(key, sign === ":" ? to : ""));
  return map.every((each) => each !== undefined) ? { to: map.map(({ to }) => to), map } : undefined;
}

export function entryOf(key: string, value: string): { readonly key: Span; readonly to: Span } | undefined {
  const [span, to] = [spanOf("saddr", key), spanOf("saddr", value)];
  return span === undefined || to === undefined || familyOf(key) !== familyOf(value) ? undefined : { key: span, to };
}

/** By a map, or to one place: in either case what is behind it is not asked. */
function redirected(cursor: Cursor): readonly Step[] {
  while (!cursor.done) cursor.take();
  return [{ dnat: "anywhere" }];
}

/** What is remembered in a set changes nothing of the packet. */
function learnt(cursor: Cursor): readonly Step[] {
  cursor.take();
  cursor.list();
  return [];
}

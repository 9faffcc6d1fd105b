/**
 * Elements of sets and maps changed in one transaction, without a program in between: packets see all of it or none. A set that
 * changes as a whole is emptied and filled. What is to be in a set, and what is not, is all that can be said so; chains, rules and
 * the sets themselves are said in nft's language.
 */
import type { Nft, NftElement, NftFamily, NftSet } from "#core/kinds/nft.ts";
import type { Change } from "#core/reconcile/diff.ts";
import type { Channel } from "../netlink/channel.ts";
import { ACK, CREATE, messageWriter, REQUEST } from "../netlink/message.ts";
import type { MessageWriter } from "../netlink/message.ts";
import { wordsOf } from "../netlink/refusal.ts";
import { elementsHead, writeValue } from "./elements.ts";
import { nextOf, spanOf } from "./fields.ts";
import { comeBy, goneBy, valuesIn } from "./moves.ts";
import type { Span } from "./fields.ts";
import {
  BATCH_BEGIN,
  BATCH_END,
  BATCH_HEAD,
  DATA,
  ELEMENT,
  ELEMENT_FLAG,
  ELEMENTS,
  LIST_ELEMENT,
  NFT,
  nftHead,
  verdictCode,
} from "./numbers.ts";
import { isInterval, setsNamed } from "./sets.ts";
import type { SetPlace, SetShape } from "./sets.ts";

/** Whom the kernel, or we, refuse, and why; undefined when all is done. Of a transaction that is refused nothing is done. */
export type Culprits = ReadonlyMap<Change<Nft>, string> | undefined;

/** Elements, single or in shares, and sets that change as a whole. */
export function isElemental(change: Change<Nft>): boolean {
  if (valuesIn(change).every((value) => value.object === "element" || value.object === "share")) return true;
  if (change.op !== "replace") return false;
  const { want, have } = change;
  return want.object === "set" && have.object === "set" && want.elements !== undefined && want.type === have.type;
}

type Entry = (to: MessageWriter) => void;

/** Something to be done with a set: emptied when there are no entries. */
interface Step {
  readonly type: number;
  readonly family: NftFamily;
  readonly set: string;
  readonly entries: readonly Entry[];
  readonly owner: Change<Nft>;
}

const NO_SET = wordsOf(2);

export interface RawElements {
  /** The transaction, which is still to be made; undefined when there is a set among those of `changes` whose keys we cannot write. */
  prepare(changes: readonly Change<Nft>[]): (() => Culprits) | undefined;
}

export function rawElements(netfilter: Channel): RawElements {
  return {
    prepare: (changes) => {
      const shapes = shapesOf(netfilter, changes);
      if ([...shapes.values()].some((shape) => shape !== undefined && (shape.keys === undefined || shape.values === "other")))
        return undefined;
      const culprits = new Map<Change<Nft>, string>();
      const steps = PHASES.flatMap((phase) =>
        changes.flatMap((change) => {
          const made = phase(change, shapes.get(placeOf(change)));
          if (typeof made === "string") culprits.set(change, made);
          return typeof made === "string" ? [] : made;
        }),
      );
      return () => (culprits.size > 0 ? culprits : send(netfilter, steps));
    },
  };
}

function shapesOf(netfilter: Channel, changes: readonly Change<Nft>[]): ReadonlyMap<string, SetShape | undefined> {
  const places = new Map<string, SetPlace>();
  for (const change of changes) {
    const value = change.op === "delete" ? change.have : change.want;
    places.set(placeOf(change), { family: value.family, name: setOf(value) });
  }
  const shapes = setsNamed(netfilter, [...places.values()]);
  return new Map([...places.keys()].map((place, at) => [place, shapes[at]]));
}

const setOf = (value: Nft): string => ("of" in value ? value.of : value.name);

function placeOf(change: Change<Nft>): string {
  const value = change.op === "delete" ? change.have : change.want;
  return `${value.family} ${setOf(value)}`;
}

/** Steps, or why there can be none. */
type Phase = (change: Change<Nft>, shape: SetShape | undefined) => readonly Step[] | string;

/** What goes, before what comes in its place. */
const PHASES: readonly Phase[] = [
  (change, shape) => elements(change, goneBy(change), shape, NFT.DELSETELEM),
  (change, shape) => elements(change, comeBy(change), shape, NFT.NEWSETELEM),
  (change, shape) => (change.op === "delete" || change.want.object !== "set" ? [] : contents(change, change.want, shape)),
];

function elements(
  owner: Change<Nft>,
  values: readonly NftElement[],
  shape: SetShape | undefined,
  type: Step["type"],
): readonly Step[] | string {
  const [first] = values;
  if (first === undefined) return [];
  const entries = values.map((value) => entryOf(value, shape, type));
  const wrong = entries.find((entry) => typeof entry === "string");
  return wrong ?? [{ type, family: first.family, set: first.of, entries: entries as Entry[], owner }];
}

/** What is written of it, or why nothing can be. */
function entryOf(value: NftElement, shape: SetShape | undefined, type: Step["type"]): Entry | string {
  if (shape?.keys === undefined) return NO_SET;
  const span = spanOf(value.element, shape.keys);
  if (span === undefined) return `${value.element} is no ${shape.keys.map(({ name }) => name).join(" . ")}`;
  const data = type === NFT.DELSETELEM || value.value === undefined ? undefined : dataOf(value.value, shape);
  if (typeof data === "string") return data;
  return (to) => {
    writeSpan(to, span, shape);
    if (data !== undefined) to.nest(ELEMENT.DATA, () => data(to));
  };
}

/** Both ends where the set is of concatenated intervals; the kernel takes one for a single value elsewhere. */
function writeSpan(to: MessageWriter, { first, last }: Span, shape: SetShape): void {
  writeValue(to, ELEMENT.KEY, first);
  if (isInterval(shape) && (shape.keys?.length ?? 0) > 1) writeValue(to, ELEMENT.KEY_END, last);
}

function dataOf(value: string, { values }: SetShape): ((to: MessageWriter) => void) | string {
  if (values === "verdict") {
    const [name = "", chain] = value.split(" ");
    const code = verdictCode(name);
    if (code === undefined) return `${value} is no verdict`;
    return (to) =>
      to.nest(DATA.VERDICT, () => {
        to.bigEndian(DATA.VERDICT_CODE, code);
        if (chain !== undefined) to.attribute(DATA.VERDICT_CHAIN, chain);
      });
  }
  const span = typeof values === "object" ? spanOf(value, values) : undefined;
  return span === undefined ? `${value} is no value of this map` : (to) => to.attribute(DATA.VALUE, span.first);
}

/** All that is to be in a set: its former contents go. */
function contents(owner: Change<Nft>, value: NftSet, shape: SetShape | undefined): readonly Step[] | string {
  const keys = shape?.keys;
  if (shape === undefined || keys === undefined) return NO_SET;
  const spans = (value.elements ?? []).map((text) => spanOf(text, keys) ?? `${text} is no ${keys.map(({ name }) => name).join(" . ")}`);
  const wrong = spans.find((span) => typeof span === "string");
  if (wrong !== undefined) return wrong;
  const place = { family: value.family, set: value.name, owner };
  const entries = (spans as Span[]).flatMap((span) => entriesOf(span, shape));
  const empty = { ...place, type: NFT.DELSETELEM, entries: [] };
  return entries.length === 0 ? [empty] : [empty, { ...place, type: NFT.NEWSETELEM, entries }];
}

/** Of a single interval the place behind it is another element, unless there is no such place. */
function entriesOf(span: Span, shape: SetShape): ((to: MessageWriter) => void)[] {
  if (!isInterval(shape) || shape.keys?.length !== 1) return [(to) => writeSpan(to, span, shape)];
  const behind = nextOf(span.last);
  const begin = (to: MessageWriter) => writeValue(to, ELEMENT.KEY, span.first);
  const end = (to: MessageWriter, at: Buffer) => {
    writeValue(to, ELEMENT.KEY, at);
    to.bigEndian(ELEMENT.FLAGS, ELEMENT_FLAG.INTERVAL_END);
  };
  return behind === undefined ? [begin] : [begin, (to) => end(to, behind)];
}

/** An attribute has no more than 64 KB, and an entry some 100 bytes. */
const MOST = 400;

/** All at once; when that is refused, once more with each step in a message of its own, to learn whose fault it is. */
function send(netfilter: Channel, steps: readonly Step[]): Culprits {
  if (steps.length === 0) return undefined;
  if (transaction(netfilter, merged(steps)) === undefined) return undefined;
  return transaction(netfilter, steps);
}

/** Steps of one sort with one set, one after the other, are one. */
function merged(steps: readonly Step[]): Step[] {
  const all: { -readonly [K in keyof Step]: Step[K] extends readonly (infer E)[] ? E[] : Step[K] }[] = [];
  for (const step of steps) {
    const last = all.at(-1);
    const same = last?.type === step.type && last.set === step.set && last.family === step.family;
    const room = last !== undefined && last.entries.length > 0 && step.entries.length > 0 && last.entries.length < MOST;
    if (same && room) last.entries.push(...step.entries);
    else all.push({ ...step, entries: [...step.entries] });
  }
  return all;
}

function transaction(netfilter: Channel, steps: readonly Step[]): Culprits {
  const messages = steps.flatMap(split);
  const first = netfilter.numbers(messages.length + 2);
  const to = messageWriter(64 * 1024);
  bracket(to, BATCH_BEGIN, first);
  for (const [at, step] of messages.entries()) {
    const flags = REQUEST | (step.type === NFT.NEWSETELEM ? CREATE : 0) | (at === messages.length - 1 ? ACK : 0);
    to.begin({ type: step.type, flags, seq: first + 1 + at }, nftHead(step.family));
    elementsHead({ name: step.set })(to);
    if (step.entries.length > 0) to.nest(ELEMENTS.LIST, () => step.entries.forEach((entry) => to.nest(LIST_ELEMENT, () => entry(to))));
    to.end();
  }
  bracket(to, BATCH_END, first + 1 + messages.length);
  return culpritsOf(netfilter.batch(to.take()), messages, first);
}

function split(step: Step): Step[] {
  if (step.entries.length <= MOST) return [step];
  const parts: Step[] = [];
  for (let at = 0; at < step.entries.length; at += MOST) parts.push({ ...step, entries: step.entries.slice(at, at + MOST) });
  return parts;
}

/** Begins or ends a transaction. */
export function bracket(to: MessageWriter, type: number, seq: number): void {
  to.begin({ type, flags: REQUEST, seq }, BATCH_HEAD);
  to.end();
}

function culpritsOf(answers: ReturnType<Channel["batch"]>, messages: readonly Step[], first: number): Culprits {
  const culprits = new Map<Change<Nft>, string>();
  let whole = answers.size === 0 ? "the kernel did not answer" : undefined;
  for (const [seq, refusal] of answers) {
    if (refusal === undefined) continue;
    const owner = messages[seq - first - 1]?.owner;
    if (owner === undefined) whole = refusal.reason;
    else if (!culprits.has(owner)) culprits.set(owner, refusal.reason);
  }
  // Refused as a whole, for no fault of one: all of them.
  if (culprits.size === 0 && whole !== undefined) for (const { owner } of messages) culprits.set(owner, whole);
  return culprits.size === 0 ? undefined : culprits;
}

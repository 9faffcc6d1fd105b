/**
 * Messages as they travel: JSON, one per line, several lines in one frame. What does not read as a message is refused
 * whole, and nothing is guessed. The values of items come from our own controller and are taken as they are.
 */
import { readIp } from "../net/address.ts";
import type { Ip } from "../net/address.ts";
import { readMac } from "../net/mac.ts";
import type { Taking } from "../neutron/pair-claims.ts";
import { ROLES } from "../datacenter/roles.ts";
import type { EndpointState, FeedMessage, Hello, ItemKey, Items, Membership, Report, Role, Sessions } from "./item.ts";

type Fields = Readonly<Record<string, unknown>>;

export function messageText(message: FeedMessage | Hello | Report): string {
  return JSON.stringify(message);
}

/** What a controller sends; undefined when a line is none of it. */
export function readFeed(text: string): readonly FeedMessage[] | undefined {
  return all(text, feedMessage);
}

/** What an agent sends first; undefined when it is something else. */
export function readHello(text: string): Hello | undefined {
  const [first, ...more] = all(text, hello) ?? [];
  return more.length === 0 ? first : undefined;
}

/** What an agent sends afterwards; undefined when a line is something else. */
export function readReports(text: string): readonly Report[] | undefined {
  return all(text, report);
}

function all<T>(text: string, read: (fields: Fields) => T | undefined): readonly T[] | undefined {
  const messages: T[] = [];
  for (const line of text.split("\n")) {
    const fields = fieldsOf(line);
    const message = fields === undefined ? undefined : read(fields);
    if (message === undefined) return undefined;
    messages.push(message);
  }
  return messages;
}

function fieldsOf(line: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const ITEM_KEY = /^(datacenter|endpoint|subnet|group|member|address_group|assignment)\/./;

function feedMessage(fields: Fields): FeedMessage | undefined {
  const { op, key, value, revision } = fields;
  if (op === "synced") return isWhole(revision) ? { op, revision } : undefined;
  if (op === "joined" || op === "left") return membership(op, fields);
  if (!isItemKey(key)) return undefined;
  if (op === "gone") return { op, key };
  // The value is of the key's kind: our own controller made it so.
  return op === "put" && isFields(value) ? { op, key, value: value as unknown as Items[keyof Items] } : undefined;
}

function membership(op: Membership["op"], { group, ips }: Fields): Membership | undefined {
  // Addresses are the controller's own writing, as values are.
  return typeof group === "string" && isTexts(ips) ? { op, group, ips: ips as readonly Ip[] } : undefined;
}

function isItemKey(key: unknown): key is ItemKey {
  return typeof key === "string" && ITEM_KEY.test(key);
}

function isRole(role: unknown): role is Role {
  return ROLES.some((known) => known === role);
}

function hello({ op, host, role, started_at, members }: Fields): Hello | undefined {
  if (op !== "hello" || typeof host !== "string" || !/^[\w.:-]{1,255}$/.test(host) || !isRole(role)) return undefined;
  return typeof started_at === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(started_at)
    ? { op, host, role, started_at, ...(members === "together" ? { members } : {}) }
    : undefined;
}

/** Agents of before say nothing of signs of life, nor of sessions. */
function report({ op, revision, endpoints, arrived = {}, taken = {}, troubles, sessions }: Fields): Report | undefined {
  if (op !== "report" || !isWhole(revision) || !isFields(endpoints) || !isCounts(arrived) || !isTakings(taken) || !isTexts(troubles))
    return undefined;
  if (sessions !== undefined && !isSessions(sessions)) return undefined;
  const states: [string, EndpointState][] = [];
  for (const [id, value] of Object.entries(endpoints)) {
    const state = isFields(value) ? endpointState(value) : undefined;
    if (state === undefined) return undefined;
    states.push([id, state]);
  }
  return { op, revision, endpoints: Object.fromEntries(states), arrived, taken, troubles, ...(sessions && { sessions }) };
}

function isSessions(value: unknown): value is Sessions {
  if (!isFields(value) || !isWhole(value["established"]) || !isTexts(value["down"])) return false;
  return value["translated"] === undefined || isWhole(value["translated"]);
}

function endpointState(fields: Fields): EndpointState | undefined {
  const { state, reason, for: what } = fields;
  if (state === "up") return { state };
  if (state === "waiting") return typeof what === "string" ? { state, for: what } : undefined;
  return state === "failed" && typeof reason === "string" ? { state, reason } : undefined;
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((text) => typeof text === "string");
}

function isCounts(value: unknown): value is Readonly<Record<string, number>> {
  return isFields(value) && Object.values(value).every(isWhole);
}

function isTakings(value: unknown): value is Report["taken"] {
  return isFields(value) && Object.values(value).every((all) => Array.isArray(all) && all.every(isTaking));
}

function isTaking(value: unknown): value is Taking {
  return (
    isFields(value) &&
    readIp(String(value["ip"])) === value["ip"] &&
    readMac(String(value["mac"])) === value["mac"] &&
    isWhole(value["turn"])
  );
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

/** For tests: a cloud to which data centres are applied by Margay's own API, and what becomes of it. */
import { SAMPLE } from "../datacenter/sample.ts";
import type { ApiRequest, ApiResponse } from "../neutron/api-types.ts";
import { refusalResponse } from "../neutron/api-types.ts";
import { ADMIN, sandbox } from "../neutron/sandbox.ts";
import type { Sandbox } from "../neutron/sandbox.ts";
import type { Who } from "../policy/who.ts";
import { answerMargay } from "./api.ts";
import type { AppliedBody } from "./api.ts";

/** The sample with its first host alone. */
export const DOCUMENT = { ...SAMPLE, hosts: SAMPLE.hosts.slice(0, 1) };

export type Fields = Readonly<Record<string, unknown>>;

export interface Applying {
  readonly cloud: Sandbox;
  /** Of Margay's own API. */
  readonly ask: (who: Who, method: string, place: string, body?: unknown) => ApiResponse;
  readonly post: (document: unknown, dry?: boolean) => ApiResponse;
  /** Each change in a line: `change subnet external4: allocation_pools`. */
  readonly apply: (document: unknown, dry?: boolean) => string[];
  readonly listed: (who: Who, plural: string, query?: string) => readonly Fields[];
  readonly one: (plural: string, name: string) => Fields;
  /** Everything that is kept, in an order of its own. */
  readonly state: () => string[];
  /** A new port on the network, with this address. */
  readonly port: (network: string, ip: string) => Fields;
}

export function applying(): Applying {
  const cloud = sandbox();
  let ids = 0;
  const uuid = () => `11111111-0000-4000-8000-${(++ids).toString(16).padStart(12, "0")}`;
  const ask: Applying["ask"] = (who, method, place, body) => {
    const request: ApiRequest = { method, path: place.split("/"), query: [], body, who, base: "", now: cloud.time.now };
    const asked = answerMargay(() => undefined)(cloud.cloud, request);
    if (asked.kind === "read") return asked.response;
    const decided = asked.decide(cloud.cloud, { now: cloud.time.now, uuid, below: () => 0n });
    if (!decided.ok) return refusalResponse(decided.refusal);
    for (const { key, row } of decided.value.writes) cloud.cloud.apply(key, row);
    return wholeOf(decided.value.answer);
  };
  const post: Applying["post"] = (document, dry_run = false) => ask(ADMIN, "POST", "apply", { document, dry_run });
  const listed: Applying["listed"] = (who, plural, query = "") =>
    (cloud.ask(who, "GET", `${plural}${query}`).body as Record<string, readonly Fields[]>)[plural] ?? [];
  const one: Applying["one"] = (plural, name) => existing(listed(ADMIN, plural, `?name=${name}`)[0], name);
  return {
    cloud,
    ask,
    post,
    apply: (document, dry) => linesOf(post(document, dry)),
    listed,
    one,
    state: () => TABLES.flatMap((table) => [...cloud.cloud.all(table)].map((row) => JSON.stringify(row))).toSorted(),
    port: (network, ip) => {
      const port = { network_id: one("networks", network)["id"], fixed_ips: [{ ip_address: ip }] };
      const { status, body } = cloud.ask(ADMIN, "POST", "ports", { port });
      if (status !== 201) throw new Error(JSON.stringify(body));
      return (body as { port: Fields }).port;
    },
  };
}

const TABLES = ["network", "subnet", "security_group", "datacenter"] as const;

/** As the API answers, which takes its time. */
function wholeOf(said: ApiResponse): ApiResponse {
  const parts = said.rest?.();
  if (parts === undefined) return said;
  for (let part = parts.next(); ; part = parts.next()) if (part.done === true) return part.value;
}

function linesOf({ status, body }: ApiResponse): string[] {
  if (status !== 200) throw new Error(JSON.stringify(body));
  return (body as AppliedBody).difference.map(
    ({ object, name, action, details }) =>
      `${action} ${object} ${name}${action === "change" ? `: ${details.map((one) => one.attribute).join(", ")}` : ""}`,
  );
}

export function refusal({ status, body }: ApiResponse): string {
  const { type, message } = (body as { NeutronError: { type: string; message: string } }).NeutronError;
  return `${status} ${type}: ${message}`;
}

function existing(found: Fields | undefined, name: string): Fields {
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
}

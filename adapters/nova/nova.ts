/** Nova's `os-server-external-events`, by HTTP: with a token of a Keystone, or without one where it is a fixed endpoint. */
import type { Clock } from "#contracts/clock.ts";
import type { Nova, Told } from "#contracts/nova.ts";
import { isMapping } from "#core/datacenter/source.ts";
import type { NovaEvent } from "#core/neutron/nova-events.ts";
import { exchange } from "../http/exchange.ts";
import type { Exchange } from "../http/exchange.ts";
import { jsonOf, keystoneLogin, withDeadline } from "../identity/keystone-login.ts";
import { computeEndpoint } from "./catalog.ts";
import type { NovaSettings } from "./settings.ts";

/** Throws when nothing says where Nova is. */
export function novaClient(settings: NovaSettings, clock: Clock): Nova {
  const way = wayTo(settings, clock);
  return {
    tell: async (events) => {
      try {
        return toldOf(events, await asked(settings, clock, { way, events }));
      } catch (error) {
        return { heard: false, reason: error instanceof Error ? error.message : String(error), again: true };
      }
    },
  };
}

/** Where to ask, and with which token. */
interface Door {
  readonly url: string;
  readonly token?: string;
}

interface Way {
  door(): Promise<Door>;
  /** Nova does not take this token: the next door has another. */
  closed(door: Door): void;
}

function wayTo({ keystone, endpoint, ...which }: NovaSettings, clock: Clock): Way {
  if (keystone === undefined) {
    if (endpoint === undefined) throw new Error("Cannot tell Nova: neither its endpoint is given, nor a Keystone that knows it");
    return { door: async () => ({ url: endpoint }), closed: () => undefined };
  }
  const own = keystoneLogin(keystone, clock, { catalog: endpoint === undefined ? "wanted" : "spared" });
  return {
    door: async () => {
      const { token, body } = await own.login();
      const url = endpoint ?? computeEndpoint(body, which);
      if (url === undefined)
        throw new Error(`Keystone's catalog has no ${which.interface} endpoint of compute in ${which.region ?? "any region"}`);
      return { url, token };
    },
    closed: ({ token }) => (token === undefined ? undefined : own.forget(token)),
  };
}

interface Telling {
  readonly way: Way;
  readonly events: readonly NovaEvent[];
}

/** A token may have been revoked before its time: asked once more with another. */
async function asked(settings: NovaSettings, clock: Clock, { way, events }: Telling): Promise<Exchange> {
  const door = await way.door();
  const answer = await post(settings, clock, { door, events });
  if (answer.status !== 401 || door.token === undefined) return answer;
  way.closed(door);
  return await post(settings, clock, { door: await way.door(), events });
}

function post(
  { timeoutMs, ca }: NovaSettings,
  clock: Clock,
  { door: { url, token }, events }: { readonly door: Door; readonly events: readonly NovaEvent[] },
): Promise<Exchange> {
  const headers = token === undefined ? {} : { headers: { "x-auth-token": token } };
  const question = { method: "POST", path: "/os-server-external-events", body: JSON.stringify({ events }), ...headers };
  return withDeadline(exchange(url, question, { timeout: timeoutMs, ...(ca !== undefined && { ca }) }), timeoutMs, clock);
}

/** What whoever runs Nova or Keystone sets right is worth trying again: a missing role, too many requests. */
const MAY_CHANGE = new Set([401, 403, 408, 429]);

function toldOf(events: readonly NovaEvent[], { status, reason, text }: Exchange): Told {
  if (status === 200 || status === 207) return { heard: true, codes: codesIn(jsonOf(text), events.length) };
  // Of an older Nova: it knows none of them.
  if (status === 404) return { heard: true, codes: events.map(() => 404) };
  return { heard: false, reason: `Nova answers ${status} ${reason}`, again: status >= 500 || MAY_CHANGE.has(status) };
}

/** It answers the events in their order; where it says nothing of one, it took it. */
function codesIn(body: unknown, count: number): readonly number[] {
  const events: unknown = isMapping(body) ? body["events"] : undefined;
  const codes = (Array.isArray(events) ? (events as readonly unknown[]) : []).map((event) =>
    isMapping(event) ? Number(event["code"] ?? 200) : 200,
  );
  return Array.from({ length: count }, (_, at) => codes[at] ?? 200);
}

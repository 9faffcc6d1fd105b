/** Every door of the controller: what is told at which, and on which terms requests are let in. */
import { serveFeed } from "#adapters/feed/server.ts";
import { gate } from "#adapters/http/gate.ts";
import type { Gate } from "#adapters/http/gate.ts";
import { serve } from "#adapters/http/server.ts";
import type { Service } from "#adapters/http/server.ts";
import { certificates } from "#adapters/http/tls.ts";
import type { Certificates } from "#adapters/http/tls.ts";
import { logExchange } from "#adapters/log/exchanges.ts";
import type { JsonLog } from "#adapters/log/json.ts";
import { metricsDoor } from "#adapters/metrics/door.ts";
import { measureHttp } from "#adapters/metrics/http.ts";
import type { Registry } from "#adapters/metrics/registry.ts";
import type { AcceptAgent } from "#contracts/feed.ts";
import type { Handle } from "#contracts/http.ts";
import { refusalResponse } from "#core/neutron/api-types.ts";
import { resourceOfPath } from "#core/neutron/path-resource.ts";
import { notFound } from "#core/neutron/refusals.ts";
import type { Listen } from "#core/settings/types.ts";
import { healthDoor } from "#engine/health.ts";
import type { HealthParts } from "#engine/health.ts";
import { RESTORE_PATH } from "#engine/store-door.ts";
import type { Endings } from "./endings.ts";
import type { LiveSettings } from "./live-settings.ts";

export interface DoorParts {
  readonly settings: LiveSettings;
  readonly log: JsonLog;
  readonly endings: Endings;
  readonly metrics: Registry;
  readonly health: HealthParts;
  readonly accept: AcceptAgent;
  /** What the API answers to whoever may open a unix socket. */
  readonly ours: Handle;
  /** What it answers to everybody else. */
  readonly others: Handle;
}

/** Rejects when one cannot be opened. */
export async function openDoors(parts: DoorParts): Promise<void> {
  const { settings, log, endings, metrics, health, accept } = parts;
  const { listen } = settings.now();
  const isPrivate = (door: Listen) => "path" in door;
  const healthy = (next: Handle) => healthDoor(health, next);
  const terms = termsOf(parts);
  const open = async (doors: readonly Listen[], handle: Handle, own: Partial<Service>) => {
    const served = await serve({ ...terms, ...own, listen: doors, handle: healthy(handle), log });
    endings.push(() => served.close());
    for (const address of served.addresses) log.info("listening", { address });
    return served.servers;
  };
  // Whoever watches gets through also when there is no more room for others.
  await open(listen.metrics, metricsDoor(metrics, nothing), { gate: gate(() => WATCHERS) });
  const api = [
    await open(listen.api.filter(isPrivate), metricsDoor(metrics, parts.ours), {}),
    await open(
      listen.api.filter((door) => !isPrivate(door)),
      parts.others,
      { certificates: certificatesOf(parts) },
    ),
  ];
  const feeds = serveFeed(api.flat(), accept);
  endings.push(() => feeds.close());
}

const WATCHERS = { requests: 64, clientRequests: 16 };

const nothing: Handle = async () => refusalResponse(notFound);

/** What all doors have in common. */
function termsOf({ settings, log, metrics }: DoorParts): Partial<Service> & { readonly gate: Gate } {
  const { limits } = settings.now();
  const room = gate(() => {
    const { requests, client_requests: clientRequests } = settings.now().limits;
    return { requests, clientRequests };
  });
  const [logged, counted] = [logExchange(log), measureHttp(metrics, { resourceOf: resourceOfPath, inFlight: room.inFlight })];
  return {
    gate: room,
    mostBodyBytes: () => settings.now().limits.body_bytes,
    terms: {
      headerBytes: limits.header_bytes,
      requestMs: limits.request_seconds * 1000,
      idleMs: limits.idle_seconds * 1000,
      graceMs: limits.grace_seconds * 1000,
    },
    inPieces: new Set([RESTORE_PATH]),
    over: (exchange) => {
      logged(exchange);
      counted(exchange);
    },
  };
}

/** Throws when the certificate cannot be used. */
function certificatesOf({ settings, log, endings }: DoorParts): Certificates | undefined {
  const { certificate, key, client_ca: clientCa } = settings.now().tls;
  if (certificate === null || key === null) return undefined;
  const shown = certificates({ certificate, key, ...(clientCa !== null && { clientCa }) }, log);
  settings.listen(shown.reread);
  endings.push(() => shown.stop());
  return shown;
}

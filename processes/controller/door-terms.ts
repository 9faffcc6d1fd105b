/** The terms on which all doors of the controller let requests in, as the settings say. */
import { gate } from "#adapters/http/gate.ts";
import type { Service } from "#adapters/http/server.ts";
import { certificates } from "#adapters/http/tls.ts";
import type { Log } from "#contracts/log.ts";
import type { Endings } from "./endings.ts";
import type { LiveSettings } from "./live-settings.ts";

type Terms = Required<Pick<Service, "terms" | "gate" | "mostBodyBytes" | "certificates">>;

/** Throws when the certificate cannot be used. */
export function doorTerms(settings: LiveSettings, log: Log, endings: Endings): Terms {
  const { limits, tls } = settings.now();
  const shown = certificatesOf(tls, log);
  if (shown !== undefined) {
    settings.listen(shown.reread);
    endings.push(() => shown.stop());
  }
  return {
    gate: gate(() => {
      const { requests, client_requests: clientRequests } = settings.now().limits;
      return { requests, clientRequests };
    }),
    mostBodyBytes: () => settings.now().limits.body_bytes,
    terms: {
      headerBytes: limits.header_bytes,
      requestMs: limits.request_seconds * 1000,
      idleMs: limits.idle_seconds * 1000,
      graceMs: limits.grace_seconds * 1000,
    },
    certificates: shown,
  };
}

function certificatesOf({ certificate, key, client_ca: clientCa }: ReturnType<LiveSettings["now"]>["tls"], log: Log) {
  if (certificate === null || key === null) return undefined;
  return certificates({ certificate, key, ...(clientCa !== null && { clientCa }) }, log);
}

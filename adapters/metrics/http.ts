/** Exchanges over HTTP, counted and timed by what they were about. */
import type { ExchangeOver } from "../http/exchanges.ts";
import type { Registry } from "./registry.ts";

const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];
/** Anybody can make up a method. */
const METHODS: ReadonlySet<string> = new Set(["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS"]);

/** `resourceOf`: a path as one of a few words. */
export function measureHttp(
  metrics: Registry,
  { resourceOf, inFlight }: { readonly resourceOf: (path: string) => string; readonly inFlight: () => number },
): (exchange: ExchangeOver) => void {
  const requests = metrics.counter({
    name: "margay_http_requests_total",
    help: "Requests by what they were about and how they ended; 499: the client hung up.",
  });
  const seconds = metrics.histogram({
    name: "margay_http_request_seconds",
    help: "From the head of a request to the end of its answer.",
    buckets: BUCKETS,
  });
  metrics.gauge({ name: "margay_http_requests_in_flight", help: "Requests that are not over.", read: () => [{ value: inFlight() }] });
  return ({ method: said, path, status, ms }) => {
    const method = METHODS.has(said) ? said : "other";
    const resource = resourceOf(path);
    requests.add({ method, resource, status: String(status) });
    seconds.observe({ method, resource }, ms / 1000);
  };
}

/** Where Nova is, by the catalog that comes with a token. */
import { isMapping } from "#core/datacenter/source.ts";
import type { NovaSettings } from "./settings.ts";

/** The body of Keystone's `POST /v3/auth/tokens`; undefined: it tells of no such endpoint. */
export function computeEndpoint(
  body: unknown,
  { region, interface: side }: Pick<NovaSettings, "region" | "interface">,
): string | undefined {
  const token = isMapping(body) ? body["token"] : undefined;
  const services = listIn(isMapping(token) ? token["catalog"] : undefined).filter(({ type }) => type === "compute");
  const endpoints = services.flatMap((service) => listIn(service["endpoints"]));
  const found = endpoints.find(
    (one) => one["interface"] === side && (region === undefined || one["region"] === region || one["region_id"] === region),
  );
  const url = found?.["url"];
  return typeof url === "string" ? url : undefined;
}

function listIn(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  const all: readonly unknown[] = Array.isArray(value) ? value : [];
  return all.filter(isMapping);
}

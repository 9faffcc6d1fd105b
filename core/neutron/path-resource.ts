/** What a path of the API is about, as one of a bounded number of words: whatever clients make up is `other`. */
import { declarationOf } from "./look.ts";
import { NESTED, ROUTES, SPECIAL } from "./routes.ts";

/** Of everything that is told before or beside the API proper. */
const PLACES: ReadonlyMap<string, string> = new Map([
  ["", "versions"],
  ["healthcheck", "health"],
  ["healthz", "health"],
  ["metrics", "metrics"],
  ["identity", "identity"],
  ["margay", "margay"],
]);

/** `/v2.0/ports/ID` → `port`; `/v2.0/floatingips/ID/port_forwardings` → `port_forwarding`. */
export function resourceOfPath(path: string): string {
  const [before, place = "", ...rest] = path.split("/");
  if (before !== "") return "other";
  if (place !== "v2.0") return PLACES.get(place) ?? "other";
  const [first = "", second = ""] = rest.map((segment) => segment.replace(/\.json$/, ""));
  const rules = ROUTES.get(first) ?? ROUTES.get(`${first}/${second}`);
  if (rules === undefined) return SPECIAL.has(first) ? first || "version" : "other";
  const { name } = declarationOf(rules);
  const below = NESTED.get(`${name}/${rest[ROUTES.has(first) ? 2 : 3] ?? ""}`);
  return below === undefined ? name : declarationOf(below).name;
}

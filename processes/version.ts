/** Which Margay this is: as its package says. */
import { readFileSync } from "node:fs";
import { isMapping } from "#core/datacenter/source.ts";

export function ownVersion(): string {
  const said: unknown = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  return isMapping(said) ? String(said["version"]) : "unknown";
}

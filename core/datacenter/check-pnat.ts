/** What must hold of how the private range is translated. */
import { overlaps } from "../net/prefix.ts";
import { kindsOf, placesOf } from "./check-addresses.ts";
import type { Declared } from "./layout.ts";
import { addressesFor, vmsPerAddress } from "./pnat-blocks.ts";
import { showPath } from "./source.ts";
import type { Source } from "./source.ts";
import { spanSize, within } from "./span.ts";

export function checkTranslation(declared: Declared, source: Source): void {
  const { pnat } = declared;
  if (pnat === undefined) return;
  if (!isTranslated(source)) return source.blame(["pnat"], "there is no ranges.private to translate");
  checkUntranslated(declared, source);
  const { ports_per_vm: ports } = pnat;
  const ranges = kindsOf(declared).flatMap(({ of }) => of.private ?? []);
  if (ports === undefined || ranges.length === 0) return;
  const needed = addressesFor(ranges, ports);
  for (const [index, gateway] of (declared.gateways ?? []).entries()) {
    const pool = gateway?.pnat;
    if (pool === undefined || spanSize(pool) >= needed) continue;
    const share = `${vmsPerAddress(ports)} VMs with ${ports} ports each to an address`;
    source.blame(
      ["gateways", index, "pnat"],
      `${spanSize(pool)} addresses; with ${share}, ${ranges.join(" and ")} need${ranges.length === 1 ? "s" : ""} ${needed}`,
    );
  }
}

/** Is there a private range in the file, be it one that is wrong? */
export function isTranslated(source: Source): boolean {
  return [["ranges"], ["ranges", "retiring"]].some((path) => source.at([...path, "private"]) !== undefined);
}

/** Prefixes that are not translated are others' than all that is declared, and none stands in for VMs. */
function checkUntranslated(declared: Declared, source: Source): void {
  const places = placesOf(declared);
  const prefixes = declared.pnat?.untranslated ?? [];
  for (const [index, prefix] of prefixes.entries()) {
    if (prefix === undefined) continue;
    const path = ["pnat", "untranslated", index];
    const hit = places.find((place) => overlaps(place.prefix, prefix));
    const earlier = prefixes.slice(0, index).find((other) => other !== undefined && overlaps(other, prefix));
    const pool = (declared.gateways ?? []).find((gateway) => gateway?.pnat !== undefined && within(prefix, gateway.pnat));
    if (hit !== undefined) source.blame(path, `overlaps ${showPath(hit.path)} ${hit.prefix}`);
    else if (earlier !== undefined) source.blame(path, `overlaps ${earlier}`);
    else if (pool !== undefined) source.blame(path, "holds addresses of a gateway's pool");
  }
}

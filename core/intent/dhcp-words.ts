/** Names as dnsmasq may be told them: they come from tenants, and must not be read as more than a name. */
import type { Endpoint } from "../feed/item.ts";

/** The first label, where it is one (RFC 1123); dnsmasq reads anything else in its place as another field. */
export function hostnameOf({ hostname: name }: Pick<Endpoint, "hostname">): string[] {
  const label = name.split(".")[0] ?? "";
  return /^[a-z][a-z0-9-]{0,62}$/i.test(label) && !label.endsWith("-") ? [label] : [];
}

/** Without the dot at its end. */
export function domainOf(name: string): string[] {
  const bare = name.replace(/\.$/, "");
  return /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(bare) ? [bare] : [];
}

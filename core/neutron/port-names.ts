/** The DNS names of a port's addresses. */
import type { Network } from "./network.ts";
import type { Port } from "./port.ts";

/** Neutron's default domain. */
const DEFAULT_DOMAIN = "openstacklocal.";

/** The port's own name where it has one, else one made of the address: `host-10-65-0-5`. */
export function hostname(port: Pick<Port, "dns_name">, address: string): string {
  return port.dns_name === "" ? `host-${address.replaceAll(/[.:]/g, "-")}` : port.dns_name;
}

/** The port's own domain, its network's, or the default. */
export function assignment(port: Pick<Port, "dns_name" | "dns_domain" | "fixed_ips">, on: Network | undefined) {
  const domain = [port.dns_domain, on?.dns_domain ?? "", DEFAULT_DOMAIN].find((name) => name !== "") ?? DEFAULT_DOMAIN;
  return port.fixed_ips.map(({ ip_address: address }) => {
    const name = hostname(port, address);
    return { ip_address: address, hostname: name, fqdn: name.endsWith(".") ? name : `${name}.${domain}` };
  });
}

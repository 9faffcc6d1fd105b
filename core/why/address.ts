/** What an address is to the cloud. */
import type { Step } from "./chain.ts";
import type { AddressRecord, SubnetRecord } from "./records.ts";

export function addressStep(address: AddressRecord, now: string): Step {
  const about = `address ${address.ip}`;
  const where = address.subnets.length === 0 ? inRange(address) : `in ${address.subnets.map(placeOf).join(" and ")}`;
  switch (address.role) {
    case "fixed":
      return { about, state: "ok", says: `a port's own, ${where}` };
    case "floating":
      return { about, state: leads(address) ? "ok" : "off", says: `${floatingText(address)}, ${where}` };
    case "pair":
      return { about, state: "note", says: `allowed to ${address.pairs.map((id) => `port ${id}`).join(", ")} (address pair), ${where}` };
    case "gateway":
      return { about, state: "note", says: `the gateway of a subnet, on every compute host, ${where}` };
    case "unassigned":
      return { about, state: "off", says: `no port has it, ${where}${restText(address, now)}` };
  }
}

function leads({ floating }: AddressRecord): boolean {
  return floating !== null && (floating.stands_for !== null || floating.forwards > 0);
}

function floatingText({ floating }: AddressRecord): string {
  if (floating === null) return "a floating IP";
  const { id, stands_for: whole, forwards } = floating;
  const to = whole === null ? (forwards === 0 ? "leads nowhere" : `forwards ${forwards} of its ports`) : `stands for ${whole}`;
  return `floating IP ${id}, ${to}`;
}

function restText({ released_until: until }: AddressRecord, now: string): string {
  return until !== null && until > now ? `; released, and given to nobody unasked until ${until}` : "";
}

function inRange({ range }: AddressRecord): string {
  return range === null ? "outside of all ranges of this data centre" : `in the range ${range}, in no subnet`;
}

export function placeOf({ name, cidr, network, gateway_ip: gateway, enable_dhcp: dhcp }: SubnetRecord): string {
  return `subnet ${name} ${cidr} of ${network} (gateway ${gateway ?? "none"}, ${dhcp ? "DHCP" : "no DHCP"})`;
}

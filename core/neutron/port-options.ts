/** Extra DHCP options of a port: kept by name and family. */
import type { DhcpOption } from "./port-types.ts";

const keyOf = ({ opt_name: name, ip_version: version = 4 }: DhcpOption) => `${name} ${version}`;

/** Options with their family; those without a value say nothing yet. */
export function newOptions(said: readonly DhcpOption[]): readonly DhcpOption[] {
  return mergedOptions([], said);
}

/** What is said replaces or adds; null takes away; what is not said stays. */
export function mergedOptions(before: readonly DhcpOption[], said: readonly DhcpOption[]): readonly DhcpOption[] {
  const options = new Map(before.map((option) => [keyOf(option), option]));
  for (const option of said) {
    if (option.opt_value === null) options.delete(keyOf(option));
    else options.set(keyOf(option), { ip_version: 4, ...option });
  }
  return [...options.values()];
}

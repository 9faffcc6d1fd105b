/** Addresses on taps as iproute2 prints and reads them. */
import { readIp } from "../net/address.ts";
import { isOwnAddress } from "./address.ts";
import type { TapAddress } from "./address.ts";
import { listAt, record, records, textAt } from "./json.ts";

/** Reads `ip -j addr show`: those of ours alone. */
export function readTapAddresses(json: unknown): TapAddress[] {
  return records(json, "ip addr")
    .filter((fields) => typeof fields["ifname"] === "string")
    .flatMap((fields) =>
      listAt(fields, "addr_info").flatMap((info) => {
        const local = record(info, "ip addr")["local"];
        const ip = readIp(typeof local === "string" ? local : "");
        return ip === undefined ? [] : [{ dev: textAt(fields, "ifname"), ip }];
      }),
    )
    .filter(isOwnAddress);
}

/**
 * Without a route, without asking whether somebody else has it (the VM may say so, and be believed), and deprecated from the
 * beginning: the host never speaks from it unasked, so the VM's router keeps its own address.
 */
export function addressLine({ dev, ip }: TapAddress): string {
  return `addr replace ${ip}/128 dev ${dev} nodad noprefixroute preferred_lft 0`;
}

export function addressGoneLine({ dev, ip }: TapAddress): string {
  return `addr del ${ip}/128 dev ${dev}`;
}

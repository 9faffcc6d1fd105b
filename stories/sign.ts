/** How a VM of a story says that it is there. */
import type { Sign } from "#contracts/signs.ts";
import { familyOf, readIp } from "#core/net/address.ts";
import { readMac } from "#core/net/mac.ts";
import type { Ask, Cast } from "./cast.ts";
import type { Change } from "./story.ts";

interface Shown {
  readonly port: {
    readonly mac_address: string;
    readonly allowed_address_pairs: readonly { readonly ip_address: string; readonly mac_address: string }[];
  };
}

/** By the MAC of the pair, where it says that an address of its pairs is its own; as QEMU does for it otherwise. */
export async function signOf(ask: Ask, cast: Cast, { name, address }: Extract<Change, { do: "sign" }>): Promise<Sign> {
  const { id, tap } = cast.people.get(name) ?? unknown(name);
  const { port } = (await ask("GET", `ports/${id}`)) as Shown;
  const ip = readIp(address ?? "");
  const pair = port.allowed_address_pairs.find((each) => each.ip_address === address);
  const mac = readMac(pair?.mac_address ?? port.mac_address) ?? unknown(name);
  return ip === undefined ? { kind: "rarp", tap, mac } : { kind: familyOf(ip) === 4 ? "garp" : "na", tap, mac, ip };
}

function unknown(name: string): never {
  throw new Error(`no port ${name} in the story`);
}

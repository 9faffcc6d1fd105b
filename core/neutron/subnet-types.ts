/** Types that only subnets have: their block, name servers, the kinds of devices that they serve. */
import type { Cidr } from "../net/prefix.ts";
import { list, nullable, nullMeans } from "../resource/composites.ts";
import { cidr, ip, text, uuid } from "../resource/scalars.ts";
import { invalid, isWrong, printed, refusedAs, unconvertible } from "../resource/type.ts";
import type { Read, Type } from "../resource/type.ts";
import * as refusal from "./refusals.ts";
import { noDelegation } from "./subnetpool-refusals.ts";

/** Neutron converts before it validates here. */
export const block: Type<Cidr> = {
  ...cidr,
  read: (raw) => {
    const read = cidr.read(raw);
    return isWrong(read) ? unconvertible(`'${printed(raw)}' is not in a CIDR format`) : read;
  },
};

/** Neutron's word for prefixes that a router elsewhere delegates. */
const DELEGATED = "prefix_delegation";

export const poolId = nullable({
  ...uuid,
  read: (raw): Read<string> => (raw === DELEGATED ? refusedAs(noDelegation) : uuid.read(raw)),
});

const addresses = list(ip);

/** In order; each once. */
export const nameServers = nullMeans([], {
  ...addresses,
  read: (raw) => {
    const read = addresses.read(raw);
    const twice = isWrong(read) ? undefined : read.value.find((server, at) => read.value.indexOf(server) !== at);
    return twice === undefined ? read : invalid(`Duplicate nameserver '${twice}'`);
  },
});

/** What owners of devices begin with that ports can have. */
const OWNERS = ["network:", "neutron:", "compute:"];

function readServiceType(raw: unknown): Read<string> {
  if (typeof raw !== "string") return refusedAs(refusal.serviceTypeNoText(printed(raw)));
  return OWNERS.some((owner) => raw.startsWith(owner)) ? text(255).read(raw) : refusedAs(refusal.noServiceType(raw));
}

/** Owners of devices: `compute:nova`, `network:router_gateway`. */
export const serviceTypes = nullMeans([], list({ ...text(255), name: "owner of devices", read: readServiceType }, { unique: true }));

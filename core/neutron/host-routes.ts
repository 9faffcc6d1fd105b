/** Routes as subnets tell them to their hosts and routers have them besides their links: a prefix, and where to send it. */
import { firstOf, overlaps, readCidr, readInterfaceAddress } from "../net/prefix.ts";
import type { Cidr } from "../net/prefix.ts";
import { list, must, nullMeans, record } from "../resource/composites.ts";
import { cidr, ip } from "../resource/scalars.ts";
import { invalid, isWrong, printed } from "../resource/type.ts";
import type { Type, TypeOf } from "../resource/type.ts";

const LOOPBACK = ["127.0.0.0/8", "::1/128"].map((text) => readCidr(text));

/** A block written as one: of an address within it, nobody could tell whether the block or the address is meant. */
const destination: Type<Cidr> = {
  ...cidr,
  name: "destination",
  read: (raw) => {
    const read = cidr.read(raw);
    if (isWrong(read)) return invalid(`'${printed(raw)}' is not a valid CIDR`);
    const written = readInterfaceAddress(printed(raw))?.ip ?? firstOf(read.value);
    if (written !== firstOf(read.value)) return invalid(`'${printed(raw)}' is not a recognized CIDR, '${read.value}' is recommended`);
    const loop = LOOPBACK.some((block) => block !== undefined && overlaps(block, read.value));
    return loop && !read.value.endsWith("/0") ? invalid(`'${read.value}' leads back to the host itself`) : read;
  },
};

const route = record({ destination: must(destination), nexthop: must(ip) });

export const hostRoutes = nullMeans([], list(route, { unique: true }));
export type HostRoute = TypeOf<typeof hostRoutes>[number];

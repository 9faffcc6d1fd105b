/** Frames by which a VM says of its own accord that it is there: gratuitous ARP, reverse ARP, unsolicited neighbour advertisements. */
import type { Sign } from "#contracts/signs.ts";
import { ipOfBytes, macOfBytes } from "./bytes.ts";
import { bindSocket, filterSocket, inNamespace, receiveFrom, socketOf } from "./libc.ts";
import type { FilterStep } from "./libc.ts";

/** As the thread tells it: the interface by its number. */
export type FrameNews = Omit<Sign, "tap"> & { readonly link: number };

const [AF_PACKET, SOCK_RAW] = [17, 3];
const [ARP, RARP, IPV6] = [0x0806, 0x8035, 0x86dd];

/** Steps of a filter (linux/bpf_common.h): load a byte, a half or a word from there; compare; answer. */
const byte = (at: number): FilterStep => [0x30, 0, 0, at];
const word = (at: number): FilterStep => [0x20, 0, 0, at];
const and = (mask: number): FilterStep => [0x54, 0, 0, mask];
const toX: FilterStep = [0x07, 0, 0, 0];
const give = (bytes: number): FilterStep => [0x06, 0, 0, bytes];
/** Goes on where it is so, and to the last step, which drops the frame, where it is not. */
const same = (value: number) => ({ value, unlike: false });
const differs = (value: number) => ({ value, unlike: true });

/** Not in the frame, but what the kernel knows of it. */
const PACKET_TYPE = 0xfffff000 + 4;
const OTHER_HOST = 3;
/** The kernel takes off the tag of a VLAN that it does not know before anybody looks, and says that the frame is somebody else's. */
const UNTAGGED = [byte(PACKET_TYPE), differs(OTHER_HOST)];
const SNAP = 128;

type Step = FilterStep | ReturnType<typeof same> | "same as X";

function filter(steps: readonly Step[]): FilterStep[] {
  const end = steps.length + 1;
  const whole = steps.map((step, at): FilterStep => {
    if (step === "same as X") return [0x1d, 0, end - at - 1, 0];
    if (!isCheck(step)) return step;
    return step.unlike ? [0x15, end - at - 1, 0, step.value] : [0x15, 0, end - at - 1, step.value];
  });
  return [...whole, give(SNAP), give(0)];
}

const isCheck = (step: FilterStep | ReturnType<typeof same>): step is ReturnType<typeof same> => "value" in step;

/** By protocol, so that no other frame is so much as looked at; each kernel socket is told those that come in alone. */
const FILTERS: readonly (readonly [number, readonly Step[]])[] = [
  // Who asks is whom is asked for.
  [ARP, [...UNTAGGED, word(28), toX, word(38), "same as X"]],
  [RARP, UNTAGGED],
  // ICMPv6, of type 136, without the flag that says that somebody asked.
  [IPV6, [...UNTAGGED, byte(20), same(58), byte(54), same(136), byte(58), and(0x40), same(0)]],
];

/** Sockets that hear nothing else, on all interfaces. Closed by whoever asked. */
export function frameSockets(netns?: string): number[] {
  return FILTERS.map(([protocol, steps]) => {
    // Without a protocol, a socket hears nothing until it has its filter.
    const socket = inNamespace(netns, () => socketOf(AF_PACKET, SOCK_RAW, 0));
    filterSocket(socket, filter(steps));
    const address = Buffer.alloc(20);
    address.writeUInt16LE(AF_PACKET);
    address.writeUInt16BE(protocol, 2);
    bindSocket(socket, address);
    return socket;
  });
}

const ROOM = Buffer.alloc(SNAP);
const FROM = Buffer.alloc(20);

export function* frameNews(socket: number): Generator<FrameNews> {
  for (let length = receiveFrom(socket, ROOM, FROM); length > 0; length = receiveFrom(socket, ROOM, FROM)) {
    const sign = signIn(ROOM.subarray(0, Math.min(length, SNAP)));
    if (sign !== undefined) yield { ...sign, link: FROM.readInt32LE(4) };
  }
}

/** Undefined when it is none, or not what it says that it is. */
export function signIn(frame: Buffer): Omit<FrameNews, "link"> | undefined {
  const [from, protocol] = [frame.subarray(6, 12), frame.length < 42 ? 0 : frame.readUInt16BE(12)];
  const mac = macOfBytes(from);
  if (protocol === IPV6) return frame.length < 78 ? undefined : { kind: "na", mac, ip: ipOfBytes(frame.subarray(62, 78)) };
  // In ARP the sender says once more who it is.
  if ((protocol !== ARP && protocol !== RARP) || !frame.subarray(22, 28).equals(from)) return undefined;
  return protocol === RARP ? { kind: "rarp", mac } : { kind: "garp", mac, ip: ipOfBytes(frame.subarray(28, 32)) };
}

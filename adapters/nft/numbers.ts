/** Numbers of nf_tables over netlink (linux/netfilter/nf_tables.h). */
import type { NftFamily } from "#core/kinds/nft.ts";

const SUBSYSTEM = 10;
const message = (number: number) => (SUBSYSTEM << 8) | number;

export const NFT = {
  GETCHAIN: message(4),
  GETRULE: message(7),
  GETSET: message(10),
  NEWSETELEM: message(12),
  GETSETELEM: message(13),
  DELSETELEM: message(14),
  GETGEN: message(16),
  NEWFLOWTABLE: message(22),
  GETFLOWTABLE: message(23),
  DELFLOWTABLE: message(24),
} as const;

/** Of a transaction: `nfnetlink.h`. */
export const [BATCH_BEGIN, BATCH_END] = [0x10, 0x11];
export const BATCH_HEAD = Buffer.from([0, 0, 0, SUBSYSTEM]);

const FAMILY: Readonly<Record<NftFamily, number>> = { inet: 1, ip: 2, arp: 3 };

/** `nfgenmsg` */
export function nftHead(family: NftFamily): Buffer {
  return Buffer.from([FAMILY[family], 0, 0, 0]);
}

const BY_NUMBER = new Map(Object.entries(FAMILY).map(([name, number]) => [number, name as NftFamily]));
export const familyOfHead = (body: Buffer): NftFamily | undefined => BY_NUMBER.get(body[0] ?? -1);

export const CHAIN = { TABLE: 1, NAME: 3, HOOK: 4, POLICY: 5, TYPE: 7, HOOKNUM: 1, PRIORITY: 2 } as const;
export const RULE = { TABLE: 1, CHAIN: 2, EXPRESSIONS: 4, USERDATA: 7 } as const;
export const SET = { TABLE: 1, NAME: 2, FLAGS: 3, KEY_TYPE: 4, KEY_LENGTH: 5, DATA_TYPE: 6, DATA_LENGTH: 7, USERDATA: 13 } as const;
export const SET_FLAG = { ANONYMOUS: 1, INTERVAL: 4, MAP: 8, TIMEOUT: 0x10, DYNAMIC: 0x20, OBJECT: 0x40 } as const;
export const ELEMENTS = { TABLE: 1, SET: 2, LIST: 3 } as const;
export const ELEMENT = { KEY: 1, DATA: 2, FLAGS: 3, KEY_END: 10 } as const;
/** Where an interval ends, and one that is none: whatever no other element matches. */
export const ELEMENT_FLAG = { INTERVAL_END: 1, CATCHALL: 2 } as const;
export const LIST_ELEMENT = 1;
export const FLOWTABLE = { TABLE: 1, NAME: 2, HOOK: 3, HOOK_PRIORITY: 2, HOOK_DEVICES: 3, DEVICE: 1 } as const;
export const DATA = { VALUE: 1, VERDICT: 2, VERDICT_CODE: 1, VERDICT_CHAIN: 2 } as const;
export const EXPRESSION = { NAME: 1, DATA: 2 } as const;
/** `lookup` and `dynset` name a set under the same number. */
export const [LOOKUP_SET, IMMEDIATE_DATA] = [1, 2];
/** What nft leaves with an object: kind, length, value. */
export const [RULE_COMMENT, SET_COMMENT] = [0, 7];
export const VERDICT_TYPE = 0xffffff00;

const VERDICTS = new Map([
  [0, "drop"],
  [1, "accept"],
  [-1, "continue"],
  [-2, "break"],
  [-3, "jump"],
  [-4, "goto"],
  [-5, "return"],
]);
const CODES = new Map([...VERDICTS].map(([code, name]) => [name, code]));

export const verdictName = (code: number): string => VERDICTS.get(code) ?? `verdict ${code}`;
export const verdictCode = (name: string): number | undefined => CODES.get(name);

/** Hooks by number (netfilter.h): of IP, and of ARP. */
const HOOKS: Readonly<Record<NftFamily, readonly string[]>> = {
  inet: ["prerouting", "input", "forward", "output", "postrouting", "ingress"],
  ip: ["prerouting", "input", "forward", "output", "postrouting"],
  arp: ["input", "output", "forward"],
};

export const hookName = (family: NftFamily, hook: number): string => HOOKS[family][hook] ?? `hook ${hook}`;

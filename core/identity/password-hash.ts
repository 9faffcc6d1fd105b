/**
 * How a password is kept: not at all, but as what scrypt (RFC 7914) makes of it, with the cost and the salt beside it, in
 * the form of the Password Hashing Competition: `$scrypt$ln=15,r=8,p=3$SALT$HASH`, base64 without padding.
 */

export interface PasswordHash {
  readonly cost: Cost;
  /** Base64. */
  readonly salt: string;
  readonly hash: string;
}

export interface Cost {
  /** Of two: how often memory is gone over. */
  readonly logN: number;
  /** Blocks of 128 bytes. */
  readonly r: number;
  /** How many times all of it. */
  readonly p: number;
}

/** One of the combinations that OWASP's cheat sheet on passwords takes for enough: 32 MiB, a fifth of a second. */
export const COST: Cost = { logN: 15, r: 8, p: 3 };

/** More would let one login take the controller's memory. */
const MOST_BYTES = 256 * 1024 * 1024;

const FORM = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{22,86})\$([A-Za-z0-9+/]{43,86})$/;

/** Undefined: it is none, or one that is too weak (less than 16 bytes of salt, 16 MiB) or costs too much. */
export function readPasswordHash(text: string): PasswordHash | undefined {
  const [, logN = "", r = "", p = "", salt = "", hash = ""] = FORM.exec(text) ?? [];
  const cost = { logN: Number(logN), r: Number(r), p: Number(p) };
  const sound = cost.logN >= 14 && cost.r >= 8 && cost.p >= 1 && bytesOf(cost) <= MOST_BYTES;
  return sound ? { cost, salt, hash } : undefined;
}

export function passwordHashText({ cost: { logN, r, p }, salt, hash }: PasswordHash): string {
  return `$scrypt$ln=${logN},r=${r},p=${p}$${salt}$${hash}`;
}

/** What scrypt needs to hold at once. */
export function bytesOf({ logN, r, p }: Cost): number {
  return 128 * r * (2 ** logN + p + 2);
}

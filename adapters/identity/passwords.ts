/** Passwords, by scrypt: never kept, never logged, compared in constant time, and not more at once than the machine can bear. */
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { bytesOf, COST, passwordHashText, readPasswordHash } from "#core/identity/password-hash.ts";
import type { Cost } from "#core/identity/password-hash.ts";

const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** 160 bits: nobody guesses it, and one can still copy it by hand. */
const GENERATED_BYTES = 20;

/** To be shown once. */
export function generatedPassword(): string {
  return randomBytes(GENERATED_BYTES).toString("base64url");
}

export async function hashPassword(password: string, cost: Cost = COST): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, { salt, cost, length: HASH_BYTES });
  return passwordHashText({ cost, salt: unpadded(salt), hash: unpadded(hash) });
}

export interface Passwords {
  /** Takes as long where there is no hash. `busy`: too many wait already. */
  check(password: string, hash: string | undefined): Promise<"right" | "wrong" | "busy">;
}

/** Each takes memory, and a thread of the few that Node has for all that is slow. */
const [AT_ONCE, WAITING] = [2, 64];

export function passwords(): Passwords {
  const waiting: (() => void)[] = [];
  let running = 0;
  const turn = () => new Promise<void>((resolve) => waiting.push(resolve));
  return {
    check: async (password, hash) => {
      if (waiting.length >= WAITING) return "busy";
      if (running >= AT_ONCE) await turn();
      else running += 1;
      try {
        return (await isPassword(password, hash)) ? "right" : "wrong";
      } finally {
        // A place that is passed on stays taken.
        const next = waiting.shift();
        if (next === undefined) running -= 1;
        else next();
      }
    },
  };
}

/** Throws when `hash` is none: whoever keeps it has checked it. */
async function isPassword(password: string, hash: string | undefined): Promise<boolean> {
  if (hash === undefined) {
    await derive(password, { salt: randomBytes(SALT_BYTES), cost: COST, length: HASH_BYTES });
    return false;
  }
  const known = readPasswordHash(hash);
  if (known === undefined) throw new Error("what is kept of a password is no hash");
  const expected = Buffer.from(known.hash, "base64");
  const derived = await derive(password, { salt: Buffer.from(known.salt, "base64"), cost: known.cost, length: expected.length });
  return timingSafeEqual(derived, expected);
}

interface Derivation {
  readonly salt: Buffer;
  readonly cost: Cost;
  readonly length: number;
}

/** Off the loop: Node does it in its pool of threads. */
function derive(password: string, { salt, cost, length }: Derivation): Promise<Buffer> {
  const options = { N: 2 ** cost.logN, r: cost.r, p: cost.p, maxmem: bytesOf(cost) + 1024 * 1024 };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize("NFC"), salt, length, options, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}

function unpadded(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}

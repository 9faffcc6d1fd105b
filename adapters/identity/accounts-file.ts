/** An identity file on disk: read and checked, and followed while it changes. */
import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import type { Clock } from "#contracts/clock.ts";
import type { Log } from "#contracts/log.ts";
import type { Accounts } from "#core/identity/accounts.ts";
import { DEFAULT_REGION } from "#core/identity/layout.ts";
import { readAccounts } from "#core/identity/read.ts";
import type { IdOf } from "#core/identity/read.ts";
import { reasonOf } from "../linux/errors.ts";
import { readYaml } from "../yaml/document.ts";
import { readIfThere } from "./secret-file.ts";

export type AccountsFileReading =
  | { readonly ok: true; readonly value: Accounts }
  /** `FILE:LINE: message`, in the order of their lines. */
  | { readonly ok: false; readonly problems: readonly string[] };

/** `path` only names the text. */
export function readAccountsText(path: string, text: string): AccountsFileReading {
  const document = readYaml(text);
  const say = ({ line, message }: { readonly line: number; readonly message: string }) => `${path}:${line}: ${message}`;
  if (document.problems.length > 0) return { ok: false, problems: document.problems.map(say) };
  const reading = readAccounts(document.value, idOf);
  if (reading.ok) return reading;
  const found = reading.findings.map(({ path: place, message }) => ({ line: document.lineOf(place), message }));
  return { ok: false, problems: found.toSorted((left, right) => left.line - right.line).map(say) };
}

/** UUIDv5 (RFC 9562), without dashes, as Keystone writes ids; in a namespace of our own. */
export const idOf: IdOf = (kind, ...names) => {
  const hash = createHash("sha1")
    .update(NAMESPACE)
    .update(JSON.stringify([kind, ...names]));
  const octets = hash.digest().subarray(0, 16);
  octets[6] = ((octets[6] ?? 0) & 0x0f) | 0x50;
  octets[8] = ((octets[8] ?? 0) & 0x3f) | 0x80;
  return octets.toString("hex");
};

const NAMESPACE = Buffer.from("6d617267617949d08e1d656e74697479", "hex");

export interface FollowedAccounts {
  /** As they were read last without anything wrong in them; nobody, where there is no file. */
  current(): Accounts;
  /** Now, and not only when a change is seen. */
  reread(): void;
  stop(): void;
}

/** How often a change is looked for: also one of a file that is not there yet. */
const LOOK_MS = 1000;

/** Throws, with all that is wrong, when what is there at the beginning cannot be read; later, that changes nothing and is logged. */
export function followAccounts(path: string, { clock, log }: { readonly clock: Clock; readonly log: Log }): FollowedAccounts {
  let [current, seen]: [Accounts | undefined, string] = [undefined, ""];
  const take = () => {
    // Before it is read: what changes meanwhile is seen next time.
    seen = stateOf(path);
    current = read(path);
    if (current === undefined) log.warn("there is no identity file: nobody is let in by a token", { path, hint: "margay identity init" });
    else log.info("the identity file is read", { path, users: current.users.size, projects: current.projects.size });
  };
  const reread = () => {
    try {
      take();
    } catch (error) {
      log.error("the identity file is wrong: what was read before still holds", { path, reason: reasonOf(error) });
    }
  };
  const look = () => {
    if (stateOf(path) !== seen) reread();
    stop = clock.after(LOOK_MS, look);
  };
  take();
  let stop = clock.after(LOOK_MS, look);
  return { current: () => current ?? NOBODY, reread, stop: () => stop() };
}

/** Another one after each change, also where a file takes another's place. */
function stateOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? "none" : `${found.ino} ${found.size} ${found.mtimeMs} ${found.ctimeMs}`;
}

/** Undefined: there is none. */
function read(path: string): Accounts | undefined {
  const text = readIfThere(path);
  if (text === undefined) return undefined;
  const reading = readAccountsText(path, text);
  if (!reading.ok) throw new Error(reading.problems.join("\n"));
  return reading.value;
}

const NOBODY: Accounts = { region: DEFAULT_REGION, roles: [], domains: new Map(), projects: new Map(), users: new Map() };

/**
 * `STATE/last-view`: what the host was told last, as two lines of JSON: what it is, with a digest of both, and the view. Written whole
 * beside it and put in its place, so a reader finds an old one or a new one; what is damaged, of another program or for another
 * machine is refused whole. `STATE/last-view.behind` says that there is news that it does not have yet.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { join } from "node:path";
import type { Kept, LastView, Recalled } from "#contracts/last-view.ts";
import type { Log } from "#contracts/log.ts";
import { viewDocument, viewOf } from "#core/feed/view-document.ts";
import { isMissing, reasonOf } from "../linux/errors.ts";

export interface LastViewFileOptions {
  readonly state: string;
  /** Only who says the same of all these may go by it: the machine and its role, the program and how its items look. */
  readonly of: Readonly<Record<string, string>>;
  /** Of the machine's present boot. */
  readonly boot: string;
  readonly log: Log;
  /** News within this time are written together; milliseconds. */
  readonly gather?: number;
}

/** A host may be full of changes, and a view is long. */
const GATHER_MS = 5000;
/** After so long without its host's agent nobody vouches for it any more. */
const OLDEST_MS = 7 * 24 * 3_600_000;

interface Head {
  readonly of: Readonly<Record<string, string>>;
  readonly boot: string;
  readonly revision: number;
}

export function lastViewFile({ state, of, boot, log, gather = GATHER_MS }: LastViewFileOptions): LastView {
  const path = join(state, "last-view");
  const behind = `${path}.behind`;
  let waiting: Kept | undefined;
  let timer: NodeJS.Timeout | undefined;
  let writing = false;

  const textFor = ({ view, revision }: Kept) => fileText({ of, boot, revision }, JSON.stringify(viewDocument(view)));
  const later = () => {
    if (!writing) timer ??= setTimeout(() => void write(), gather).unref();
  };
  const told = (error: unknown) => log.warn("the last view was not kept", { path, reason: reasonOf(error) });
  /** A disk that takes nothing is no reason to stop: what cannot be marked as old must not be gone by. */
  const attempt = (work: () => void, otherwise: () => void = () => {}) => {
    try {
      work();
    } catch (error) {
      otherwise();
      told(error);
    }
  };
  const write = async () => {
    timer = undefined;
    const now = waiting;
    if (now === undefined) return;
    writing = true;
    try {
      await put(path, textFor(now));
      if (waiting === now) {
        waiting = undefined;
        rmSync(behind, { force: true });
      }
    } catch (error) {
      told(error);
    }
    writing = false;
    if (waiting !== undefined) later();
  };
  return {
    keep: (kept) => {
      // Before the host is changed by it: a process that dies in between leaves a host that is newer than the file.
      if (waiting === undefined)
        attempt(
          () => writeFileSync(behind, "", { mode: 0o600 }),
          () => rmSync(path, { force: true }),
        );
      waiting = kept;
      later();
    },
    confirm: () => attempt(() => utimesSync(path, new Date(), new Date())),
    recall: () => recalled(path, { of, boot, behind }),
    close: () => {
      clearTimeout(timer);
      const now = waiting;
      waiting = undefined;
      if (now === undefined) return;
      attempt(() => {
        writeFileSync(`${path}.last`, textFor(now), { mode: 0o600 });
        renameSync(`${path}.last`, path);
        rmSync(behind, { force: true });
      });
    },
  };
}

/** On the disk before it is in its place: a machine may lose its power at any moment. */
async function put(path: string, text: string): Promise<void> {
  const file = await open(`${path}.new`, "w", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}

function fileText(head: Head, body: string): string {
  return `${JSON.stringify({ ...head, sha256: digest(head, body) })}\n${body}\n`;
}

function digest({ of, boot, revision }: Head, body: string): string {
  return createHash("sha256")
    .update(`${JSON.stringify([of, boot, revision])}\n${body}`)
    .digest("hex");
}

interface Asking {
  readonly of: Head["of"];
  readonly boot: string;
  readonly behind: string;
}

function recalled(path: string, asking: Asking): Recalled {
  try {
    if (Date.now() - statSync(path).mtimeMs > OLDEST_MS) return none(`${path} is older than a week`);
    const [first = "", body = ""] = readFileSync(path, "utf8").split("\n");
    const head = JSON.parse(first) as Head & { readonly sha256: string };
    if (head.sha256 !== digest(head, body)) return none(`${path} is damaged`);
    const other = Object.keys({ ...head.of, ...asking.of }).find((key) => head.of[key] !== asking.of[key]);
    if (other !== undefined) return none(`${path} is of another ${other}: ${head.of[other] ?? "none"}, not ${asking.of[other] ?? "none"}`);
    // After another boot nothing of it is on the host, and it is the newest there is.
    if (head.boot === asking.boot && existsSync(asking.behind)) return none(`${path} is older than what is on the host`);
    const view = viewOf(body);
    return view === undefined ? none(`${path} is no view`) : { state: "whole", view, revision: head.revision };
  } catch (error) {
    return none(isMissing(error) ? "nothing was kept" : `${path} is damaged: ${reasonOf(error)}`);
  }
}

function none(reason: string): Recalled {
  return { state: "none", reason };
}

/**
 * The store as a whole, for administrators, below `/margay/v1/store`: a copy of it to keep elsewhere (`backup`), another one
 * in its place (`restore`), and whether what it holds makes sense (`check`).
 *
 * A backup is the store's own file: it can be looked into, checked, and opened by a controller. Restoring goes through the
 * writer as one decision, so that it is committed whole or not at all, and API and agents follow it like any other change.
 * Before it, the present state is kept beside the store: what was restored by mistake can be taken back.
 */
import type { Clock } from "#contracts/clock.ts";
import type { Handle, HttpAnswer, HttpRequest } from "#contracts/http.ts";
import type { Identity } from "#contracts/identity.ts";
import type { Log } from "#contracts/log.ts";
import type { BroughtCopy, StoreFiles } from "#contracts/store-files.ts";
import type { Writer } from "#contracts/writer.ts";
import { refusalResponse } from "#core/neutron/api-types.ts";
import type { Cloud } from "#core/neutron/cloud.ts";
import { inconsistencies } from "#core/neutron/consistency.ts";
import type { Finding } from "#core/neutron/consistency-finding.ts";
import type { Fresh } from "#core/neutron/decision.ts";
import { badRequest, forbidden, methodNotAllowed, notFound } from "#core/neutron/refusals.ts";
import { decideRestore } from "#core/neutron/restore.ts";
import type { Who } from "#core/policy/who.ts";
import { ok, refused } from "#core/result.ts";
import type { Result } from "#core/result.ts";
import { stranger } from "./api.ts";
import { forward, timeInName, versionedRows } from "./rows-version.ts";

export const STORE_PATH = "/margay/v1/store/";
/** Its body is a file, and comes in pieces. */
export const RESTORE_PATH = `${STORE_PATH}restore`;
/** Of the file, in lower case hex. */
export const CHECKSUM_HEADER = "x-margay-sha256";

/** So many findings are told of a store that is refused. */
const TOLD = 50;

export interface StoreDoorParts {
  readonly cloud: Cloud;
  readonly writer: Writer<Cloud>;
  readonly files: StoreFiles;
  readonly identity: Identity;
  readonly fresh: () => Fresh;
  readonly clock: Clock;
  readonly log: Log;
}

type Answer = (parts: StoreDoorParts, request: HttpRequest, who: Who) => Promise<HttpAnswer>;

const DOORS: Readonly<Record<string, { readonly method: string; readonly answer: Answer }>> = {
  backup: { method: "GET", answer: backup },
  restore: { method: "PUT", answer: restore },
  check: { method: "GET", answer: check },
};

/** Answers what lies below its path, and leaves the rest to `next`. */
export function storeDoor(parts: StoreDoorParts, next: Handle): Handle {
  return async (request) => {
    if (!request.path.startsWith(STORE_PATH)) return await next(request);
    const who = await parts.identity.identify(request.headers);
    if (!who.ok) return stranger(who.refusal, parts.identity.challenge(request.base));
    const name = request.path.slice(STORE_PATH.length);
    const door = Object.hasOwn(DOORS, name) ? DOORS[name] : undefined;
    if (door === undefined) return refusalResponse(notFound);
    if (request.method !== door.method) return refusalResponse(methodNotAllowed);
    if (!parts.cloud.settings.policy.isAdmin(who.value)) return refusalResponse(forbidden(`rule:${name}_store`));
    const { user, project } = who.value;
    return { ...(await door.answer(parts, request, who.value)), who: { user, project } };
  };
}

async function backup({ files, log }: StoreDoorParts, _request: HttpRequest, who: Who): Promise<HttpAnswer> {
  const copy = await files.copy();
  log.info("a backup is fetched", { user: who.user, bytes: copy.bytes, sha256: copy.sha256 });
  const headers = { "content-type": "application/vnd.sqlite3", "content-length": String(copy.bytes), [CHECKSUM_HEADER]: copy.sha256 };
  return { status: 200, headers, pieces: { chunks: copy.chunks(), ended: () => void copy.remove() } };
}

async function check({ cloud }: StoreDoorParts): Promise<HttpAnswer> {
  const rows = new Map(cloud.entries());
  return { status: 200, body: { rows: rows.size, findings: inconsistencies(rows) } };
}

/** `?force=true`: also rows that make no sense together; never what is no store, or of a newer program. */
async function restore(parts: StoreDoorParts, request: HttpRequest, who: Who): Promise<HttpAnswer> {
  const sha256 = request.headers[CHECKSUM_HEADER];
  if (request.pieces === undefined || sha256 === undefined)
    return refusalResponse(badRequest(`A store is restored from a file as the body, with its SHA-256 in ${CHECKSUM_HEADER}.`));
  const brought = await broughtRows(parts, { chunks: request.pieces, sha256 });
  if (!brought.ok) return refusalResponse(brought.refusal);
  const findings = inconsistencies(brought.value);
  const forced = request.query.some(([name, value]) => name === "force" && value === "true");
  if (findings.length > 0 && !forced) return inconsistent(findings);
  const kept = await parts.files.keep(`before-restore-${timeInName(parts.clock.now())}`);
  const restored = await parts.writer.write(decideRestore(brought.value));
  if (!restored.ok) return refusalResponse(restored.refusal);
  parts.log.warn("the store was restored from a backup", { user: who.user, sha256, ...restored.value, kept });
  return { status: 200, body: { ...restored.value, kept } };
}

/** What a copy holds, as rows of this program. */
async function broughtRows({ files, fresh }: StoreDoorParts, brought: BroughtCopy): Promise<Result<ReadonlyMap<string, object>>> {
  const taken = await files.take(brought);
  if (!taken.ok) return taken;
  try {
    return ok(forward(versionedRows(taken.value), fresh()));
  } catch (error) {
    return refused({
      status: 400,
      type: "InvalidStore",
      message: `Cannot take the store: ${error instanceof Error ? error.message : String(error)}`,
    });
  }
}

function inconsistent(findings: readonly Finding[]): HttpAnswer {
  const message = `Cannot take the store: ${findings.length === 1 ? "1 thing" : `${findings.length} things`} in it make no sense`;
  return { status: 409, body: { NeutronError: { type: "InconsistentStore", message, detail: "" }, findings: findings.slice(0, TOLD) } };
}

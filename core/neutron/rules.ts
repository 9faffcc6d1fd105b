/**
 * What a resource adds to its declaration: the rules that look at more than one attribute, or at the rest of the cloud.
 * Reading, policy, rendering, filters and bulk requests are the same for all and live in api.ts.
 */
import type { Rule, Target } from "../policy/rule.ts";
import type { Who } from "../policy/who.ts";
import type { Computed, Create, Patch } from "../resource/resource.ts";
import { ok } from "../result.ts";
import type { Refusal, Result } from "../result.ts";
import type { ApiAnswer, ApiRequest } from "./api-types.ts";
import type { Cloud } from "./cloud.ts";
import type { Fresh, RowWrite } from "./decision.ts";
import type { DECLARED, DeclaredTable, Tables } from "./tables.ts";

/** Who asks, and below what. */
export interface Asking {
  readonly who: Who;
  /** Of resources that lie below another one: its id, out of the path. */
  readonly parent?: string;
}

/** The same of a change: with what is new for the answer. */
export interface Ask extends Asking {
  readonly fresh: Fresh;
}

/** Who looks, and when; `now` as in `Fresh`. */
export interface Looking {
  readonly who: Who;
  readonly now: string;
}

/** The row that is made or changed, and what else is written with it. */
export interface Change<Row> {
  readonly row: Row;
  /** Before it: what it needs, such as a default security group. */
  readonly also?: readonly RowWrite[];
  /** Is what changed elsewhere a change of this one too, which counts as its revision? */
  readonly counts?: boolean;
}

/** What a member action is told: `PUT /routers/{id}/add_router_interface`. */
export interface Acting extends Ask {
  readonly body: unknown;
}

/** What it changed, and what it answers: nothing said, the object itself. */
export interface Acted<Row> extends Change<Row> {
  readonly answer?: object;
}

export interface Action<T extends DeclaredTable> {
  /** Who may; policy files know it by the action's name. */
  readonly may: Rule;
  act(cloud: Cloud, row: Tables[T], acting: Acting): Result<Acted<Tables[T]>>;
}

/** Something below one object that is no resource of its own: the rest of the path, and the request. */
export interface Below<Row> {
  readonly row: Row;
  readonly below: readonly string[];
  readonly request: ApiRequest;
}

export interface Part<Row> {
  answer(cloud: Cloud, below: Below<Row>): ApiAnswer;
}

/** How rows are found that are not kept by their id. */
export interface Keeping<Row> {
  key(row: Row): string;
  byId(cloud: Cloud, id: string): Row | undefined;
}

type Of<T extends DeclaredTable> = (typeof DECLARED)[T];

export interface Rules<T extends DeclaredTable> {
  readonly table: T;
  readonly notFound: (id: string) => Refusal;
  /** What policy is asked about, of one that is there. */
  target(cloud: Cloud, row: Tables[T], who: Who): Target;
  /** The same of one that is to be made; refused where what it hangs on cannot be seen. */
  targetOfNew(cloud: Cloud, input: Create<Of<T>>, asking: Asking): Result<Target>;
  /** Attributes that are not kept. */
  computed(cloud: Cloud, row: Tables[T], looking: Looking): Computed<Of<T>>;
  /** What several new ones in one request may not be, besides what each of them may not be. */
  wrongTogether?(inputs: readonly Create<Of<T>>[]): Refusal | undefined;
  create?(cloud: Cloud, input: Create<Of<T>>, ask: Ask): Result<Change<Tables[T]>>;
  /** Revision and time of change are set for it afterwards, where the row did change. */
  update?(cloud: Cloud, row: Tables[T], patch: Patch<Of<T>>, ask: Ask): Result<Change<Tables[T]>>;
  /** Where rows are kept by something else than their id. */
  readonly kept?: Keeping<Tables[T]>;
  /** Rows that are there though nobody wrote them; few. */
  unwritten?(cloud: Cloud): readonly Tables[T][];
  /** Projects whose own must be made before this list can be told: the asker's, or one that an administrator asks for. */
  missing?(cloud: Cloud, request: ApiRequest): readonly string[];
  /** Makes it for one of them. */
  provide?(cloud: Cloud, project: string, fresh: Fresh): readonly RowWrite[];
  /** What is written, its own end included. */
  delete?(cloud: Cloud, row: Tables[T], ask: Ask): Result<readonly RowWrite[]>;
  /** By the name that their paths end with. */
  readonly actions?: Readonly<Record<string, Action<T>>>;
  /** By the first segment behind the id, of an object that the asker sees. */
  readonly parts?: Readonly<Record<string, Part<Tables[T]>>>;
}

/** What policy is asked about something new that hangs on nothing but its project. */
export function ownTarget(_cloud: Cloud, { project_id: owner }: { readonly project_id: string }): Result<Target> {
  return ok({ owner });
}

/** What every new row begins with; `tags: []` besides where it can be tagged. */
export function born(fresh: Fresh) {
  return { id: fresh.uuid(), created_at: fresh.now, updated_at: fresh.now, revision_number: 0 };
}

/** A row after a change. */
export function touched<R extends { readonly revision_number: number }>(row: R, fresh: Fresh): R {
  return { ...row, revision_number: row.revision_number + 1, updated_at: fresh.now };
}

export function write<T extends DeclaredTable>(table: T, id: string, row: Tables[T]): RowWrite {
  return { key: `${table}/${id}`, row };
}

export function removal(table: DeclaredTable, id: string): RowWrite {
  return { key: `${table}/${id}` };
}

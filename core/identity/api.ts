/**
 * The reading part of the identity API, below /v3: what an administrator, and everybody of themselves, may know about users
 * and projects. Nothing can be changed here; that is the file's.
 */
import { ok, refused } from "../result.ts";
import type { Result } from "../result.ts";
import { domainsOf, projectsOf } from "./accounts.ts";
import type { Accounts, User } from "./accounts.ts";
import { isAdmin, linked, listed, listLinks, matching } from "./asking.ts";
import type { IdentityRequest } from "./asking.ts";
import { roleAssignments } from "./assignments.ts";
import { catalogOf } from "./catalog.ts";
import { COLLECTIONS, domainItem, projectItem } from "./collections.ts";
import { answerOf, keptInFile, notAllowed, notFound, wrongMethod } from "./refusals.ts";
import type { IdentityAnswer } from "./refusals.ts";

export function answerIdentity(accounts: Accounts, request: IdentityRequest): IdentityAnswer {
  return answerOf(answered(accounts, request));
}

/** Undefined: there is no such place. */
type Read = (accounts: Accounts, request: IdentityRequest) => Result<IdentityAnswer> | undefined;

function answered(accounts: Accounts, request: IdentityRequest): Result<IdentityAnswer> {
  const path = request.path.join("/");
  const answer = (PLACES.get(path) ?? collected)(accounts, request);
  if (answer === undefined) return refused(notFound(`/${path}`));
  if (request.method === "GET" || request.method === "HEAD") return answer;
  return refused(["POST", "PUT", "PATCH", "DELETE"].includes(request.method) ? keptInFile : wrongMethod);
}

/** What lies below `auth` is whose token it is. */
const PLACES: ReadonlyMap<string, Read> = new Map<string, Read>([
  ["auth/catalog", (accounts, request) => ok({ status: 200, body: { catalog: catalogOf(accounts, request.base), ...listLinks(request) } })],
  ["auth/projects", (accounts, request) => listed(request, "projects", projectsOf(accounts, request.asker.user).map(projectItem))],
  ["auth/domains", (accounts, request) => listed(request, "domains", domainsOf(accounts, request.asker.user).map(domainItem))],
  ["auth/system", (_accounts, request) => ok({ status: 200, body: { system: [], ...listLinks(request) } })],
  ["role_assignments", roleAssignments],
]);

/** A collection, one of its objects, or something below one. */
function collected(accounts: Accounts, request: IdentityRequest): Result<IdentityAnswer> | undefined {
  const [plural = "", id, ...below] = request.path;
  const collection = COLLECTIONS.get(plural);
  if (collection === undefined) return undefined;
  if (below.length > 0) return ofUser(accounts, request);
  const own = isAdmin(request) ? undefined : ownOf(accounts, request.asker.user).get(plural);
  if (own === undefined && !isAdmin(request)) return refused(notAllowed);
  const items = collection.items(accounts, request.base).filter((item) => own?.has(String(item["id"])) !== false);
  const wanted = id === undefined ? matching(request, items) : items.filter((item) => item["id"] === id);
  // Of what is not one's own, one is not told whether it is there: clients then take what they were given for an id.
  const named = id !== undefined || request.query.length > 0;
  if (own !== undefined && named && wanted.length === 0) return refused(notAllowed);
  if (id === undefined) return listed(request, plural, items);
  const [item] = wanted;
  if (item === undefined) return refused(notFound(`${collection.name}: ${id}`));
  return ok({ status: 200, body: { [collection.name]: linked(request, plural, item) } });
}

/** What a user has: `users/ID/projects`, `users/ID/groups`, `projects/ID/users/ID/roles`. */
function ofUser(accounts: Accounts, request: IdentityRequest): Result<IdentityAnswer> | undefined {
  const [plural, id = "", below, other = "", last, more] = request.path;
  const roles = plural === "projects" && below === "users" && last === "roles" && more === undefined;
  const lists = plural === "users" && (below === "projects" || below === "groups") && request.path.length === 3;
  if (!roles && !lists) return undefined;
  const whose = roles ? other : id;
  if (!isAdmin(request) && whose !== request.asker.user.id) return refused(notAllowed);
  const user = accounts.users.get(whose);
  if (user === undefined) return refused(notFound(`user: ${whose}`));
  if (below === "groups") return listed(request, "groups", []);
  if (below === "projects") return listed(request, "projects", projectsOf(accounts, user).map(projectItem));
  const held = user.grants.filter(({ place }) => place.kind === "project" && place.id === id).flatMap((grant) => grant.roles);
  const items = COLLECTIONS.get("roles")?.items(accounts, request.base) ?? [];
  return listed(
    request,
    "roles",
    items.filter(({ name }) => held.some((role) => role === name)),
  );
}

/** What somebody may see who is no administrator: oneself, projects in which one has a role, the domains of both. Keystone shows no lists of them. */
function ownOf(accounts: Accounts, user: User): ReadonlyMap<string, ReadonlySet<string>> {
  const projects = projectsOf(accounts, user);
  return new Map([
    ["users", new Set([user.id])],
    ["projects", new Set(projects.map(({ id }) => id))],
    ["domains", new Set([user, ...projects].map(({ domain }) => domain.id))],
  ]);
}

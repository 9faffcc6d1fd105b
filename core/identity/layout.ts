/** What an identity file looks like: every key, whether it may be left out, and what then holds. */
import { list, mapping, needed, optional, otherwise, text, unless } from "../datacenter/form.ts";
import type { Reader } from "../datacenter/form.ts";
import { isMapping } from "../datacenter/source.ts";
import { readPasswordHash } from "./password-hash.ts";

/** Of domains, projects and users; they end up on command lines. */
const name: Reader<string> = text("a name: 1 to 255 characters, none at the ends a space", (value) =>
  /^[^\p{C}]{1,255}$/u.test(value) && value.trim() === value ? value : undefined,
);

const id: Reader<string> = text("an id: up to 64 letters, digits, dashes and underscores", (value) =>
  /^[A-Za-z0-9_-]{1,64}$/.test(value) ? value : undefined,
);

const role: Reader<string> = text("the name of a role: lower-case letters, digits, dashes and underscores", (value) =>
  /^[a-z0-9_-]{1,64}$/.test(value) ? value : undefined,
);

/** Not repeated in what is found wrong: a hash can be guessed at. */
const passwordHash: Reader<string> = (source, path) => {
  const value = source.at(path);
  if (typeof value === "string" && readPasswordHash(value) !== undefined) return value;
  source.conceal(path, "not a password's hash as `margay identity hash-password` prints it");
  return undefined;
};

const truth: Reader<boolean> = (source, path) => {
  const value = source.at(path);
  if (typeof value === "boolean") return value;
  source.blame(path, "neither true nor false");
  return undefined;
};

/** Roles by the project, or domain, where they are held: its name, or its id. */
export type DeclaredGrants = ReadonlyMap<string, readonly (string | undefined)[] | undefined>;

const grants: Reader<DeclaredGrants> = (source, path) => {
  const value = source.at(path);
  if (value === undefined) return new Map();
  if (!isMapping(value)) {
    source.blame(path, "not a mapping (project: [role, …])");
    return undefined;
  }
  return new Map(Object.keys(value).map((place) => [place, some(role)(source, [...path, place])]));
};

function some<T>(read: Reader<T>): Reader<readonly (T | undefined)[]> {
  return unless(list(read), (values) => (values.length === 0 ? "an empty list; leave the key out" : undefined));
}

/** As most clouds call the one that they have. */
export const DEFAULT_REGION = "RegionOne";

export const LAYOUT = mapping({
  region: otherwise(DEFAULT_REGION, name),
  roles: list(role),
  domains: list(mapping({ name: needed(name), id: optional(id) })),
  projects: list(
    mapping({
      name: needed(name),
      id: optional(id),
      domain: optional(name),
      description: otherwise(
        "",
        text("a text", (value) => value),
      ),
      enabled: otherwise(true, truth),
    }),
  ),
  users: list(
    mapping({
      name: needed(name),
      id: optional(id),
      domain: optional(name),
      enabled: otherwise(true, truth),
      password_hash: needed(passwordHash),
      roles: grants,
      domain_roles: grants,
    }),
  ),
});

/** What a file declares, as read: each value, or undefined where it is absent or was blamed. */
export type Declared = NonNullable<ReturnType<typeof LAYOUT>>;

/**
 * A single check of a policy file: `role:member`, `rule:owner`, `field:port:device_owner=~^network:`, `is_admin:True`,
 * `project_id:%(network:project_id)s`. What could never be answered here is refused rather than taken for "no".
 */
export type Check =
  | { readonly kind: "role"; readonly role: string }
  | { readonly kind: "rule"; readonly name: string }
  | { readonly kind: "field"; readonly attribute: string; readonly equals: string }
  | { readonly kind: "field"; readonly attribute: string; readonly matches: RegExp }
  | { readonly kind: "admin"; readonly is: boolean }
  | { readonly kind: "same"; readonly left: Asker | Literal; readonly right: Literal | Asked }
  /** Tokens of a whole system rather than a project are not let in. */
  | { readonly kind: "system" };

/** Of whoever asks. */
export interface Asker {
  readonly of: "asker";
  readonly what: "project" | "user";
}

export interface Literal {
  readonly of: "text";
  readonly text: string;
}

/** Of the thing that is asked about, or of what it hangs on: `network`, `security_group`, `ext_parent`… */
export type Asked = { readonly of: "thing"; readonly attribute: string } | { readonly of: "parent"; readonly parent: string };

export type CheckRead = { readonly ok: true; readonly value: Check } | { readonly ok: false; readonly reason: string };

const PROJECT = new Set(["project_id", "tenant_id", "project", "tenant"]);

export function readCheck(word: string): CheckRead {
  const quoted = /^(?:'([^']*)'|"([^"]*)"):(.+)$/.exec(word);
  if (quoted !== null) return same({ of: "text", text: quoted[1] ?? quoted[2] ?? "" }, quoted[3] ?? "");
  const at = word.indexOf(":");
  if (at <= 0 || at === word.length - 1) return wrong(`"${word}" is no check: KIND:VALUE is one`);
  return readKind(word.slice(0, at), word.slice(at + 1));
}

function readKind(kind: string, value: string): CheckRead {
  if (kind === "role") return plain(value) ?? right({ kind: "role", role: value.toLowerCase() });
  if (kind === "rule") return plain(value) ?? right({ kind: "rule", name: value });
  if (kind === "field") return field(value);
  if (kind === "is_admin") return isAdmin(value);
  if (kind === "system_scope") return right({ kind: "system" });
  if (kind === "user_id") return same({ of: "asker", what: "user" }, value);
  if (PROJECT.has(kind)) return same({ of: "asker", what: "project" }, value);
  if (kind === "http" || kind === "https") return wrong(`"${kind}:" would ask another server, which is not done here`);
  return wrong(`"${kind}:" is not known of whoever asks: role, rule, field, is_admin, project_id, tenant_id and user_id are`);
}

function right(value: Check): CheckRead {
  return { ok: true, value };
}

function wrong(reason: string): CheckRead {
  return { ok: false, reason };
}

/** Undefined: it is a plain word. */
function plain(value: string): CheckRead | undefined {
  return value.includes("%(") ? wrong(`"${value}" must be a plain word`) : undefined;
}

/** `networks:router:external=True`, `port:device_owner=~^network:`: the resource is a remark, the asked thing is what it is. */
function field(value: string): CheckRead {
  const parts = /^\w+:([\w:]+)=(~?)(.*)$/.exec(value);
  if (parts === null) return wrong(`"field:${value}" is not of the form field:RESOURCE:ATTRIBUTE=VALUE`);
  const [, attribute = "", tilde, wanted = ""] = parts;
  if (tilde === "") return right({ kind: "field", attribute, equals: wanted });
  const matches = expression(wanted);
  return matches === undefined ? wrong(`"${wanted}" is not a regular expression`) : right({ kind: "field", attribute, matches });
}

/** Python matches at the beginning of a text. */
function expression(text: string): RegExp | undefined {
  try {
    return new RegExp(`^(?:${text})`, "u");
  } catch {
    return undefined;
  }
}

function isAdmin(value: string): CheckRead {
  const is = new Map([
    ["true", true],
    ["1", true],
    ["false", false],
    ["0", false],
  ]).get(value.toLowerCase());
  return is === undefined ? wrong(`"is_admin:${value}": it is True or False`) : right({ kind: "admin", is });
}

function same(left: Asker | Literal, value: string): CheckRead {
  if (!value.includes("%(")) return right({ kind: "same", left, right: { of: "text", text: value.replace(/^(['"])(.*)\1$/, "$2") } });
  const [, parent, attribute = ""] = /^%\((?:(\w+):)?([\w.-]+)\)s$/.exec(value) ?? [];
  if (attribute === "") return wrong(`"${value}" is not of the form %(ATTRIBUTE)s or %(PARENT:project_id)s`);
  if (parent === undefined) return right({ kind: "same", left, right: { of: "thing", attribute } });
  if (!PROJECT.has(attribute)) return wrong(`"${value}": of what something hangs on, only the project is known`);
  return right({ kind: "same", left, right: { of: "parent", parent } });
}

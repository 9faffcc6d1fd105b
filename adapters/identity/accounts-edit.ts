/**
 * Changes to an identity file that leave the rest of it, comments too, as its operator wrote it. What would come out is read
 * like any identity file before it is written: a change that makes it wrong is refused.
 */
import { isMap, isSeq, parseDocument } from "yaml";
import type { Document } from "yaml";
import { DEFAULT_DOMAIN } from "#core/identity/accounts.ts";
import { idOf, readAccountsText } from "./accounts-file.ts";

export interface NewProject {
  readonly name: string;
  readonly id?: string;
  readonly domain?: string;
  readonly description?: string;
}

export interface NewUser {
  readonly name: string;
  readonly domain?: string;
  readonly passwordHash: string;
  /** By project. */
  readonly roles: Readonly<Record<string, readonly string[]>>;
}

/** A user by name, and by domain where it is not the default one. */
export interface UserName {
  readonly name: string;
  readonly domain?: string;
}

/** Changes a text; throws, with what is wrong, where it cannot be. */
export type Edit = (text: string) => string;

const HEAD = `# Who may use this cloud: projects, and users with their roles. \`margay identity --help\` edits this file, and so may you;
# a running controller reads it again when it changes.
#
# Roles: admin may do everything everywhere; manager, member and reader what their names say in their project, each also what the ones
# after it may; service is for other services, such as Nova. Passwords are not here, only what scrypt makes of them.
`;

export const EMPTY = `${HEAD}\nprojects: []\n\nusers: []\n`;

/** The id is written down, so that the project keeps it, and all that is its, under another name. */
export function withProject({ name, domain, id = idOf("project", domain ?? DEFAULT_DOMAIN.name, name), description }: NewProject): Edit {
  return edited((document) => add(document, "projects", { name, id, ...(domain && { domain }), ...(description && { description }) }));
}

export function withUser({ name, domain, passwordHash, roles }: NewUser): Edit {
  return edited((document) => add(document, "users", { name, ...(domain && { domain }), password_hash: passwordHash, roles }));
}

export function withPassword(user: UserName, passwordHash: string): Edit {
  return edited((document) => document.setIn([...placeOf(document, user), "password_hash"], passwordHash));
}

/** Besides those that the user has there already. */
export function withRoles(user: UserName, project: string, roles: readonly string[]): Edit {
  return edited((document) => {
    const place = [...placeOf(document, user), "roles", project];
    const held: unknown = document.getIn(place);
    const before: readonly unknown[] = isSeq(held) ? (held.toJSON() as readonly unknown[]) : [];
    document.setIn(place, document.createNode([...new Set([...before, ...roles])], { flow: true }));
  });
}

function edited(change: (document: Document) => void): Edit {
  return (text) => {
    const document = parseDocument(text, { stringKeys: true });
    refuse("the identity file", text);
    change(document);
    const after = document.toString({ lineWidth: 0, flowCollectionPadding: false });
    refuse("the identity file, changed", after);
    return after;
  };
}

function refuse(name: string, text: string): void {
  const reading = readAccountsText(name, text);
  if (!reading.ok) throw new Error(reading.problems.join("\n"));
}

/** At the end of a list, which is written in lines however it was before. */
function add(document: Document, list: "projects" | "users", item: object): void {
  const node = document.createNode(item);
  // Roles read better in a line.
  const roles: unknown = node.get("roles");
  if (isMap(roles)) for (const { value } of roles.items) if (isSeq(value)) value.flow = true;
  const known = document.get(list);
  if (!isSeq(known)) return document.set(list, document.createNode([node]));
  if (known.items.length === 0) known.flow = false;
  known.add(node);
}

function placeOf(document: Document, { name, domain = DEFAULT_DOMAIN.name }: UserName): readonly (string | number)[] {
  const users: unknown = document.get("users");
  const at = isSeq(users)
    ? users.items.findIndex((user) => isMap(user) && user.get("name") === name && (user.get("domain") ?? DEFAULT_DOMAIN.name) === domain)
    : -1;
  if (at < 0) throw new Error(`there is no user "${name}" in the domain "${domain}"`);
  return ["users", at];
}

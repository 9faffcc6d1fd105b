/**
 * What holds for every attribute of every resource, by its declaration alone: a new attribute is tested by being declared.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { chosen, pathOf, policyNameOf } from "../resource/resource.ts";
import type { Attribute, Resource } from "../resource/resource.ts";
import { isWrong } from "../resource/type.ts";
import type { ApiResponse } from "./api-types.ts";
import { LEAST } from "./least.ts";
import { ADMIN, allIn, idOf, MEMBER, sandbox, shownIn } from "./sandbox.ts";
import type { Fields, Sandbox } from "./sandbox.ts";
import { DECLARED } from "./tables.ts";

interface Made {
  readonly box: Sandbox;
  readonly least: Fields;
  /** One that is there, as an administrator sees it. */
  readonly one: Fields;
  readonly url: string;
}

interface Ground {
  readonly box: Sandbox;
  readonly ids: Readonly<Record<string, string>>;
}

function ground(): Ground {
  const box = sandbox();
  const ids: Record<string, string> = {};
  ids["network"] = idOf(box.ask(ADMIN, "POST", "networks", { network: {} }));
  ids["external"] = networkWith(box, "10.98.0.0/24", { "router:external": true });
  const shared = networkWith(box, "10.99.0.0/24", { shared: true });
  ids["port"] = idOf(box.ask(ADMIN, "POST", "ports", { port: { network_id: shared, fixed_ips: [{ ip_address: "10.99.0.10" }] } }));
  ids["security_group"] = idOf(box.ask(ADMIN, "POST", "security-groups", { security_group: {} }));
  return { box, ids };
}

function made(resource: Resource, on = ground()): Made {
  const { box, ids } = on;
  const least = LEAST[resource.name]?.(ids) ?? {};
  const url = urlOf(resource, on);
  const one = shownIn(box.ask(ADMIN, "POST", url, { [resource.name]: least }), resource.name);
  return { box, least, one, url };
}

function networkWith(box: Sandbox, cidr: string, said: Fields): string {
  const network_id = idOf(box.ask(ADMIN, "POST", "networks", { network: said }));
  box.ask(ADMIN, "POST", "subnets", { subnet: { network_id, cidr, ip_version: 4 } });
  return network_id;
}

/** Where it is made: of what lies below another, below a new one of that. */
function urlOf(resource: Resource, on: Ground): string {
  const above = resources.find(({ name }) => name === resource.under?.resource);
  if (above === undefined) return pathOf(resource);
  const { one, url } = made(above, on);
  return `${url}/${String(one["id"])}/${pathOf(resource)}`;
}

function refusedWith(response: ApiResponse): { readonly status: number; readonly message: string } {
  return { status: response.status, message: String(shownIn(response, "NeutronError")["message"]) };
}

/** No type but the most tolerant reads it. */
const NONSENSE = { "": [{ "": null }] };

const resources: readonly Resource[] = Object.values(DECLARED);
const creatable = resources.filter((resource) => resource.may.create !== undefined && "id" in resource.attributes);

for (const resource of resources) {
  describe(`invariant 9: the declaration of ${resource.name} stands for itself`, () => {
    for (const [name, attribute] of Object.entries(resource.attributes)) {
      test(`${name} has a note`, () => assert.match(attribute.note, /[.?]$/));
      if (attribute.write !== "never" && "default" in attribute && attribute.default !== chosen) {
        test(`${name}: the default passes its own reader`, () => {
          const read = attribute.type.read(attribute.default);
          assert.ok(!isWrong(read));
          assert.deepEqual(read.value, attribute.default);
        });
      }
    }
  });
}

for (const resource of creatable) {
  const entries = Object.entries(resource.attributes);
  const one = () => made(resource);
  const create = ({ box, url, least }: Made, said: Fields) => box.ask(ADMIN, "POST", url, { [resource.name]: { ...least, ...said } });
  const update = ({ box, url, one: { id } }: Made, said: Fields) => box.ask(ADMIN, "PUT", `${url}/${id}`, { [resource.name]: said });
  const list = ({ box, url }: Made, query: string) => allIn(box.ask(ADMIN, "GET", `${url}?${query}`), resource.plural);

  describe(`invariant 9: ${resource.name} is what its declaration says`, () => {
    test("an unknown attribute is refused", () =>
      assert.deepEqual(refusedWith(create(one(), { colour: "blue" })), { status: 400, message: "Unrecognized attribute(s) 'colour'" }));

    for (const [name, attribute] of entries) {
      if (!onCreation(attribute)) {
        test(`${name} cannot be said on creation`, () =>
          assert.deepEqual(refusedWith(create(one(), { [name]: "x" })), {
            status: 400,
            message: `Attribute '${name}' not allowed in POST`,
          }));
      } else if (isWrong(attribute.type.read(NONSENSE))) {
        test(`${name} cannot be nonsense`, () => assert.equal(refusedWith(create(one(), { [name]: NONSENSE })).status, 400));
      }
      if (onCreation(attribute) && !("default" in attribute)) {
        test(`${name} must be said`, () => {
          const { box, url, least } = one();
          const { [name]: _, ...rest } = least;
          const { status, message } = refusedWith(box.ask(ADMIN, "POST", url, { [resource.name]: rest }));
          assert.deepEqual(
            { status, message },
            { status: 400, message: `Failed to parse request. Required attribute '${name}' not specified` },
          );
        });
      }
      if (JSON.stringify(attribute.guard?.create) === '["admin"]') {
        test(`${name} is for administrators to say`, () => {
          const { box, url, least } = one();
          const said = { ...least, [name]: another(attribute) };
          const { status, message } = refusedWith(box.ask(MEMBER, "POST", url, { [resource.name]: said }));
          assert.equal(status, 403);
          assert.equal(
            message,
            `(rule:create_${policyNameOf(resource)} and rule:create_${policyNameOf(resource)}:${name}) is disallowed by policy`,
          );
        });
      }
    }
  });

  describe(`${resource.name}, changed`, () => {
    for (const [name, attribute] of entries) {
      if (resource.may.update === undefined) continue;
      if (attribute.write === "always" || attribute.write === "change") {
        test(`${name} stays when it is set to what it is`, () => {
          const it = one();
          const value = it.one[name];
          const after = shownIn(update(it, { [name]: value }), resource.name);
          assert.deepEqual(after[name], value);
          // Whatever else follows from it counts as a change, and nothing counts as none.
          if (isDeepStrictEqual(rest(after), rest(it.one))) assert.deepEqual(after, it.one);
          else assert.equal(after["revision_number"], Number(it.one["revision_number"]) + 1);
        });
      } else {
        test(`${name} is read-only`, () =>
          assert.deepEqual(refusedWith(update(one(), { [name]: "x" })), {
            status: 400,
            message: `Cannot update read-only attribute ${name}`,
          }));
      }
    }
  });

  describe(`${resource.name}, listed`, () => {
    for (const [name, attribute] of entries) {
      test(`fields=${name} shows it alone`, () => {
        const it = one();
        const shown = list(it, `fields=${name}&id=${it.one["id"]}`);
        assert.deepEqual(shown, [attribute.hidden === undefined ? { [name]: it.one[name] } : {}]);
      });
      test(`${name} ${attribute.filter === true ? "filters" : "does not filter"}`, () => filters(one(), { name, attribute, list }));
      test(`${name} ${attribute.sort === true ? "sorts" : "does not sort"}`, () => {
        const it = one();
        const response = it.box.ask(ADMIN, "GET", `${it.url}?sort_key=${name}&sort_dir=desc`);
        if (attribute.sort === true) assert.equal(response.status, 200);
        else assert.deepEqual(refusedWith(response), { status: 400, message: `['${name}'] is invalid attribute for sort_keys` });
      });
    }
  });
}

function rest({ revision_number: _revision, updated_at: _when, ...more }: Fields): Fields {
  return more;
}

function onCreation({ write }: Attribute): boolean {
  return write === "create" || write === "always";
}

/** A value that the attribute takes and that is not its default. */
function another({ type, default: usual }: Attribute): unknown {
  return [true, false, 7, "x", ["compute:nova"]].find((value) => {
    const read = type.read(value);
    return !isWrong(read) && read.value !== usual;
  });
}

interface Filtering {
  readonly name: string;
  readonly attribute: Attribute;
  readonly list: (made: Made, query: string) => readonly Fields[];
}

function filters(it: Made, { name, attribute, list }: Filtering): void {
  if (attribute.filter !== true) {
    const refusal = refusedWith(it.box.ask(ADMIN, "GET", `${it.url}?${name}=x`));
    assert.deepEqual(refusal, { status: 400, message: `['${name}'] is invalid attribute for filtering` });
    return;
  }
  // What is not told cannot be compared with what was asked for.
  if (attribute.hidden !== undefined) return;
  const same = (query: string) => list(it, query).filter(({ id }) => id === it.one["id"]).length;
  for (const key of attribute.type.keys(it.one[name]))
    assert.equal(same(`${name}=${encodeURIComponent(key)}`), 1, `${name}=${key} must find it`);
  const other = otherKey(attribute, it.one[name]);
  if (other !== undefined) assert.equal(same(`${name}=${encodeURIComponent(other)}`), 0, `${name}=${other} must not find it`);
}

/** A text that the attribute's filter takes, and that does not find the value. */
function otherKey({ type }: Attribute, value: unknown): string | undefined {
  const keys = type.keys(value);
  const texts = ["true", "false", "4711", "nothing-like-it", "ip_address=192.0.2.99"];
  return texts.find((text) => {
    const taken = type.filter === undefined ? type.key(text) : type.filter([text]);
    return !isWrong(taken) && !keys.includes(text);
  });
}

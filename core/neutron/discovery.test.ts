import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiResponse } from "./api-types.ts";
import { versions } from "./discovery.ts";
import { ADMIN, MEMBER, sandbox } from "./sandbox.ts";

function type({ status, body }: ApiResponse): string {
  return `${status} ${(body as { NeutronError: { type: string } }).NeutronError.type}`;
}

test("the root names the version, with a link to where it was reached", () => {
  assert.deepEqual(versions("https://cloud.example").body, {
    versions: [{ id: "v2.0", status: "CURRENT", links: [{ rel: "self", href: "https://cloud.example/v2.0/" }] }],
  });
});

test("the version names its resources, each where it is", () => {
  const cloud = sandbox();
  const { body } = cloud.ask(ADMIN, "GET", "");
  const { resources } = body as { resources: readonly { name: string; links: readonly { href: string }[] }[] };
  const links = new Map(resources.map(({ name, links: [link] }) => [name, link?.href ?? ""]));
  assert.equal(links.get("security_group"), "http://controller:9696/v2.0/security-groups");
  assert.equal(links.get("policy"), "http://controller:9696/v2.0/qos/policies");
  for (const [name, link] of links) assert.equal(cloud.ask(ADMIN, "GET", link.replace(/^.*v2\.0\//, "")).status, 200, name);
  assert.equal(type(cloud.ask(ADMIN, "DELETE", "")), "405 HTTPMethodNotAllowed");
});

test("extensions are told only where their effect is here", () => {
  const cloud = sandbox();
  const { extensions } = cloud.ask(MEMBER, "GET", "extensions").body as { extensions: readonly { alias: string; links: unknown }[] };
  const aliases = extensions.map(({ alias }) => alias);
  for (const alias of ["security-group", "quotas", "binding", "external-net", "port-security", "standard-attr-tag", "agent", "provider"])
    assert.ok(aliases.includes(alias), alias);
  for (const alias of ["trunk", "dvr", "segment"]) assert.ok(!aliases.includes(alias), alias);
  assert.deepEqual(aliases, [...new Set(aliases)].toSorted());
  assert.deepEqual(cloud.ask(MEMBER, "GET", "extensions/quotas").body, { extension: extensions.find(({ alias }) => alias === "quotas") });
  assert.equal(type(cloud.ask(MEMBER, "GET", "extensions/trunk")), "404 HTTPNotFound");
  assert.equal(type(cloud.ask(MEMBER, "PUT", "extensions/quotas", {})), "404 HTTPNotFound");
});

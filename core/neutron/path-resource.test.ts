import assert from "node:assert/strict";
import { test } from "node:test";
import { resourceOfPath } from "./path-resource.ts";

test("a path is about a resource, whatever ids stand in it", () => {
  const cases: Readonly<Record<string, string>> = {
    "/v2.0/ports": "port",
    "/v2.0/ports.json": "port",
    "/v2.0/ports/8f0a/tags/red": "port",
    "/v2.0/security-groups/x": "security_group",
    "/v2.0/floatingips/x/port_forwardings/y": "port_forwarding",
    "/v2.0/qos/policies/x": "policy",
    "/v2.0/quotas/p": "quotas",
    "/v2.0/": "version",
    "/v2.0": "version",
    "/": "versions",
    "/healthz": "health",
    "/margay/v1/apply": "margay",
    "/identity/v3/auth/tokens": "identity",
    "/v2.0/whatever/x": "other",
    "/favicon.ico": "other",
    "-": "other",
  };
  for (const [path, resource] of Object.entries(cases)) assert.equal(resourceOfPath(path), resource, path);
});

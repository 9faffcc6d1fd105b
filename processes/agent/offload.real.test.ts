/** Flow offload where there is some: under Debian's kernel, whatever this machine's own can do. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { inDebian } from "#lab/qemu/debian.ts";

test(
  "flows are offloaded, cut, limited and given back under Debian's kernel as if they were not offloaded",
  { timeout: 300_000 },
  async (t) => {
    const heard = (line: string) => (/^ +[✔ℹ]/u.test(line) ? t.diagnostic(line.trim()) : undefined);
    const { status, text } = await inDebian(["node", "processes/agent/offload-in-debian.real.ts"], { timeout: 280_000, heard });
    assert.equal(status, 0, text);
    assert.match(text, /an address that goes takes its flows along/);
  },
);

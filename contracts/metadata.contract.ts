/** What every way to Nova's metadata API keeps. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { TestContext } from "node:test";
import type { Header } from "#core/metadata/headers.ts";
import type { MetadataWorld } from "./metadata.fake.ts";
import type { MetadataAnswer, MetadataApi, MetadataQuestion } from "./metadata.ts";

const stays = () => undefined;
const NOBODY = new Uint8Array();

export interface MetadataSample {
  readonly api: MetadataApi;
  readonly world: MetadataWorld;
  /** Of an instance, as the world takes it. */
  readonly sign: (instance: string) => string;
}

/** `open` gives one that asks the API of that world. */
export function metadataContract(name: string, open: (t: TestContext) => Promise<MetadataSample> | MetadataSample): void {
  describe(`${name} asks for metadata:`, () => {
    const ready = async (t: TestContext) => {
      const sample = await open(t);
      sample.world.instances.set("vm-1", { project: "p", at: () => '{"uuid":"vm-1"}' });
      return { ...sample, as: (instance: string, project = "p") => asking(sample.sign(instance), instance, project) };
    };

    test("what is asked arrives as it is, and the answer as it was given", async (t) => {
      const { api, world, as } = await ready(t);
      const body = Uint8Array.from("secret=x", (letter) => letter.charCodeAt(0));
      const question = { ...as("vm-1"), method: "POST", path: "/openstack/latest/password?a=b%20c", body };
      assert.deepEqual(await told(await api.ask(question, stays)), { status: 200, text: '{"uuid":"vm-1"}' });
      assert.deepEqual([world.heard[0]?.method, world.heard[0]?.path, world.heard[0]?.body], ["POST", question.path, body]);
      for (const header of question.headers) assert.ok(saying(world.heard[0]).includes(header.join(": ")), header.join(": "));
    });

    test("a refusal is an answer, and HEAD has no text", async (t) => {
      const { api, as } = await ready(t);
      assert.equal((await told(await api.ask(as("vm-2"), stays))).status, 404);
      assert.equal((await told(await api.ask(as("vm-1", "q"), stays))).status, 404);
      assert.equal((await told(await api.ask(asking("wrong", "vm-1", "p"), stays))).status, 403);
      assert.deepEqual(await told(await api.ask({ ...as("vm-1"), method: "HEAD" }, stays)), { status: 200, text: "" });
    });

    test("one that is away, silent, or breaks off is told apart, and asked again when it is back", async (t) => {
      const { api, world, as } = await ready(t);
      for (const [state, seen] of [
        ["away", "unreachable"],
        ["silent", "late"],
      ] as const) {
        world.state = state;
        assert.equal((await api.ask(as("vm-1"), stays)).state, seen);
      }
      world.state = "broken";
      await assert.rejects(async () => told(await api.ask(as("vm-1"), stays)));
      world.state = "there";
      assert.equal((await told(await api.ask(as("vm-1"), stays))).status, 200);
    });

    test("what HTTP cannot say is not said", async (t) => {
      const { api, as } = await ready(t);
      assert.equal((await api.ask({ ...as("vm-1"), path: "/a\u0001b" }, stays)).state, "invalid");
    });
  });
}

function asking(signature: string, instance: string, project: string): MetadataQuestion {
  const headers: Header[] = [
    ["X-Instance-ID", instance],
    ["X-Tenant-ID", project],
    ["X-Forwarded-For", "10.65.0.5"],
    ["X-Instance-ID-Signature", signature],
  ];
  return { method: "GET", path: "/openstack/latest/meta_data.json", headers, body: NOBODY };
}

async function told(answer: MetadataAnswer): Promise<{ status: number; text: string }> {
  if (answer.state !== "answered") throw new Error(`${answer.state}: ${answer.reason}`);
  let text = "";
  for await (const part of answer.body) text += String.fromCharCode(...part);
  return { status: answer.status, text };
}

function saying(question: MetadataQuestion | undefined): string[] {
  return (question?.headers ?? []).map((header) => header.join(": "));
}

/** Nova's metadata API as a model: it checks who is said to ask, as Nova does, and answers with what it was told of each instance. */
import type { Header } from "#core/metadata/headers.ts";
import type { MetadataAnswer, MetadataApi, MetadataQuestion } from "./metadata.ts";

export interface MetadataWorld {
  /** By instance: its project, and what it is answered at a path; undefined: nothing is there. */
  readonly instances: Map<string, { readonly project: string; readonly at: (path: string) => string | undefined }>;
  /** Is this the signature of that instance? */
  readonly isSignature: (signature: string, instance: string) => boolean;
  /** `away`: nobody listens; `silent`: it hears and does not answer; `broken`: it ends in the middle of its answer. */
  state: "there" | "away" | "silent" | "broken";
  /** What it heard, in order. */
  readonly heard: MetadataQuestion[];
}

export function metadataWorld(isSignature: MetadataWorld["isSignature"]): MetadataWorld {
  return { instances: new Map(), isSignature, state: "there", heard: [] };
}

/** Status and text, by Nova's rules (nova/api/metadata/handler.py): 400 without a header, 403 for a wrong signature, 404 for another project's. */
export function novaAnswer(
  world: MetadataWorld,
  { path, headers }: Pick<MetadataQuestion, "path" | "headers">,
): { status: number; text: string } {
  const [instance, project, address, signature] = ["x-instance-id", "x-tenant-id", "x-forwarded-for", "x-instance-id-signature"].map(
    (name) => only(headers, name),
  );
  if (path === "/") return { status: 200, text: "1.0\nlatest\n" };
  if (instance === undefined || project === undefined || address === undefined || signature === undefined)
    return { status: 400, text: "a header is missing, or said twice" };
  if (!world.isSignature(signature, instance)) return { status: 403, text: "Invalid proxy request signature." };
  const known = world.instances.get(instance);
  const text = known?.project === project ? known?.at(path) : undefined;
  return text === undefined ? { status: 404, text: "" } : { status: 200, text };
}

/** As WSGI reads names: one of `-` and `_`. */
function only(headers: readonly Header[], name: string): string | undefined {
  const all = headers.filter(([each]) => each.toLowerCase().replaceAll("_", "-") === name);
  return all.length === 1 ? all[0]?.[1] : undefined;
}

export function fakeMetadataApi(world: MetadataWorld): MetadataApi {
  return {
    ask: async (question): Promise<MetadataAnswer> => {
      if (world.state === "away") return { state: "unreachable", reason: "connect ECONNREFUSED" };
      world.heard.push(question);
      if (world.state === "silent") return { state: "late", reason: "no answer for 1 s" };
      if (/[^\x21-\xff]/.test(question.path)) return { state: "invalid", reason: "the path cannot be sent" };
      const { status, text } = novaAnswer(world, question);
      const body = bodyOf(question.method === "HEAD" ? "" : text, world.state === "broken");
      return { state: "answered", status, headers: [["content-type", "text/plain"]], body };
    },
    close: () => undefined,
  };
}

async function* bodyOf(text: string, broken: boolean): AsyncIterable<Uint8Array> {
  yield Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  if (broken) throw new Error("aborted");
}

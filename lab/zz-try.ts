import { raiseExample } from "./raise.ts";
import { labNamed } from "./place.ts";
import { down } from "./down.ts";
import { verify } from "./verify/verify.ts";
const lab = labNamed("topo");
const t0 = Date.now();
const say = (line: string) => console.log(((Date.now() - t0) / 1000).toFixed(1), line);
const keep = process.argv.includes("--keep");
try {
  await down(lab);
  const center = await raiseExample(lab, process.argv[2] ?? "", say);
  const verdicts = await verify(lab, center, say);
  for (const v of verdicts.filter(({ kept }) => !kept))
    console.log("BROKEN", v.what, `IPv${v.family}`, v.expected, "|", v.seen, "|", v.evidence);
  say(`${verdicts.length} claims, ${verdicts.filter(({ kept }) => kept).length} kept`);
} catch (error) {
  console.log("FAILED", error);
} finally {
  if (!keep) await down(lab);
  say("down");
}

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { programContract } from "#contracts/program.contract.ts";
import { shells } from "./shells.ts";

programContract("shells()", (t, limitMs) => {
  const directory = mkdtempSync(join(tmpdir(), "margay-shells-"));
  const { run, close } = shells({ directory, limitMs });
  t.after(() => {
    close();
    rmSync(directory, { recursive: true });
  });
  return run;
});

/** The tree keeps its own rules: layers, sizes, names, types. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { BESIDE, MEASURES } from "./beside.ts";
import { BANNED_NAMES, CORE_ORDER, IMPURE, LAYERS, SIZE } from "./layers.ts";

const HOME = fileURLToPath(new URL("..", import.meta.url));
const folders = LAYERS.map((layer) => layer.folder).join(",");
const files = globSync(`{${folders}}/**/*.ts`, { cwd: HOME }).map((path) => ({ path, text: readFileSync(join(HOME, path), "utf8") }));
const sources = files.filter(({ path }) => !/\.(test|contract)\.ts$/.test(path));

/** What a file imports, as paths from the top (`core/net/address.ts`), packages or `node:` names. */
function importsOf({ path, text }: { path: string; text: string }): string[] {
  const names = [...text.matchAll(/(?:\bfrom\s+|import\(\s*)"([^"]+)"/g)].map((match) => match[1] ?? "");
  return names.map((name) =>
    name.startsWith("#") ? name.slice(1) : name.startsWith(".") ? normalize(join(dirname(path), name)) : `outside:${name}`,
  );
}

function offences(each: (file: (typeof files)[number]) => readonly string[], among = files): string[] {
  return among.flatMap((file) => each(file).map((what) => `${file.path}: ${what}`));
}

test("every layer imports only what it may", () => {
  const found = offences((file) => {
    const layer = LAYERS.find(({ folder }) => file.path.startsWith(`${folder}/`));
    if (layer === undefined) return ["lies in no layer"];
    return importsOf(file).filter((name) => {
      if (name.startsWith("outside:")) return layer.outside === "none";
      const target = name.split("/")[0] ?? "";
      return target !== layer.folder && !layer.from.includes(target);
    });
  }, sources);
  assert.deepEqual(found, []);
});

test("inside core, the order of folders holds", () => {
  const found = offences(
    (file) => {
      const own = file.path.split("/")[1]?.replace(".ts", "") ?? "";
      const may = CORE_ORDER[own];
      if (may === undefined) return ["is in no known folder of core"];
      return importsOf(file).filter((name) => {
        const target = name.split("/")[1]?.replace(".ts", "") ?? "";
        return name.startsWith("core/") && target !== own && !may.includes(target);
      });
    },
    sources.filter(({ path }) => path.startsWith("core/")),
  );
  assert.deepEqual(found, []);
});

test("decisions and loops are given time and chance as values", () => {
  const pure = sources.filter(({ path }) => /^(core|engine|contracts)\//.test(path));
  assert.deepEqual(
    offences(({ text }) => (IMPURE.test(text) ? ["asks for time or chance itself"] : []), pure),
    [],
  );
});

test("invariant 1: core never waits", () => {
  const core = sources.filter(({ path }) => path.startsWith("core/"));
  const code = (text: string) => text.replaceAll(/\/\*[^]*?\*\/|\/\/.*$|"[^"\n]*"|`[^`]*`/gm, "");
  assert.deepEqual(
    offences(({ text }) => (/\b(await|async|Promise)\b/.test(code(text)) ? ["waits"] : []), core),
    [],
  );
});

test("Node's HTTP is asked for by its name, and loads no more than is used of it", () => {
  const among = sources.filter(({ path }) => /^(adapters|processes)\//.test(path) && !path.endsWith(".real.ts"));
  assert.deepEqual(
    offences(
      ({ text }) => (/^import (?!type ).* from "node:http";/m.test(text) ? ["imports it: see adapters/http/node-http.ts"] : []),
      among,
    ),
    [],
  );
});

test("files are small, lines are readable, names are nouns", () => {
  const found = offences(({ path, text }) => {
    const lines = text.split("\n");
    const wide = lines.findIndex((line) => line.length > SIZE.width);
    return [
      ...(lines.length > SIZE.file ? [`has ${lines.length} lines, ${SIZE.file} at most`] : []),
      ...(wide >= 0 ? [`line ${wide + 1} has ${lines[wide]?.length} characters, ${SIZE.width} at most`] : []),
      ...(BANNED_NAMES.test(path) ? ["is named after no thing"] : []),
    ];
  });
  assert.deepEqual(found, []);
});

test("tests that run beside others are there, and measure nothing", () => {
  for (const path of BESIDE) {
    assert.ok(there(path), path);
    assert.doesNotMatch(readFileSync(join(HOME, path), "utf8"), MEASURES, path);
  }
});

test("no types are switched off", () => {
  const found = offences(({ text }) => [...text.matchAll(/(:\s*any\b|\bas any\b|<any>|@ts-ignore|@ts-nocheck)/g)].map((match) => match[0]));
  assert.deepEqual(
    found.filter((line) => !line.startsWith("tools/checks.test.ts")),
    [],
  );
});

test("documents name files that are there, and tests of invariants that bear their numbers", () => {
  const documents = globSync(["*.md", "docs/*.md"], { cwd: HOME }).map((path) => ({ path, text: readFileSync(join(HOME, path), "utf8") }));
  const named = (text: string) => [...text.matchAll(/(?<![\w/.~-])(?:[\w-]+\/)+[\w.-]+\.(?:ts|md|yaml|case)\b/g)].map(([file]) => file);
  const missing = documents.flatMap(({ path, text }) =>
    named(text).flatMap((file) => (there(file) || there(join(dirname(path), file)) ? [] : [`${path}: ${file}`])),
  );
  assert.deepEqual(missing, []);
  const map = documents.find(({ path }) => path === "ARCHITECTURE.md")?.text ?? "";
  const invariants = [...map.matchAll(/^(\d+)\. [^*]*\*\(([^)]+)\)\*/gm)];
  assert.equal(invariants.length, 10);
  for (const [, number, files = ""] of invariants)
    for (const file of files.split(", ")) assert.match(readFileSync(join(HOME, file), "utf8"), new RegExp(`invariant ${number}\\b`), file);
});

function there(file: string): boolean {
  return existsSync(join(HOME, file));
}

test("everything compiles, each layer with only the world it may see", () => {
  run(["tsc", "-b"]);
});

test("the linter finds nothing", () => {
  run(["oxlint", "--deny-warnings"]);
});

/** Fails with the program's own words. */
function run([program, ...argv]: readonly [string, ...string[]]): void {
  try {
    execFileSync(join(HOME, "node_modules/.bin", program), argv, { cwd: HOME, encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    assert.fail(`${program} ${argv.join(" ")}\n${stdout}${stderr}`);
  }
}

/** Parts that are remembered say what the whole text would: of every kind of machine, and where a part is no whole statement. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { racked, TOPOLOGIES } from "../../intent/bgp-topologies.ts";
import { dataCenterOf, VARIANTS } from "../../intent/bgp-variants.ts";
import { computeBird } from "../../intent/bgp-compute.ts";
import { birdReader } from "./read.ts";
import { remembering } from "./parts.ts";
import { statementsOf, tokensOf } from "./tokens.ts";

function inOne(text: string) {
  const { tokens, bad } = tokensOf(text);
  return { statements: statementsOf(tokens), ...(bad === undefined ? {} : { bad }) };
}

const SITES = [...VARIANTS.map((name) => ({ name, dc: dataCenterOf(name) })), ...TOPOLOGIES.map((name) => ({ name, dc: racked(name) }))];

for (const { name, dc } of SITES)
  test(`the hosts of "${name}" are read as each would be alone`, () => {
    const [statementsIn, read] = [remembering(), birdReader()];
    for (const host of dc.hosts) {
      const text = computeBird(dc, host);
      assert.deepEqual(statementsIn(text), inOne(text));
      const [together, alone] = [read(text), birdReader()(text)];
      assert.deepEqual(together, alone);
    }
  });

const STRANGE = [
  "/* a comment\nprotocol static { route 10.0.0.0/8 unreachable; }\nof several lines */\nrouter id 10.0.0.1;\n",
  "define A = [\n10.0.0.0/8,\n10.1.0.0/16\n];\nfunction f()\n{\nreturn net ~ A;\n}\n",
  "protocol static\n{\n  ipv4;\nroute 10.0.0.0/8 unreachable;\n}\n",
  "router id 10.0.0.1;\n§\nrouter id 10.0.0.2;\n",
  "# no newline at the end\nrouter id 10.0.0.1",
  "}\nrouter id 10.0.0.1;\n{ }\n",
  'log "/* is no comment";\nrouter id 10.0.0.1;\n',
];

for (const text of STRANGE)
  test(`read in one where it has to be: ${JSON.stringify(text)}`, () => {
    const statementsIn = remembering();
    assert.deepEqual(statementsIn(text), inOne(text));
    assert.deepEqual(statementsIn(text), inOne(text), "once more");
  });

test("what is the same at the same line is the very same statement; the same further down is another", () => {
  const statementsIn = remembering();
  const [first, second, third] = ["router id 10.0.0.1;\n", "router id 10.0.0.2;\n", "log x;\nrouter id 10.0.0.1;\n"].map(
    (head) => statementsIn(`${head}define A = 10.0.0.0/8;\n`).statements.at(-1) ?? assert.fail(),
  );
  assert.equal(first, second);
  assert.notEqual(first, third);
  assert.equal(third?.line, 3);
});

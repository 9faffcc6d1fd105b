/** A control socket that says what a test wants, and how. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { askBird, birdControl } from "./control.ts";

/** `says` is given each command, and which connection it came by; answers the reply, or does what it likes and answers nothing. */
async function bird(t: TestContext, says: (command: string, connection: number, socket: Socket) => string | undefined) {
  const directory = mkdtempSync(join(tmpdir(), "margay-control-"));
  const path = join(directory, "bird.ctl");
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    const connection = sockets.push(socket);
    socket.on("error", () => undefined);
    socket.write("0001 BIRD 2.0.12 ready.\n");
    socket.setEncoding("utf8").on("data", (text: string) => {
      for (const command of text.split("\n").slice(0, -1)) socket.write(says(command, connection, socket) ?? "");
    });
  });
  await new Promise<void>((listens) => server.listen(path, listens));
  const control = birdControl(path);
  t.after(() => {
    control.close();
    sockets.forEach((socket) => socket.destroy());
    server.close();
    rmSync(directory, { recursive: true });
  });
  return { path, control, sockets };
}

const REPLY = "1020-b1:\n IP address\n 192.0.2.1\n0000 \n";

test("one connection serves every question, whatever the pieces in which replies come, and each has its own", async (t) => {
  const { control, sockets } = await bird(t, (command, _, socket) => {
    if (command !== "slowly") return `1000-${command}\n 1\n0000 \n`;
    void (async () => {
      for (const letter of REPLY) await turn(socket.write(letter));
    })();
    return undefined;
  });
  const asked = ["one", "slowly", "two"].map((command) => control.ask(command));
  assert.deepEqual(await Promise.all(asked), [
    ["one", "1"],
    ["b1:", "IP address", "192.0.2.1"],
    ["two", "1"],
  ]);
  assert.deepEqual(await control.ask("three"), ["three", "1"]);
  assert.equal(sockets.length, 1);
});

test("what BIRD does not take is no end of the connection", async (t) => {
  const { control, sockets } = await bird(t, (command) => (command === "no" ? "0002-Reading\n9001 syntax error\n" : REPLY));
  await assert.rejects(control.ask("no"), /^Error: BIRD: syntax error$/);
  assert.equal((await control.ask("yes")).length, 3);
  assert.equal(sockets.length, 1);
});

for (const [what, said, words] of [
  ["half of a reply, and the end", "1020-b1:\n 192.0.2.1\n", /closed/],
  ["all of it but the last line's end", "1020-b1:\n0000 ", /closed/],
  ["something else", "HTTP/1.1 400 Bad Request\n\n", /does not speak like that: HTTP/],
  ["more than a reply", `${REPLY}0000 \n`, /does not speak like that: 0000/],
] as const)
  test(`${what} is not believed, and the next question goes by another connection`, async (t) => {
    const { control, sockets } = await bird(t, (_, connection, socket) => {
      if (connection > 1) return REPLY;
      socket.end(said);
      return undefined;
    });
    await assert.rejects(control.ask("show bfd sessions"), words);
    assert.equal((await control.ask("show bfd sessions")).length, 3);
    assert.equal(sockets.length, 2);
  });

test("who is late is not waited for, and what it says later is no answer to the next question", async (t) => {
  const { control, sockets } = await bird(t, (command, connection) => (connection === 1 ? "1000-late\n" : `1000-${command}\n0000 \n`));
  await assert.rejects(control.ask("first"), /no reply within 1000 ms/);
  sockets[0]?.write("0000 \n");
  assert.deepEqual(await control.ask("second"), ["second"]);
});

test("a process that ended while nobody asked it fails the next question, and its successor answers the one after", async (t) => {
  const { control, sockets } = await bird(t, () => REPLY);
  await control.ask("first");
  const ended = new Promise((resolve) => sockets[0]?.once("close", resolve));
  sockets[0]?.end();
  await ended;
  await assert.rejects(control.ask("second"), /closed|EPIPE/);
  assert.equal((await control.ask("third")).length, 3);
});

test("who says something unasked is not asked any more by that connection", async (t) => {
  const { control, sockets } = await bird(t, () => REPLY);
  await control.ask("first");
  const ended = new Promise((resolve) => sockets[0]?.once("close", resolve));
  sockets[0]?.write("0000 \n");
  await ended;
  await assert.rejects(control.ask("second"), /says unasked/);
  assert.equal((await control.ask("third")).length, 3);
});

test("whoever closes it refuses whoever waits, and whoever asks from then on", async (t) => {
  const { control, path } = await bird(t, () => undefined);
  const waiting = [control.ask("first"), control.ask("second")];
  const refused = Promise.all(waiting.map((each) => assert.rejects(each, /is asked no more/)));
  await turn();
  control.close();
  await refused;
  await assert.rejects(control.ask("third"), /is asked no more/);
  await assert.rejects(askBird(`${path}.nowhere`, "show status"), /ENOENT/);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Ip } from "#core/net/address.ts";
import type { Mac } from "#core/net/mac.ts";
import { bytesOfIp, bytesOfMac, ipOfBytes, macOfBytes } from "./bytes.ts";
import { attributeIn, attributesIn, eachAttribute, messagesIn, messageWriter, textIn } from "./message.ts";

test("what is written is read back: messages one after the other, attributes padded to four bytes, nested ones, texts", () => {
  const to = messageWriter(16);
  to.begin({ type: 24, flags: 5, seq: 7 }, Buffer.from([2, 32]));
  to.attribute(1, Buffer.from([10, 65, 0]));
  to.nest(2, () => {
    to.attribute(3, "margay0");
    to.bigEndian(4, 0x01020304);
  });
  to.end();
  to.begin({ type: 25, flags: 1, seq: 8 }, Buffer.alloc(4));
  to.attribute(6, 1024);
  to.end();
  const [first, second, ...more] = [...messagesIn(to.take())];
  assert.ok(first && second);
  assert.deepEqual([first.type, first.flags, first.seq, second.seq, more.length], [24, 5, 7, 8, 0]);
  assert.deepEqual(
    [...eachAttribute(first.body, 4)].map(([type]) => type),
    [1, 2],
  );
  assert.deepEqual([...(attributeIn(first.body, 1, 4) ?? [])], [10, 65, 0]);
  const inner = attributesIn(attributeIn(first.body, 2, 4) ?? Buffer.alloc(0));
  assert.equal(textIn(inner.get(3)), "margay0");
  assert.equal(inner.get(4)?.readUInt32BE(0), 0x01020304);
  assert.equal(attributeIn(second.body, 6, 4)?.readUInt32LE(0), 1024);
  assert.equal(attributeIn(second.body, 9, 4), undefined);
});

test("bytes that are no whole message are refused, and an attribute that would be too long is not begun", () => {
  assert.throws(() => [...messagesIn(Buffer.alloc(16))], /says that it has 0 bytes/);
  const to = messageWriter();
  to.begin({ type: 1, flags: 0, seq: 1 }, Buffer.alloc(0));
  assert.throws(() => to.nest(1, () => to.attribute(2, Buffer.alloc(70_000))), /no more than 65535|out of range/);
});

test("addresses are the same as bytes and as text", () => {
  for (const ip of ["10.65.0.5", "0.0.0.0", "2001:db8::5", "::ffff:102:304", "::"]) assert.equal(ipOfBytes(bytesOfIp(ip as Ip)), ip);
  assert.deepEqual([...bytesOfIp("2001:db8::5" as Ip)].slice(0, 4), [0x20, 0x01, 0x0d, 0xb8]);
  assert.equal(macOfBytes(bytesOfMac("fa:16:3e:00:00:01" as Mac)), "fa:16:3e:00:00:01");
});

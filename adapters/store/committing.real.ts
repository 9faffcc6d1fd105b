/** A process that commits without end, for a test to kill: prints the number of each commit once it is answered. */
import { writeSync } from "node:fs";
import { sqliteStore } from "./sqlite.ts";

const store = sqliteStore({ path: process.argv[2] ?? "", remembers: 50 });
let count = Number((await store.range("count")).entries[0]?.value ?? "0");
while (true) {
  count += 1;
  const rows = Array.from({ length: 20 }, (_, n) => ({ key: `row/${n}`, value: `${count} ${"x".repeat(500)}` }));
  const writes = [...rows, { key: "count", value: `${count}` }];
  await store.commit({ if: [], writes, ...(count % 2 === 0 && { retold: true }) });
  writeSync(1, `${count}\n`);
}

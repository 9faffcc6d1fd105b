/** Where `margay …` begins: before anything is loaded, an agent starts itself anew with the heap that it is to have. */
import { startAnew } from "./heap.ts";

if (process.argv[2] === "agent") startAnew();
await import("./program.ts");

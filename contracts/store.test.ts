import { storeContract } from "./store.contract.ts";
import { memoryStore } from "./store.fake.ts";

storeContract("memoryStore()", (_, options) => memoryStore(options));

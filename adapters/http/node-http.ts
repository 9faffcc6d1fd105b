/**
 * Node's HTTP, asked for by its name. An `import` would look at all that the module offers, and that loads a client for the `fetch` of
 * browsers, which nobody here has use for: some 50 ms at the start of each process.
 */
export const { Agent, createServer, request, STATUS_CODES } = process.getBuiltinModule("node:http");

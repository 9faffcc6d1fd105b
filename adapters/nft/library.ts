/** nft's own library in this process: a chain with its rules is a matter of half a millisecond, where a program takes ten. */
import { ffi, inNamespace } from "../netlink/libc.ts";

export interface NftLibrary {
  /** Runs a script, one transaction: is it done? When it is not, nothing is. */
  run(script: string): boolean;
  /** Would it be done? Nothing is. */
  check(script: string): boolean;
}

/** `libnftables1`, on which the program itself stands. */
const FILE = "libnftables.so.1";

/** A context speaks with the network namespace that it was made in; it is made when it is needed first. */
export function nftLibrary(netns?: string): NftLibrary {
  let library: NftLibrary | undefined;
  const opened = () => (library ??= open(netns));
  return { run: (script) => opened().run(script), check: (script) => opened().check(script) };
}

function open(netns: string | undefined): NftLibrary {
  const { functions: nft } = ffi().dlopen(FILE, {
    nft_ctx_new: { arguments: ["uint32"], return: "pointer" },
    nft_ctx_buffer_output: { arguments: ["pointer"], return: "int32" },
    nft_ctx_buffer_error: { arguments: ["pointer"], return: "int32" },
    nft_ctx_get_output_buffer: { arguments: ["pointer"], return: "pointer" },
    nft_ctx_get_error_buffer: { arguments: ["pointer"], return: "pointer" },
    nft_ctx_set_dry_run: { arguments: ["pointer", "bool"], return: "void" },
    nft_run_cmd_from_buffer: { arguments: ["pointer", "buffer"], return: "int32" },
  });
  const context = inNamespace(netns, () => nft.nft_ctx_new(0));
  nft.nft_ctx_buffer_output(context);
  nft.nft_ctx_buffer_error(context);
  const run = (script: string) => {
    const status = nft.nft_run_cmd_from_buffer(context, Buffer.from(`${script}\0`));
    // What it would print is forgotten. Left where it is, it would be printed when the process ends, by a library that is gone by then.
    nft.nft_ctx_get_output_buffer(context);
    nft.nft_ctx_get_error_buffer(context);
    return status === 0;
  };
  return {
    run,
    check: (script) => {
      nft.nft_ctx_set_dry_run(context, 1);
      const done = run(script);
      nft.nft_ctx_set_dry_run(context, 0);
      return done;
    },
  };
}

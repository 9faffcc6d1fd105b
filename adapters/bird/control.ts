/**
 * BIRD's control socket, asked without a program in between. Every line of a reply begins with a code of four digits: a hyphen after it
 * means that more follows, a space that it was the last; lines without a code begin with a space and continue the one before (BIRD's
 * client/client.c). Who connects is greeted, by a reply to nothing.
 */
import { connect } from "node:net";

/** BIRD answers from memory: whoever takes longer is not there. */
const PATIENCE_MS = 1000;

export interface BirdControl {
  /** The reply's lines without their codes; rejects when it does not come, whole and in time, or BIRD does not take the command. */
  ask(command: string): Promise<readonly string[]>;
  /** Whoever still waits, and whoever asks from now on, is refused. */
  close(): void;
}

interface Reply {
  readonly code: string;
  readonly lines: readonly string[];
}

interface Connection {
  /** One at a time. Rejects when the reply does not come, and from then on. */
  reply(to?: string): Promise<Reply>;
  end(why: Error): void;
}

/** One question by a connection of its own. */
export async function askBird(path: string, command: string): Promise<readonly string[]> {
  const control = birdControl(path);
  return control.ask(command).finally(control.close);
}

/**
 * A connection that stays for further questions, asked one after the other; after anything but a whole reply the next question has another.
 * Where it ended in between, the next question fails: who answers from then on may be another process, that knows nothing of before.
 */
export function birdControl(path: string): BirdControl {
  let open: Connection | undefined;
  let last: Promise<unknown> = Promise.resolve();
  const asking = new AbortController();
  const greeted = async () => {
    open = connected(path);
    await open.reply();
    return open;
  };
  const inTurn = async (command: string) => {
    asking.signal.throwIfAborted();
    try {
      return await (open ?? (await greeted())).reply(command);
    } catch (error) {
      open?.end(error as Error);
      open = undefined;
      throw error;
    }
  };
  const ask = async (command: string) => {
    const coming = last.then(() => inTurn(command));
    last = coming.catch(() => undefined);
    const { code, lines } = await coming;
    // Errors at work, and of syntax.
    if (/^[89]/.test(code)) throw new Error(`BIRD: ${lines.at(-1)}`);
    return lines;
  };
  const close = () => {
    const why = new Error(`${path}: is asked no more`);
    asking.abort(why);
    open?.end(why);
  };
  return { ask, close };
}

function connected(path: string): Connection {
  const socket = connect(path).setEncoding("utf8");
  const read = replyReader();
  let waiting: { readonly answer: (reply: Reply) => void; readonly refuse: (error: Error) => void } | undefined;
  let ended: Error | undefined;
  let late: NodeJS.Timeout | undefined;
  const end = (why: Error) => {
    ended ??= why;
    clearTimeout(late);
    socket.destroy();
    waiting?.refuse(ended);
    waiting = undefined;
  };
  const take = (text: string) => {
    const reply = read(text);
    if (waiting === undefined) throw new Error(`${path}: says unasked: ${text}`);
    if (reply === undefined) return;
    clearTimeout(late);
    waiting.answer(reply);
    waiting = undefined;
  };
  socket.on("data", (text: string) => {
    try {
      take(text);
    } catch (error) {
      end(error as Error);
    }
  });
  socket.on("error", end);
  socket.on("close", () => end(new Error(`${path}: closed`)));
  const reply = (to?: string) =>
    new Promise<Reply>((answer, refuse) => {
      if (ended !== undefined) return refuse(ended);
      waiting = { answer, refuse };
      late = setTimeout(() => end(new Error(`${path}: no reply within ${PATIENCE_MS} ms`)), PATIENCE_MS);
      if (to !== undefined) socket.write(`${to}\n`);
    });
  return { reply, end };
}

/** Takes what comes, in whatever pieces, and answers the reply once it is whole; throws at what BIRD does not say. */
function replyReader(): (text: string) => Reply | undefined {
  let rest = "";
  let lines: string[] = [];
  return (text) => {
    const parts = `${rest}${text}`.split("\n");
    rest = parts.pop() ?? "";
    for (const [at, part] of parts.entries()) {
      const [, code, more, said = part.slice(1)] = /^(?:(\d{4})([ -])| )(.*)$/.exec(part) ?? fail(part);
      if (code !== "0000" && said !== "") lines.push(said);
      if (code === undefined || more === "-") continue;
      if (rest !== "" || at < parts.length - 1) fail(parts.slice(at + 1).join("\n") + rest);
      const reply = { code, lines };
      lines = [];
      return reply;
    }
    return undefined;
  };
}

function fail(text: string): never {
  throw new Error(`BIRD does not speak like that: ${text}`);
}

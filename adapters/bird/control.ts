/**
 * BIRD's control socket, asked without a program in between. Every line of an answer begins with a code of four digits: a hyphen after it
 * means that more follows, a space that it was the last; lines without a code continue the one before (BIRD's client/client.c).
 */
import { connect } from "node:net";

/** BIRD answers from memory: whoever takes longer is not there. */
const PATIENCE_MS = 1000;
const GREETING = "0001";

/** The answer's lines without their codes; rejects when nobody answers, or BIRD does not take the command (codes 8xxx and 9xxx). */
export function askBird(path: string, command: string): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const lines: string[] = [];
    let rest = "";
    const end = (finish: () => void) => {
      socket.destroy();
      finish();
    };
    const line = (text: string) => {
      const [, code = "", more = " ", said = text.slice(1)] = /^(\d{4})([ -])(.*)$/.exec(text) ?? [];
      if (code === GREETING) return void socket.write(`${command}\n`);
      if (code !== "0000" && said !== "") lines.push(said);
      if (code === "" || more === "-") return;
      if (/^[89]/.test(code)) end(() => reject(new Error(`BIRD: ${said}`)));
      else end(() => resolve(lines));
    };
    socket.setEncoding("utf8");
    socket.setTimeout(PATIENCE_MS, () => end(() => reject(new Error(`${path}: no answer within ${PATIENCE_MS} ms`))));
    socket.on("data", (data: string) => {
      const parts = `${rest}${data}`.split("\n");
      rest = parts.pop() ?? "";
      parts.forEach(line);
    });
    socket.on("error", reject);
    socket.on("close", () => reject(new Error(`${path}: closed`)));
  });
}

/** Cuts a stream of RESP2/RESP3 replies into whole ones, kept as text: tests compare what really left. */

/** Offset behind the reply that begins at `start`; -1: it is not whole. */
function replyEnd(bytes: string, start: number): number {
  const lineEnd = bytes.indexOf("\r\n", start);
  if (lineEnd < 0) return -1;
  const type = bytes[start]!;
  const count = Number(bytes.slice(start + 1, lineEnd));
  const next = lineEnd + 2;
  if ("$=!".includes(type)) {
    if (count < 0) return next;
    return bytes.length < next + count + 2 ? -1 : next + count + 2;
  }
  if (!"*~>%".includes(type)) return next;
  let end = next;
  for (let left = type === "%" ? count * 2 : count; left > 0 && end >= 0; left--) {
    end = replyEnd(bytes, end);
  }
  return end;
}

export class RawReplies {
  readonly whole: string[] = [];
  #rest = "";

  /** Line ends become spaces: "$1\r\nv\r\n" is read as "$1 v". */
  push(chunk: Uint8Array): void {
    this.#rest += Buffer.from(chunk).toString("latin1");
    for (let end = replyEnd(this.#rest, 0); end > 0; end = replyEnd(this.#rest, 0)) {
      this.whole.push(this.#rest.slice(0, end).replaceAll("\r\n", " ").trimEnd());
      this.#rest = this.#rest.slice(end);
      if (this.#rest === "") break;
    }
  }

  get incomplete(): boolean {
    return this.#rest !== "";
  }
}

/** Reads RESP2/RESP3 replies for tests: errors are values, not exceptions. */

export class RespError {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  /** The first word: MOVED, ERR, INDETERMINATE... */
  get code(): string {
    return this.text.split(" ", 1)[0]!;
  }
}

export type Reply = string | number | null | boolean | RespError | Reply[] | Map<Reply, Reply>;

/** Incremental: push chunks, take whole replies. Bulk strings come as latin1 strings. */
export class RespReader {
  #buffer: Buffer = Buffer.alloc(0);
  #at = 0;

  push(chunk: Uint8Array): void {
    const rest = this.#buffer.subarray(this.#at);
    this.#buffer = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
    this.#at = 0;
  }

  get pendingBytes(): number {
    return this.#buffer.length - this.#at;
  }

  /** undefined: not whole yet. */
  next(): Reply | undefined {
    const start = this.#at;
    const reply = this.#parse();
    if (reply === undefined) this.#at = start;
    return reply;
  }

  #line(): string | undefined {
    const end = this.#buffer.indexOf("\r\n", this.#at, "latin1");
    if (end < 0) return undefined;
    const line = this.#buffer.toString("latin1", this.#at, end);
    this.#at = end + 2;
    return line;
  }

  #parse(): Reply | undefined {
    const line = this.#line();
    if (line === undefined) return undefined;
    const rest = line.slice(1);
    switch (line[0]) {
      case "+":
        return rest;
      case "-":
        return new RespError(rest);
      case ":":
      case ",":
      case "(":
        return Number(rest);
      case "#":
        return rest === "t";
      case "_":
        return null;
      case "$":
      case "=":
      case "!":
        return this.#bulk(Number(rest), line[0]);
      case "*":
      case "~":
      case ">":
        return Number(rest) < 0 ? null : this.#items(Number(rest));
      case "%": {
        const items = this.#items(Number(rest) * 2);
        if (items === undefined) return undefined;
        const map = new Map<Reply, Reply>();
        for (let i = 0; i < items.length; i += 2) map.set(items[i]!, items[i + 1]!);
        return map;
      }
      default:
        throw new Error(`not a reply: ${JSON.stringify(line)}`);
    }
  }

  #bulk(length: number, type: string): Reply | undefined {
    if (length < 0) return null;
    if (this.#buffer.length < this.#at + length + 2) return undefined;
    const text = this.#buffer.toString("latin1", this.#at, this.#at + length);
    this.#at += length + 2;
    if (type === "!") return new RespError(text);
    return type === "=" ? text.slice(4) : text;
  }

  #items(length: number): Reply[] | undefined {
    const items: Reply[] = [];
    for (let i = 0; i < length; i++) {
      const item = this.#parse();
      if (item === undefined) return undefined;
      items.push(item);
    }
    return items;
  }
}

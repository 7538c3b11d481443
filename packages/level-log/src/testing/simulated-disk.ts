/**
 * A disk in memory that loses at a crash what was not synced, and a process on it that crashes at a chosen write,
 * sync, rename or unlink: the other adapter of `Files` and `Store`. Production code runs on it unchanged.
 *
 *   Platter      what survives          files and names: the durable and the present content; stores: batches
 *   Process      implements Disk        counts boundaries; dies before or after one of them, and does nothing more
 *
 * What a crash may take: any write to a file that was not synced, in sectors of 512 bytes; any suffix of the changes
 * of names in a directory that was not synced, also when the file itself was; any suffix of the batches of a store
 * that no synced batch follows. LevelDB's batches are atomic. Not here: a disk that loses what it has synced.
 */

import { basename, dirname } from "node:path";
import type { Disk } from "../disk.js";
import type { Files, OpenFile, OpenMode } from "../files.js";
import type { KeyRange, Store, StoreOperation, StoreRecord } from "../store.js";

const SECTOR_BYTES = 512;

/** What becomes of what was not synced. */
export type Loss = "all is lost" | "some is lost" | "nothing is lost";

export interface CrashPoint {
  /** From 1, counted over the life of the process. */
  readonly boundary: number;
  /** Whether what happens there has happened; the process does not hear of it. */
  readonly done: boolean;
}

type Random = () => number;

interface Write {
  readonly position: number;
  readonly bytes: Buffer;
}

class FileNode {
  content: Buffer = Buffer.alloc(0);
  #durable: Buffer = Buffer.alloc(0);
  #unsynced: Write[] = [];

  write(bytes: Uint8Array, position: number): void {
    this.content = overwritten(this.content, bytes, position);
    this.#unsynced.push({ position, bytes: Buffer.from(bytes) });
  }

  /** The name is kept; what it held is gone at once, as nobody here empties a file that counts. */
  empty(): void {
    this.content = this.#durable = Buffer.alloc(0);
    this.#unsynced = [];
  }

  sync(): void {
    this.#durable = this.content;
    this.#unsynced = [];
  }

  crash(loss: Loss, random: Random): void {
    let content = this.#durable;
    for (const { position, bytes } of this.#unsynced) {
      for (let from = 0; from < bytes.length; ) {
        const sectorEnd = SECTOR_BYTES - ((position + from) % SECTOR_BYTES);
        const part = bytes.subarray(from, from + sectorEnd);
        const kept = loss === "nothing is lost" || (loss === "some is lost" && random() < 0.5);
        if (kept) content = overwritten(content, part, position + from);
        from += part.length;
      }
    }
    this.content = content;
    this.sync();
  }
}

type Node = FileNode | Directory;

class Directory {
  entries = new Map<string, Node>();
  /** Set: LevelDB's, whose files are not looked at. */
  store: StoreNode | null = null;
  #durable = new Map<string, Node>();
  #unsynced: ((entries: Map<string, Node>) => void)[] = [];

  change(act: (entries: Map<string, Node>) => void): void {
    act(this.entries);
    this.#unsynced.push(act);
  }

  sync(): void {
    this.#durable = new Map(this.entries);
    this.#unsynced = [];
  }

  crash(loss: Loss, random: Random): void {
    const kept = keptOf(this.#unsynced.length, loss, random);
    for (const act of this.#unsynced.slice(0, kept)) act(this.#durable);
    this.entries = new Map(this.#durable);
    this.sync();
    this.store?.crash(loss, random);
    for (const node of this.entries.values()) node.crash(loss, random);
  }
}

type Records = Map<string, Buffer>;

/** Keys as latin1 text: it sorts as the bytes do. */
class StoreNode {
  records: Records = new Map();
  #durable: Records = new Map();
  #unsynced: (readonly StoreOperation[])[] = [];

  write(operations: readonly StoreOperation[], sync: boolean): void {
    applyTo(this.records, operations);
    if (sync) {
      this.#durable = new Map(this.records);
      this.#unsynced = [];
    } else {
      this.#unsynced.push(operations);
    }
  }

  crash(loss: Loss, random: Random): void {
    const kept = keptOf(this.#unsynced.length, loss, random);
    for (const operations of this.#unsynced.slice(0, kept)) applyTo(this.#durable, operations);
    this.records = new Map(this.#durable);
    this.#unsynced = [];
  }
}

/** What survives its processes. */
export class Platter {
  readonly root = new Directory();
  readonly #random: Random;
  #letters = 0;

  constructor(seed: number) {
    this.#random = randomOf(seed);
    this.root.sync();
  }

  /** The next process; the one before it must have ended or crashed. */
  start(crashPoint: CrashPoint | null = null): SimulatedProcess {
    return new SimulatedProcess(this, crashPoint);
  }

  /** The machine is off and on again. */
  crash(loss: Loss): void {
    this.root.crash(loss, this.#random);
  }

  find(path: string): Node | null {
    let node: Node = this.root;
    for (const name of path.split("/").filter((part) => part !== "")) {
      const next: Node | undefined = node instanceof Directory ? node.entries.get(name) : undefined;
      if (next === undefined) return null;
      node = next;
    }
    return node;
  }

  directory(path: string): Directory {
    const node = this.find(path);
    if (!(node instanceof Directory)) throw systemError("ENOENT", path);
    return node;
  }

  file(path: string): FileNode {
    const node = this.find(path);
    if (!(node instanceof FileNode)) throw systemError("ENOENT", path);
    return node;
  }

  nextLetters(): string {
    this.#letters++;
    return String(this.#letters).padStart(6, "0");
  }
}

export class SimulatedProcess implements Disk {
  /** Writes, syncs and changes of names so far. */
  boundaries = 0;
  /** What each of them was. */
  readonly names: string[] = [];
  /** Resolves when it has crashed. */
  readonly crashed: Promise<void>;
  readonly files: Files;
  readonly #platter: Platter;
  readonly #crashPoint: CrashPoint | null;
  #die: () => void = () => {};
  #dead = false;

  constructor(platter: Platter, crashPoint: CrashPoint | null) {
    this.#platter = platter;
    this.#crashPoint = crashPoint;
    this.crashed = new Promise((resolve) => {
      this.#die = resolve;
    });
    this.files = this.#filesOf(platter);
  }

  get isDead(): boolean {
    return this.#dead;
  }

  /** Power is gone in the middle of whatever is under way. */
  kill(): void {
    this.#dead = true;
    this.#die();
  }

  async openStore(path: string, createIfMissing: boolean): Promise<Store> {
    const platter = this.#platter;
    if (createIfMissing) {
      await this.#act(`create store ${path}`, () => {
        const made = new Directory();
        made.store = new StoreNode();
        const current = new FileNode();
        made.change((entries) => entries.set("CURRENT", current));
        made.sync();
        link(platter, path, made);
      });
    }
    const { store } = platter.directory(path);
    if (store === null) throw systemError("ENOENT", path);
    return this.#storeOf(path, store);
  }

  #storeOf(path: string, node: StoreNode): Store {
    const sorted = ({ gte, lt }: KeyRange): StoreRecord[] =>
      [...node.records]
        .filter(([key]) => (gte === undefined || key >= text(gte)) && (!lt || key < text(lt)))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, value]) => [Buffer.from(key, "latin1"), value]);
    return {
      path,
      write: (operations) => this.#act("write batch", () => node.write(operations, true)),
      get: (key) => node.records.get(text(key)),
      scan: async function* (range = {}) {
        yield sorted(range);
      },
      firstKey: async (range) => sorted(range)[0]?.[0] ?? null,
      clear: (range) =>
        this.#act("delete", () => {
          const keys = sorted(range).map(([key]) => key);
          node.write(
            keys.map((key) => ({ type: "del", key })),
            false,
          );
        }),
      // More than any bound: the log asks for its compaction each time.
      tableBytes: async () => Number.MAX_SAFE_INTEGER,
      compact: async () => {},
      close: async () => {},
    };
  }

  #filesOf(platter: Platter): Files {
    const act = <T>(name: string, apply: () => T): Promise<T> => this.#act(name, apply);
    return {
      open: async (path, mode) => this.#fileOf(path, await this.#opened(path, mode)),
      openSync: (path) => this.#fileOf(path, platter.file(path)),
      list: async (path) => [...platter.directory(path).entries.keys()],
      rename: (from, to) => act(`rename ${basename(from)}`, () => rename(platter, from, to)),
      unlink: (path) =>
        act(`unlink ${basename(path)}`, () => {
          platter.file(path);
          const name = basename(path);
          platter.directory(dirname(path)).change((entries) => entries.delete(name));
        }),
      exists: async (path) => platter.find(path) !== null,
      makeDirectory: async (path) => {
        if (platter.find(path) !== null) return;
        await act("make directory", () => link(platter, path, new Directory()));
      },
      makeTemporaryDirectory: (prefix) =>
        act("make directory", () => {
          const path = `${prefix}${platter.nextLetters()}`;
          link(platter, path, new Directory());
          return path;
        }),
      removeTree: (path) =>
        act("remove tree", () => {
          const name = basename(path);
          platter.directory(dirname(path)).change((entries) => entries.delete(name));
        }),
      syncDirectory: (path) => act("sync directory", () => platter.directory(path).sync()),
    };
  }

  async #opened(path: string, mode: OpenMode): Promise<FileNode | Directory> {
    const platter = this.#platter;
    const found = platter.find(path);
    if (mode === "read" || mode === "update") {
      if (found === null) throw systemError("ENOENT", path);
      return found;
    }
    if (mode === "create" && found !== null) throw systemError("EEXIST", path);
    return this.#act(`create ${basename(path)}`, () => {
      if (found instanceof FileNode) {
        found.empty();
        return found;
      }
      const made = new FileNode();
      link(platter, path, made);
      return made;
    });
  }

  #fileOf(path: string, node: FileNode | Directory): OpenFile {
    const name = basename(path);
    const file = (): FileNode => {
      if (node instanceof FileNode) return node;
      throw systemError("EISDIR", path);
    };
    const read = (target: Uint8Array, position: number): number =>
      file().content.copy(target, 0, position, position + target.length);
    return {
      read: async (target, position) => read(target, position),
      readSync: read,
      write: (bytes, position) => this.#act(`write ${name}`, () => file().write(bytes, position)),
      writeSync: (bytes, position) =>
        this.#actSync(`write ${name}`, () => file().write(bytes, position)),
      sync: () => this.#act(`sync ${name}`, () => node.sync()),
      size: async () => file().content.length,
      close: async () => {},
      closeSync: () => {},
    };
  }

  async #act<T>(name: string, apply: () => T): Promise<T> {
    const boundary = this.#count(name);
    // What is under way together is done in any of several orders, and together it is lost.
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#crashes(boundary, false)) return never();
    const result = apply();
    if (this.#crashes(boundary, true)) return never();
    return result;
  }

  #actSync(name: string, apply: () => void): void {
    const boundary = this.#count(name);
    if (this.#crashes(boundary, false)) throw new Error("the process is gone");
    apply();
    if (this.#crashes(boundary, true)) throw new Error("the process is gone");
  }

  #count(name: string): number {
    this.boundaries++;
    this.names.push(name);
    return this.boundaries;
  }

  #crashes(boundary: number, done: boolean): boolean {
    const point = this.#crashPoint;
    if (point !== null && point.boundary === boundary && point.done === done) this.kill();
    return this.#dead;
  }
}

function link(platter: Platter, path: string, node: Node): void {
  const name = basename(path);
  platter.directory(dirname(path)).change((entries) => entries.set(name, node));
}

function rename(platter: Platter, from: string, to: string): void {
  if (dirname(from) !== dirname(to)) throw new Error("names change within a directory only");
  const node = platter.find(from);
  const target = platter.find(to);
  if (node === null) throw systemError("ENOENT", from);
  if (target instanceof Directory && target.entries.size > 0) throw systemError("ENOTEMPTY", to);
  const [before, after] = [basename(from), basename(to)];
  platter.directory(dirname(from)).change((entries) => {
    entries.delete(before);
    entries.set(after, node);
  });
}

function overwritten(content: Buffer, bytes: Uint8Array, position: number): Buffer {
  const grown = Buffer.alloc(Math.max(content.length, position + bytes.length));
  content.copy(grown);
  grown.set(bytes, position);
  return grown;
}

/** Of changes that follow one another, the first so many survive. */
function keptOf(count: number, loss: Loss, random: Random): number {
  if (loss === "all is lost") return 0;
  return loss === "nothing is lost" ? count : Math.floor(random() * (count + 1));
}

function applyTo(records: Records, operations: readonly StoreOperation[]): void {
  for (const operation of operations) {
    if (operation.type === "del") records.delete(text(operation.key));
    else records.set(text(operation.key), Buffer.from(operation.value));
  }
}

function text(key: Uint8Array): string {
  return Buffer.from(key).toString("latin1");
}

function never<T>(): Promise<T> {
  return new Promise(() => {});
}

function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code, syscall: "simulated", errno: -1 });
}

/** mulberry32 */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * The configuration of one node: parsed and checked at start, read through typed fields, changed by
 * CONFIG SET where a row says so. It reads no clock and opens no socket; files come through `readFile`.
 */

import { resolve } from "node:path";
import type { ReplicationMode } from "@redoubt/replica";
import type { SavePoint } from "../snapshot/triggers.js";
import { refusalOf, warningsOf } from "./checks.js";
import { type ReadFile, readDirectives } from "./directives.js";
import { ConfigError } from "./errors.js";
import { globMatches } from "./glob.js";
import {
  type ConfigName,
  type ConfigRow,
  type ConfigValues,
  configNames,
  configRows,
  rowOf,
} from "./rows.js";
import {
  type ConfigEnvironment,
  type Mutable,
  parseInto,
  processEnvironment,
  valuesOf,
} from "./start-values.js";
import { quoteWord, splitWords } from "./tokens.js";
import type { BufferLimits, ListenAddress, Peer } from "./values.js";

export class ServerConfig {
  /** The configuration file as it was named; null: none. */
  readonly file: string | null;
  /** Allowed but seldom meant: for the log at start. */
  readonly warnings: readonly string[];
  #values: ConfigValues;
  #maxmemoryCeilingBytes = Number.POSITIVE_INFINITY;
  readonly #changed = new Set<ConfigName>();
  readonly #listeners = new Map<ConfigName, (() => void)[]>();

  private constructor(values: ConfigValues, file: string | null) {
    this.#values = values;
    this.file = file;
    this.warnings = warningsOf(values);
  }

  /**
   * `argv` as redis-server takes it: [file] [--name value ...] [-]. Throws ConfigError, one clear line.
   * `readFile` gives a file's text, of standard input for "-".
   */
  static parse(
    argv: readonly string[],
    readFile: ReadFile,
    environment: ConfigEnvironment = processEnvironment(),
  ): ServerConfig {
    const { file, directives } = readDirectives(argv, readFile);
    const values = valuesOf(directives, environment);
    const refusal = refusalOf(values);
    if (refusal !== null) throw new ConfigError(refusal);
    return new ServerConfig(values, file);
  }

  // Node and consensus
  get nodeId(): number {
    return this.#values["node-id"];
  }
  /** null: whatever the data directory says. Never null with `bootstrap`. */
  get clusterId(): string | null {
    return this.#values["cluster-id"] || null;
  }
  get peers(): readonly Peer[] {
    return this.#values.peers;
  }
  get peerPort(): number {
    return this.#values["peer-port"];
  }
  get peerBind(): string {
    return this.#values["peer-bind"];
  }
  /** Absolute; null: no secret. Read it with `readPeerSecret`. */
  get peerSecretPath(): string | null {
    return this.#path("peer-secret-file");
  }
  /** Absolute; null: nothing is encrypted. Read it with `readMasterKeys` of master-keys.ts. */
  get encryptionKeyPath(): string | null {
    return this.#path("encryption-key-file");
  }
  get peerInsecure(): boolean {
    return this.#values["peer-insecure"];
  }
  get bootstrap(): boolean {
    return this.#values.bootstrap;
  }
  /** Absolute; null: none. Never set without `bootstrap`. */
  get importPath(): string | null {
    return this.#values.import === "" ? null : resolve(this.#values.import);
  }
  get electionTimeoutMs(): number {
    return this.#values["election-timeout"];
  }
  get heartbeatIntervalMs(): number {
    return this.#values["heartbeat-interval"];
  }
  get readMode(): "lease" | "quorum" {
    return this.#values["read-mode"];
  }

  get replicationMode(): ReplicationMode {
    return this.#values["replication-mode"];
  }

  get rejoins(): boolean {
    return this.#values.rejoin;
  }

  get inFlightBytesMax(): number {
    return this.#values["in-flight-bytes-max"];
  }

  get inFlightBatchesMax(): number {
    return this.#values["in-flight-batches-max"];
  }

  get clockDriftPercentMax(): number {
    return this.#values["clock-drift-percent-max"];
  }

  /** 0: none. */
  get auditIntervalMs(): number {
    return this.#values["audit-interval"] * 1000;
  }

  get busyLeaderMaxMs(): number {
    return this.#values["busy-leader-max"];
  }

  /** 0: entries leave for every follower at once. */
  get reserveDelayMs(): number {
    return this.#values["reserve-delay"];
  }

  get isWitness(): boolean {
    return this.#values["node-role"] === "witness";
  }

  // Clients
  get bind(): readonly ListenAddress[] {
    return this.#values.bind;
  }
  get port(): number {
    return this.#values.port;
  }
  get tcpBacklog(): number {
    return this.#values["tcp-backlog"];
  }
  /** 0: no probes. */
  get tcpKeepaliveSeconds(): number {
    return this.#values["tcp-keepalive"];
  }
  /** 0: never. */
  get timeoutSeconds(): number {
    return this.#values.timeout;
  }
  get maxclients(): number {
    return this.#values.maxclients;
  }
  get protectedMode(): boolean {
    return this.#values["protected-mode"];
  }
  /** "": no password. */
  get requirepass(): string {
    return this.#values.requirepass;
  }
  get protoMaxBulkBytes(): number {
    return this.#values["proto-max-bulk-len"];
  }
  get clientQueryBufferBytesMax(): number {
    return this.#values["client-query-buffer-limit"];
  }
  get clientOutputBufferLimits(): BufferLimits {
    return this.#values["client-output-buffer-limit"];
  }
  /** Of all clients' buffers together; 0: no limit. */
  get maxmemoryClientsBytes(): number {
    const { amount, unit } = this.#values["maxmemory-clients"];
    return unit === "bytes" ? amount : Math.floor((this.maxmemoryBytes * amount) / 100);
  }
  get enableDebugCommand(): "no" | "yes" | "local" {
    return this.#values["enable-debug-command"];
  }

  // Saving
  get savePoints(): readonly SavePoint[] {
    return this.#values.save;
  }
  /** 0: never by it. */
  get logSnapshotBytes(): number {
    return this.#values["log-snapshot-bytes"];
  }
  /** 0: never by it. */
  get logSnapshotEntries(): number {
    return this.#values["log-snapshot-entries"];
  }
  get logTrailingEntries(): number {
    return this.#values["log-trailing-entries"];
  }
  /** A snapshot is made before the node stops, unless SHUTDOWN says otherwise. */
  get savesAtShutdown(): boolean {
    return this.#values["shutdown-save"];
  }

  // Announcing. "" and 0: not set.
  get clusterAnnounceIp(): string {
    return this.#values["cluster-announce-ip"];
  }
  get clusterAnnouncePort(): number {
    return this.#values["cluster-announce-port"];
  }
  get clusterAnnounceHostname(): string {
    return this.#values["cluster-announce-hostname"];
  }
  get clusterPreferredEndpointType(): "ip" | "hostname" {
    return this.#values["cluster-preferred-endpoint-type"];
  }

  // Memory and process
  /** 0: leadership is not handed over. */
  get shutdownTimeoutSeconds(): number {
    return this.#values["shutdown-timeout"];
  }
  /** 0: no limit. */
  get maxmemoryBytes(): number {
    return this.#values.maxmemory;
  }
  /** 1 to 10. */
  get activeExpireEffort(): number {
    return this.#values["active-expire-effort"];
  }
  /** Absolute. */
  get dir(): string {
    return this.#values.dir;
  }
  get loglevel(): "debug" | "verbose" | "notice" | "warning" {
    return this.#values.loglevel;
  }
  /** Absolute; null: standard output. */
  get logfilePath(): string | null {
    return this.#path("logfile");
  }
  /** Absolute; null: none. */
  get pidfilePath(): string | null {
    return this.#path("pidfile");
  }

  /** As CONFIG GET prints it; undefined: no such option. */
  get(name: string): string | undefined {
    const found = rowOf(name);
    return found === undefined ? undefined : this.#format(found.name);
  }

  /** Name and value of every option whose name matches Redis's glob, any case. */
  match(glob: string): [name: string, value: string][] {
    return configNames
      .filter((name) => globMatches(glob, name))
      .map((name) => [name, this.#format(name)]);
  }

  /** null, or the error reply's text; then nothing has changed. */
  set(name: string, value: string): null | string {
    return this.setAll([[name, value]]);
  }

  /** All or nothing: every value is parsed before the first is stored. Listeners are called after the last. */
  setAll(pairs: readonly (readonly [name: string, value: string])[]): null | string {
    const refusal = this.#settableRefusal(pairs);
    if (refusal !== null) return refusal;
    const candidate: Mutable<ConfigValues> = { ...this.#values };
    for (const [name, value] of pairs) {
      const found = rowOf(name) as { name: ConfigName; row: ConfigRow<unknown> };
      const words = found.row.kind.variadic ? value.split(" ").filter(Boolean) : [value];
      if (found.row.kind.addsUp === true) resetTo(candidate, found.name, found.row.default);
      const parsed = parseInto(candidate, found.name, words);
      if (!parsed.ok) return setFailed(found.name, parsed.reason);
      const ceiling = found.name === "maxmemory" ? this.#ceilingRefusal(candidate.maxmemory) : null;
      if (ceiling !== null) return setFailed(found.name, ceiling);
    }
    this.#values = candidate;
    const names = pairs.map(([name]) => name.toLowerCase() as ConfigName);
    for (const name of names) this.#changed.add(name);
    for (const name of names) {
      for (const listener of this.#listeners.get(name) ?? []) listener();
    }
    return null;
  }

  /** `listener` is called after `name` was set, with the new value in place. It must not throw. */
  onChange(name: ConfigName, listener: () => void): void {
    const listeners = this.#listeners.get(name) ?? [];
    listeners.push(listener);
    this.#listeners.set(name, listeners);
  }

  /**
   * The heap of a process is sized once, at its start: CONFIG SET maxmemory beyond what it was sized
   * for would promise memory that ends in a crash.
   */
  setMaxmemoryCeiling(bytes: number): void {
    this.#maxmemoryCeilingBytes = bytes;
  }

  /** `original`, the text of `file`, with what CONFIG SET changed. Other lines stay as they are. */
  rewritten(original: string): string {
    const names = new Set<string>(this.#changed);
    const lines = original.split("\n").filter((line) => {
      const name = splitWords(line.trim())?.[0]?.toLowerCase();
      return name === undefined || !names.has(name);
    });
    while (lines.at(-1) === "") lines.pop();
    for (const name of this.#changed) lines.push(this.#line(name));
    return `${lines.join("\n")}\n`;
  }

  #line(name: ConfigName): string {
    const value = this.#format(name);
    const words = rowOf(name)?.row.kind.variadic === true ? value.split(" ") : [value];
    return [name, ...words.map(quoteWord)].join(" ");
  }

  #format(name: ConfigName): string {
    return (configRows[name] as ConfigRow<unknown>).kind.format(this.#values[name]);
  }

  #path(name: "peer-secret-file" | "encryption-key-file" | "logfile" | "pidfile"): string | null {
    const path = this.#values[name];
    return path === "" ? null : resolve(this.#values.dir, path);
  }

  /** What refuses a CONFIG SET whatever the values are, in Redis's order: the first offender. */
  #settableRefusal(pairs: readonly (readonly [string, string])[]): null | string {
    const seen = new Set<ConfigName>();
    for (const [name] of pairs) {
      const found = rowOf(name);
      if (found === undefined) {
        return `ERR Unknown option or number of arguments for CONFIG SET - '${name}'`;
      }
      if (!found.row.mutable) return setFailed(found.name, "can't set immutable config");
      if (seen.has(found.name)) return setFailed(found.name, "duplicate parameter");
      seen.add(found.name);
    }
    return null;
  }

  #ceilingRefusal(bytes: number): null | string {
    const ceiling = this.#maxmemoryCeilingBytes;
    if ((bytes !== 0 && bytes <= ceiling) || ceiling === Number.POSITIVE_INFINITY) return null;
    return `the heap of this process was sized for at most ${ceiling} bytes, restart with a larger maxmemory`;
  }
}

function resetTo(values: Mutable<ConfigValues>, name: ConfigName, value: unknown): void {
  (values as Record<ConfigName, unknown>)[name] = value;
}

function setFailed(name: string, reason: string): string {
  return `ERR CONFIG SET failed (possibly related to argument '${name}') - ${reason}`;
}

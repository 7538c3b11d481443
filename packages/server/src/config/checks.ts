/** What must hold between options. Each refusal is one clear line. */

import { isAbsolute, relative, resolve } from "node:path";
import { heartbeatsPerElectionTimeoutMin } from "./constants.js";
import type { ConfigValues } from "./rows.js";
import type { Peer } from "./values.js";

/** Reason why these values cannot be used together; null: they can. */
export function refusalOf(values: ConfigValues): string | null {
  return (
    memberRefusal(values) ??
    roleRefusal(values) ??
    portRefusal(values) ??
    timingRefusal(values) ??
    exposureRefusal(values) ??
    announceRefusal(values)
  );
}

/** What is allowed but seldom meant; logged at start. */
/** What replication modes other than raft mean for who trusts in an answer. */
export const unsafeMode =
  "what is acknowledged is lost when leadership is, and what was read can vanish";

export function warningsOf(values: ConfigValues): string[] {
  const warnings: string[] = [];
  const count = values.peers.length;
  if (count > 1 && count % 2 === 0) {
    warnings.push(`${count} members tolerate no more failures than ${count - 1}`);
  }
  const self = ownPeer(values);
  if (self !== undefined && isLoopback(values["peer-bind"]) && !isLoopback(self.host)) {
    warnings.push(
      `peer-bind ${values["peer-bind"]} is loopback, but peers says this node is at ${self.address}`,
    );
  }
  if (
    values["peer-insecure"] &&
    values["peer-secret-file"] === "" &&
    !isLoopback(values["peer-bind"])
  ) {
    warnings.push("members are not authenticated: whoever reaches the peer port can change data");
  }
  const keyFile = values["encryption-key-file"];
  const inside = relative(resolve(values.dir), resolve(values.dir, keyFile));
  if (keyFile !== "" && !inside.startsWith("..") && !isAbsolute(inside)) {
    warnings.push("encryption-key-file is in dir: whoever takes the data takes the key");
  }
  const mode = values["replication-mode"];
  if (mode !== "raft") warnings.push(`replication-mode ${mode} is UNSAFE: ${unsafeMode}`);
  return warnings;
}

export function ownPeer(values: ConfigValues): Peer | undefined {
  return values.peers.find(({ id }) => id === values["node-id"]);
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

function memberRefusal(values: ConfigValues): string | null {
  if (values["node-id"] === 0) return "node-id is not set: which member of peers is this node?";
  if (values.peers.length === 0) return "peers is not set: name the members as id@host:port";
  if (ownPeer(values) === undefined) {
    return `peers does not name this node: there is no ${values["node-id"]}@host:port in it`;
  }
  if (values.bootstrap && values["cluster-id"] === "") {
    return "bootstrap needs cluster-id: the new cluster must have a name";
  }
  if (values.import !== "" && !values.bootstrap) {
    return "import is for the first start, with bootstrap yes: later it is redoubt import FILE";
  }
  if (values.import !== "" && (values["node-role"] === "witness" || ownPeer(values)?.witness)) {
    return "import is given to a member that holds data, not to a witness";
  }
  return null;
}

/** At birth `peers` says it to every member, and all must be told the same; afterwards the log says it. */
function roleRefusal(values: ConfigValues): string | null {
  const id = values["node-id"];
  const self = ownPeer(values);
  if (values.peers.every(({ witness }) => witness)) {
    return "peers names witnesses only: somebody must hold the data";
  }
  if (values["node-role"] === "data" && self?.witness) {
    return `peers says that node ${id} is a witness, node-role says data`;
  }
  if (values.bootstrap && values["node-role"] === "witness" && !self?.witness) {
    return `node-role is witness: peers must say so on every member, as ${id}@${self?.address}/witness`;
  }
  return null;
}

function portRefusal(values: ConfigValues): string | null {
  if (values.port === values["peer-port"]) {
    return `port and peer-port are both ${values.port}: they must differ`;
  }
  const host = ownPeer(values)?.host;
  const clash = values.peers.find((peer) => peer.host === host && peer.port === values.port);
  if (clash !== undefined) {
    return `port ${values.port} is where peers says member ${clash.id} listens for members`;
  }
  return null;
}

function timingRefusal(values: ConfigValues): string | null {
  const election = values["election-timeout"];
  const heartbeat = values["heartbeat-interval"];
  if (election >= heartbeat * heartbeatsPerElectionTimeoutMin) return null;
  return (
    `election-timeout ${election} must be at least ${heartbeatsPerElectionTimeoutMin} times ` +
    `heartbeat-interval ${heartbeat}: a late heartbeat would depose a healthy leader`
  );
}

function exposureRefusal(values: ConfigValues): string | null {
  if (isLoopback(values["peer-bind"])) return null;
  if (values["peer-secret-file"] !== "" || values["peer-insecure"]) return null;
  return (
    `peer-bind ${values["peer-bind"]} is reachable from other machines: ` +
    "set peer-secret-file, or peer-insecure yes in a network you trust"
  );
}

function announceRefusal(values: ConfigValues): string | null {
  const byName = values["cluster-preferred-endpoint-type"] === "hostname";
  if (!byName || values["cluster-announce-hostname"] !== "") return null;
  return "cluster-preferred-endpoint-type hostname needs cluster-announce-hostname";
}

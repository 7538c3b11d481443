export { ENTRY_BYTES_MAX, MESSAGE_BYTES_MAX } from "./constants.js";
export { PeerTransportError, type PeerTransportErrorCode } from "./errors.js";
export {
  GrpcPeerTransport,
  type PeerAddress,
  type PeerTransportOptions,
  type PeerTransportStatus,
} from "./grpc-peer-transport.js";
export type { ElectionParametersMs } from "./handshake.js";
export { askToJoin, type JoinAnswer, type JoinOptions, type JoinQuestion } from "./join.js";
export { KeepaliveSender, type KeepaliveSenderOptions } from "./keepalive-sender.js";
export type { LinkTraffic } from "./link.js";
export type { PeerStatus } from "./peer.js";

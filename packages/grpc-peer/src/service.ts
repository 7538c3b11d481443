/**
 * The gRPC service of peer.proto and the options of both ends. Frames pass gRPC as they are: it neither
 * encodes, compresses nor retries anything.
 */

import type { ChannelOptions, MethodDefinition, ServiceDefinition } from "@grpc/grpc-js";
import {
  CONNECTION_STREAMS_MAX,
  GRPC_MESSAGE_BYTES_MAX,
  RECEIVE_WINDOW_BYTES,
} from "./constants.js";

const asIs = (frame: Buffer): Buffer => frame;

function bidirectional(method: string): MethodDefinition<Buffer, Buffer> {
  return {
    path: `/redoubt.peer.v1.Peer/${method}`,
    requestStream: true,
    responseStream: true,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  };
}

export const peerService = {
  control: bidirectional("Control"),
  append: bidirectional("Append"),
} satisfies ServiceDefinition;

/** Streams of somebody who is no link: on a connection of their own each. */
export const GuestKind = { keepalive: "keepalive", join: "join" } as const;
export type GuestKind = (typeof GuestKind)[keyof typeof GuestKind];

export const guestService = {
  keepalive: bidirectional("Keepalive"),
  join: bidirectional("Join"),
} satisfies ServiceDefinition;

const COMMON_OPTIONS: ChannelOptions = {
  "grpc.max_receive_message_length": GRPC_MESSAGE_BYTES_MAX,
  "grpc.max_send_message_length": GRPC_MESSAGE_BYTES_MAX,
  "grpc.enable_channelz": 0,
};

/**
 * Retry buffers of zero make the callback of a write mean "HTTP/2 took it"; with the default it means
 * "copied into the retry buffer", and 1 MiB would queue where nobody can drop it. Setting
 * `grpc-node.flow_control_window` is only possible on this end: towards the acceptor the window is
 * HTTP/2's default of 64 KiB per round trip.
 */
export const DIALER_OPTIONS: ChannelOptions & { "grpc-node.flow_control_window": number } = {
  ...COMMON_OPTIONS,
  "grpc.enable_retries": 0,
  "grpc.retry_buffer_size": 0,
  "grpc.per_rpc_retry_buffer_size": 0,
  "grpc.use_local_subchannel_pool": 1,
  "grpc.enable_http_proxy": 0,
  "grpc.service_config_disable_resolution": 1,
  "grpc-node.flow_control_window": RECEIVE_WINDOW_BYTES,
};

export const ACCEPTOR_OPTIONS: ChannelOptions = {
  ...COMMON_OPTIONS,
  "grpc.max_concurrent_streams": CONNECTION_STREAMS_MAX,
};

/** Limits and numbers of cluster control: each with its unit and its reason. */

/** Milliseconds. A tool that makes a namespace or a file system is done in a fraction of a second; a busy machine takes longer. */
export const TOOL_TIMEOUT_MS = 30_000;
/** Milliseconds. mkfs, gcc and membership changes may take longer. */
export const LONG_TOOL_TIMEOUT_MS = 120_000;
/** Bytes of a tool's or server's error output that are kept: its last words say why it ended. */
export const ERROR_OUTPUT_BYTES_MAX = 8_192;

/** Milliseconds between looks at a condition. */
export const LOOK_INTERVAL_MS = 50;
/** Milliseconds one look at one node may take: a paused process never answers. */
export const LOOK_TIMEOUT_MS = 1_000;
/**
 * Milliseconds in which a healed cluster has to be whole again: TCP goes on up to as long after a cut as the cut lasted,
 * Sentinel makes an old master a replica after 8 s, a full synchronisation may follow.
 */
export const SETTLE_TIMEOUT_MS = 120_000;
/** Milliseconds a server has to end after SIGTERM before it is killed. Redoubt hands leadership over for up to 10 s. */
export const TERMINATION_TIMEOUT_MS = 15_000;

/**
 * The two networks of a cluster in namespaces: clients reach node n of the c-th cluster of this process at 10.c.0.n,
 * nodes reach each other at 10.c.1.n. The namespaces have no other links, so any address would do.
 */
export const CLUSTER_NUMBER_MIN = 10;
export const CLUSTER_NUMBER_MAX = 250;
/** Last byte of the clients' own address; nodes have the small ones. */
export const CLIENTS_HOST_BYTE = 254;
/** Bytes. Larger than Ethernet's: fewer packets for a switch that runs on the same cores as the servers. */
export const PEER_MTU_BYTES = 9_000;

/** Ports in namespaces, where each node has its own. */
export const CLIENT_PORT = 6_379;
export const PEER_PORT = 16_379;
export const SENTINEL_PORT = 26_379;

/** Bytes a proxied link holds while it is cut, slow or narrow before it stops reading: as a socket buffer. */
export const LINK_BUFFER_BYTES_MAX = 256 * 1024;

/**
 * Megabytes of a node's loop-mounted disk. LevelDB, AOF rewrites and snapshots of a run of a few minutes fit; the file
 * is sparse.
 */
export const DISK_MEGABYTES = 512;

/**
 * Of Redoubt: `maxmemory`, a heap so large that the process does not start itself again, and the size from which on it is
 * collected whole, as `npm start` would have it.
 */
export const REDOUBT_MAXMEMORY = "256mb";
export const REDOUBT_HEAP_MEGABYTES = 640;
export const REDOUBT_INITIAL_HEAP_MEGABYTES = 320;

/** Milliseconds until a sentinel holds a silent master for down. Redis's default is 30 s: a run would see nothing. */
export const SENTINEL_DOWN_AFTER_MS = 1_000;
/** Milliseconds. A failover that stands still is tried again after twice this. */
export const SENTINEL_FAILOVER_TIMEOUT_MS = 5_000;
/** Seconds. Redis's default of 60 leaves a link that was cut dead for longer than most runs take. */
export const REDIS_REPLICATION_TIMEOUT_S = 10;

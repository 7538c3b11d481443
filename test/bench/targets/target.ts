/** Servers that are measured: one or several processes that hold the same data. */

export interface ServedProcess {
  readonly pid: number;
  /** Where it takes clients. */
  readonly port: number;
}

export interface Target {
  readonly name: string;
  /** Port that takes writes; during an election, the next leader's. */
  port(): Promise<number>;
  /** Of each server, leader or not. */
  processes(): readonly ServedProcess[];
  stop(): Promise<void>;
}

/** Ports of those that do not take writes. */
export async function followerPorts(target: Target): Promise<readonly number[]> {
  const leaderPort = await target.port();
  return target
    .processes()
    .map(({ port }) => port)
    .filter((port) => port !== leaderPort);
}

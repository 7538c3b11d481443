/** What a process has used so far, as Linux tells it in /proc. Elsewhere nothing is told. */

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

export interface ProcessUse {
  readonly cpuMs: number;
  /** Handed to the disk. */
  readonly writtenBytes: number;
  /** Resident now. */
  readonly residentBytes: number;
}

export const TELLS_USE = existsSync("/proc/self/stat");

/** A second has so many ticks of /proc/PID/stat. */
let ticksPerSecond = 0;

/** null: not Linux. */
export function useOf(pid: number): ProcessUse | null {
  if (!TELLS_USE) return null;
  if (ticksPerSecond === 0) ticksPerSecond = Number(execFileSync("getconf", ["CLK_TCK"]));
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // Behind the name, which may hold anything: state is the first, utime and stime the 12th and 13th.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const cpuMs = ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond;
  const writtenBytes = lineOf(pid, "io", "write_bytes");
  return { cpuMs, writtenBytes, residentBytes: lineOf(pid, "status", "VmRSS") * 1024 };
}

function lineOf(pid: number, file: string, name: string): number {
  const text = readFileSync(`/proc/${pid}/${file}`, "utf8");
  return Number(new RegExp(`^${name}:\\s*(\\d+)`, "m").exec(text)?.[1]);
}

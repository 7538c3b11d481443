/**
 * Notices jumps of the wall clock: steps of a time server or an operator, in either direction, and machines that
 * were suspended, whose monotonic clock stood still meanwhile. Leases are void long before (lease-clock.ts); this
 * is for the operator, since deadlines of keys go by what the leader's wall clock said (docs/operations.md).
 *
 * Looked at in every turn: on an idle node, leader or not, that is at the pace of heartbeats.
 */

import { WALL_CLOCK_JUMP_MS_MIN } from "./constants.js";
import type { Clock, Logger } from "./ports.js";

export class WallClockJumps {
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** Wall minus monotonic time at the last look. */
  #offsetMs: number;

  /** Since the process started. */
  count = 0;
  /** Of the last jump; negative: back. 0: there was none. */
  lastMs = 0;
  /** What the wall clock said when the last jump was seen; milliseconds since the Unix epoch, 0: never. */
  lastSeenAtMs = 0;

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
    this.#offsetMs = this.#sampleMs();
  }

  /** Tells of a jump once: what the clocks say now is what the next look compares with. */
  look(): void {
    let offsetMs = this.#sampleMs();
    if (this.#isJump(offsetMs)) {
      // A process that is stopped between its looks at the two clocks sees a jump that never was.
      offsetMs = this.#sampleMs();
      if (this.#isJump(offsetMs)) this.#tell(Math.round(offsetMs - this.#offsetMs));
    }
    this.#offsetMs = offsetMs;
  }

  #isJump(offsetMs: number): boolean {
    return Math.abs(offsetMs - this.#offsetMs) > WALL_CLOCK_JUMP_MS_MIN;
  }

  #tell(jumpMs: number): void {
    this.count += 1;
    this.lastMs = jumpMs;
    this.lastSeenAtMs = this.#clock.wallMs();
    const event =
      "the wall clock jumped (set by hand or a time server, or this machine was suspended)";
    this.#logger.warn({ jumpMs, jumps: this.count }, event);
  }

  #sampleMs(): number {
    const monotonicMs = this.#clock.monotonicMs();
    return this.#clock.wallMs() - monotonicMs;
  }
}

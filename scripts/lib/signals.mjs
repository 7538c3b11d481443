import { constants } from "node:os";

/** Signal name to number: a process ended by one exits with 128 plus it, as shells say it. */
export const signalNumbers = constants.signals;

import { EntryKind, entryChecksum } from "@redoubt/raft";
import type { Case, Question } from "../question.js";

export const question: Question = {
  asks: "What does the chain checksum of an entry cost, which is taken when it is made, received and read?",
  cases: [
    checking("payload of 100 B", 100, 0),
    checking("payload of 4 KiB", 4096, 0),
    checking("payload of 4 KiB, a view at an odd offset", 4096, 3),
    checking("payload of 1 MiB", 2 ** 20, 0),
  ],
};

function checking(name: string, bytes: number, offset: number): Case {
  return {
    name,
    unit: "entry",
    prepare: () => {
      const memory = Buffer.allocUnsafeSlow(bytes + offset);
      for (let i = 0; i < memory.length; i++) memory[i] = (i * 31) & 0xff;
      const payload = memory.subarray(offset);
      let index = 0;
      let previous = 0;
      return () => {
        index += 1;
        previous = entryChecksum(index, 3, EntryKind.batch, previous, payload);
        return previous >= 0 ? 1 : 0;
      };
    },
  };
}

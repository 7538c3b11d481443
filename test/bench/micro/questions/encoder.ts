import { OutputBuffer, ReplyWriter } from "@redoubt/resp";
import { type Case, flatTexts, type Question } from "../question.js";

const PIPELINE = 16;
const ELEMENTS = 100;

export const question: Question = {
  asks: "What does a reply cost until its bytes are handed to the socket?",
  cases: [
    encoding("+OK, taken alone", 1, (reply) => reply.ok()),
    encoding("+OK, 16 taken at once", PIPELINE, (reply) => reply.ok()),
    encoding("integer, 16 taken at once", PIPELINE, (reply) => reply.integer(123456)),
    bulk("bulk of 64 B, a text, 16 taken at once", "v".repeat(64)),
    bulk("bulk of 64 B, bytes, 16 taken at once", Buffer.alloc(64, "v")),
    bulk("bulk of 64 KiB, by reference, 16 taken at once", Buffer.alloc(65536, "v")),
    array("array of 100 bulks of 16 B"),
  ],
};

/** One connection's buffer, as long-lived as a connection is. */
function encoding(name: string, count: number, write: (reply: ReplyWriter) => void): Case {
  return {
    name,
    unit: "reply",
    prepare: () => {
      const output = new OutputBuffer();
      const reply = new ReplyWriter(output);
      return () => {
        for (let i = 0; i < count; i++) write(reply);
        return output.take(output.end).length > 0 ? count : 0;
      };
    },
  };
}

function bulk(name: string, value: string | Uint8Array): Case {
  return encoding(name, PIPELINE, (reply) => reply.bulk(value));
}

function array(name: string): Case {
  const elements = flatTexts("element:", ELEMENTS, 16);
  return encoding(name, 1, (reply) => {
    reply.array(ELEMENTS);
    for (const element of elements) reply.bulk(element);
  });
}

import fc from "fast-check";
import { expect, test } from "vitest";
import { Packer, unpackReplies, unpackRequests } from "./frames.js";

const connection = fc.nat();
const bytes = fc.uint8Array({ maxLength: 20 });

test("requests come out as they went in, in their order, whatever the packer held before", () => {
  const packer = new Packer();
  const requests = fc.array(fc.tuple(connection, fc.array(bytes, { maxLength: 4 })));
  fc.assert(
    fc.property(requests, (sent) => {
      for (const [to, argv] of sent) packer.request(to, argv);
      const received: [number, Uint8Array[]][] = [];
      unpackRequests(packer.take(), (from, argv) => {
        received.push([from, argv.map((argument) => new Uint8Array(argument))]);
      });
      expect(received).toEqual(sent);
      expect(packer.isEmpty).toBe(true);
    }),
  );
});

test("replies come out as they went in, in one piece each, also when a packer has to grow", () => {
  const packer = new Packer();
  const large = Buffer.alloc(50_000, "v");
  packer.reply(1, [large, Buffer.from("a")]);
  packer.reply(2, [large]);
  packer.reply(1, []);
  const received: [number, number][] = [];
  unpackReplies(packer.take(), (from, reply) => received.push([from, reply.length]));
  expect(received).toEqual([
    [1, 50_001],
    [2, 50_000],
    [1, 0],
  ]);
});

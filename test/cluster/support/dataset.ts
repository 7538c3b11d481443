/** A Redis with a bit of everything: all types, each in the encodings that its limits choose. */

import type { RawClient } from "./raw-client.js";

/** Keys written by one call of `fill`. */
const limits = [
  // Everything in its large form.
  {
    "hash-max-listpack-entries": "0",
    "zset-max-listpack-entries": "0",
    "set-max-intset-entries": "0",
    "list-max-listpack-size": "1",
  },
  // Everything packed.
  {
    "hash-max-listpack-entries": "512",
    "zset-max-listpack-entries": "128",
    "set-max-intset-entries": "512",
    "list-max-listpack-size": "-2",
  },
] as const;

const script = `
local p = KEYS[1]
local function key(name) return p .. name end
redis.call('set', key('text'), 'v\\0\\255' .. string.rep('abc', 100))
redis.call('set', key('number'), '-1234567890123')
redis.call('set', key('small'), '7')
redis.call('set', key('empty'), '')
redis.call('set', key('long'), string.rep('0123456789', 150000))
redis.call('set', key('expires'), 'v', 'pxat', ARGV[1])
for i = 1, 40 do
  redis.call('rpush', key('list'), 'e' .. i, i, string.rep('x', i))
  redis.call('sadd', key('integers'), i * 1000003)
  redis.call('sadd', key('set'), 'm' .. i, i)
  redis.call('hset', key('hash'), 'f' .. i, 'v' .. i, i, string.rep('y', i * 3))
  redis.call('zadd', key('zset'), i / 3, 'm' .. i)
  redis.call('xadd', key('stream'), i .. '-1', 'f', 'v' .. i, 'g', i)
end
redis.call('zadd', key('zset'), '-inf', 'low', 'inf', 'high')
for i = 1, 60 do redis.call('rpush', key('nodes'), string.rep('n' .. i, 400)) end
for i = 1, 3000 do
  redis.call('rpush', key('big-list'), i .. string.rep('l', 500))
  redis.call('hset', key('big-hash'), i, string.rep('h', 400))
  redis.call('sadd', key('big-set'), i .. string.rep('s', 400))
  redis.call('zadd', key('big-zset'), i, i .. string.rep('z', 400))
end
redis.call('pexpireat', key('big-hash'), ARGV[1])
redis.call('xdel', key('stream'), '7-1')
redis.call('xgroup', 'create', key('stream'), 'g', '3-1')
redis.call('xreadgroup', 'group', 'g', 'alice', 'count', 5, 'streams', key('stream'), '>')
redis.call('xack', key('stream'), 'g', '4-1')
redis.call('xgroup', 'createconsumer', key('stream'), 'g', 'bob')
return 'OK'`;

/** Keys that `fill` writes. */
export const filledKeys = 2 * 17;

/** Into database 0. All that has a deadline has this one, in milliseconds since the epoch. */
export async function fill(client: RawClient, deadlineMs: number): Promise<void> {
  for (const [at, values] of limits.entries()) {
    for (const [name, value] of Object.entries(values)) {
      await client.text("CONFIG", "SET", name, value);
    }
    await client.text("EVAL", script, "1", `${at}:`, String(deadlineMs));
  }
}

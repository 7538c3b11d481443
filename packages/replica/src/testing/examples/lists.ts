/** Of lists, of sorting, and of how values are kept. */

export const listExamples: Readonly<Record<string, readonly string[]>> = {
  lpush: ["LPUSH k x"],
  rpush: ["RPUSH k x y"],
  lpushx: ["LPUSHX k x"],
  rpushx: ["RPUSHX k x"],
  lpop: ["LPOP k", "LPOP k 2"],
  rpop: ["RPOP k", "RPOP k 0"],
  lmpop: ["LMPOP 1 k LEFT", "LMPOP 2 missing k RIGHT COUNT 3"],
  llen: ["LLEN k"],
  lindex: ["LINDEX k 0"],
  lset: ["LSET k 0 x"],
  lrange: ["LRANGE k 0 -1"],
  linsert: ["LINSERT k BEFORE x y"],
  lrem: ["LREM k 0 x"],
  ltrim: ["LTRIM k 0 1"],
  lpos: ["LPOS k x", "LPOS k x COUNT 0"],
  lmove: ["LMOVE k other LEFT RIGHT", "LMOVE missing k LEFT LEFT"],
  rpoplpush: ["RPOPLPUSH k other", "RPOPLPUSH missing k"],
};

/**
 * A Redis list: a sequence of binary strings. Small ones are one array, large ones a rope of chunks; see
 * list-rope.ts.
 *
 * Elements are flat latin1 strings below BLOB_BYTES_MIN bytes and Blobs from there on. Every mutation is
 * undone by another one: push by pop, insertAt by removeAt, set by set, takeRange by putRange. All that
 * can be seen, memoryBytes included, depends on the elements alone and not on how they came here, but for
 * the encoding: what OBJECT ENCODING says, by the rules of Redis 7.2. A listpack that grows beyond a limit is a
 * quicklist, which becomes a listpack again at half of it. It is no part of the content: digests leave it out, and
 * a rebuilt list may be a listpack again. Differs from Redis: it goes by the elements' bytes, not by those of
 * the arguments, and one quicklist node or several make no difference.
 * Iteration order is the list's order, on every node the same.
 */

import { assert } from "../assert.js";
import {
  BLOB_BYTES_MIN,
  LIST_CHUNK_BYTES_MAX,
  LIST_CHUNK_ELEMENTS_MAX,
  LIST_LISTPACK_AGAIN_BYTES_MAX,
  LIST_LISTPACK_BYTES_MAX,
  LIST_SMALL_ELEMENTS_MAX,
  LISTPACK_BYTES,
} from "../constants.js";
import {
  LIST_BYTES,
  LIST_CHUNK_BYTES,
  LIST_ROPE_BYTES,
  LIST_SMALL_ELEMENT_BYTES,
} from "../memory.js";
import type { StringValue } from "../value.js";
import type { Direction, ElementVisitor, IndexVisitor } from "./element-sequence.js";
import { LIST_LIMITS, type ListLimits } from "./list-limits.js";
import { ListRope } from "./list-rope.js";
import { LooseChunk } from "./loose-chunk.js";

export type ListEncoding = "listpack" | "quicklist";

export class List {
  private readonly limits: ListLimits;
  private body: LooseChunk | ListRope = LooseChunk.empty();
  private isLong = false;

  /** `limits` are changed by tests only. */
  constructor(limits: ListLimits = LIST_LIMITS) {
    this.limits = limits;
  }

  get length(): number {
    return this.body.count;
  }

  /** Sum of the sizes the elements have in Redis's listpacks: what its encodings are decided by. */
  get elementBytes(): number {
    return this.body.elementBytes;
  }

  get encoding(): ListEncoding {
    return this.isLong ? "quicklist" : "listpack";
  }

  /** After each change: the encoding by the sizes the elements have in Redis's listpacks. */
  settleEncoding(): void {
    const bytes = LISTPACK_BYTES + this.elementBytes;
    if (bytes > LIST_LISTPACK_BYTES_MAX) this.isLong = true;
    else if (bytes <= LIST_LISTPACK_AGAIN_BYTES_MAX) this.isLong = false;
  }

  /** After a change has been taken back. */
  restoreEncoding(encoding: ListEncoding): void {
    this.isLong = encoding === "quicklist";
  }

  /** Estimate, by elements and their bytes. */
  get memoryBytes(): number {
    const { count, packedBytes, blobBytes } = this.body;
    if (count <= LIST_SMALL_ELEMENTS_MAX) {
      return LIST_BYTES + count * LIST_SMALL_ELEMENT_BYTES + packedBytes + blobBytes;
    }
    const chunks = count / LIST_CHUNK_ELEMENTS_MAX + packedBytes / LIST_CHUNK_BYTES_MAX;
    return (
      LIST_BYTES + LIST_ROPE_BYTES + Math.ceil(chunks * LIST_CHUNK_BYTES) + packedBytes + blobBytes
    );
  }

  get(index: number): StringValue {
    this.assertElement(index);
    return this.body.get(index);
  }

  /** Returns what was there. */
  set(index: number, value: StringValue): StringValue {
    this.assertElement(index);
    assertForm(value);
    return this.body.set(index, value);
  }

  pushHead(value: StringValue): void {
    this.insertAt(0, value);
  }

  pushTail(value: StringValue): void {
    this.insertAt(this.length, value);
  }

  /** The list is not empty. */
  popHead(): StringValue {
    return this.removeAt(0);
  }

  /** The list is not empty. */
  popTail(): StringValue {
    return this.removeAt(this.length - 1);
  }

  /** The value gets the index, which may be the length. */
  insertAt(index: number, value: StringValue): void {
    assert(
      index >= 0 && index <= this.length,
      "an element is inserted inside the list or at an end",
    );
    assertForm(value);
    const body = this.body;
    if (body instanceof LooseChunk && body.count >= this.limits.smallElementsMax) {
      this.toRope().insert(index, value);
    } else {
      body.insert(index, value);
    }
  }

  removeAt(index: number): StringValue {
    this.assertElement(index);
    const value = this.body.remove(index);
    this.becomeSmall();
    return value;
  }

  /**
   * Detaches `count` elements from `index` on. Chunks move, so the time is that of their number: 0.1 us a
   * chunk.
   */
  takeRange(index: number, count: number): List {
    assert(
      index >= 0 && count >= 0 && index + count <= this.length,
      "the taken range is in the list",
    );
    const piece = new List(this.limits);
    if (count === this.length) {
      piece.body = this.body;
      this.body = LooseChunk.empty();
      return piece;
    }
    const body = this.body;
    if (body instanceof LooseChunk) {
      piece.body = body.takeRange(index, count);
    } else if (count <= this.limits.singlyElementsMax) {
      for (let i = 0; i < count; i++) {
        piece.pushTail(body.remove(index));
      }
    } else {
      piece.body = body.takeRange(index, count);
      piece.becomeSmall();
    }
    this.becomeSmall();
    return piece;
  }

  /** The inverse: the piece's first element gets the index. The piece is empty afterwards. */
  putRange(index: number, piece: List): void {
    assert(index >= 0 && index <= this.length, "a range is put inside the list or at an end");
    assert(piece !== this, "a list is not put into itself");
    const { limits } = this;
    const total = this.length + piece.length;
    if (this.length === 0) {
      this.body = piece.body;
    } else if (piece.length <= limits.singlyElementsMax) {
      let at = index;
      piece.forEachFrom(0, 1, (value) => {
        this.insertAt(at, value);
        at++;
        return true;
      });
    } else {
      const body = this.body;
      const other = piece.body;
      if (
        body instanceof LooseChunk &&
        other instanceof LooseChunk &&
        total <= limits.smallElementsMax
      ) {
        body.putRange(index, other);
      } else {
        this.toRope().putRange(index, piece.toRope());
      }
    }
    piece.body = LooseChunk.empty();
  }

  /**
   * Visits from `index` on, toward the tail or the head, until `visit` returns false. The list must not
   * change meanwhile. An index outside the list visits nothing.
   */
  forEachFrom(index: number, direction: Direction, visit: ElementVisitor): void {
    if (index >= 0 && index < this.length) {
      this.body.visit(index, direction, 0, visit);
    }
  }

  /**
   * The same for the elements equal to `wanted` among the next `countMax`, which takes time by those alone:
   * several times as fast, since nothing is unpacked.
   */
  forEachEqual(
    wanted: StringValue,
    index: number,
    direction: Direction,
    countMax: number,
    visit: IndexVisitor,
  ): void {
    if (index >= 0 && index < this.length && countMax > 0) {
      const last = index + direction * (countMax - 1);
      this.body.visitEqual(wanted, index, direction, 0, last, (at) => {
        return (last - at) * direction >= 0 && visit(at);
      });
    }
  }

  /** Takes time by chunks: both lists hold the same ones until they change them. */
  clone(): List {
    const copy = new List(this.limits);
    copy.body = this.body.clone();
    copy.isLong = this.isLong;
    return copy;
  }

  /** For tests: every invariant. */
  check(): void {
    const { body, limits } = this;
    body.check();
    if (body instanceof LooseChunk) {
      assert(body.count <= limits.smallElementsMax, "a small list keeps its limit");
    } else {
      assert(body.count > limits.smallAgainElementsMax, "a rope has enough elements");
    }
  }

  private toRope(): ListRope {
    if (this.body instanceof LooseChunk) {
      this.body = ListRope.of(this.body, this.limits);
    }
    return this.body;
  }

  private becomeSmall(): void {
    if (this.body instanceof ListRope && this.body.count <= this.limits.smallAgainElementsMax) {
      this.body = this.body.toLoose();
    }
  }

  private assertElement(index: number): void {
    assert(index >= 0 && index < this.body.count, "the element is in the list");
  }
}

function assertForm(value: StringValue): void {
  assert(
    (typeof value === "string") === value.length < BLOB_BYTES_MIN,
    "an element's length decides its form",
  );
}

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { TokenTable } from "./token-table.js";

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));
const hex = (length: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`));

test("each token finds its own index, wherever it stands", () => {
  fc.assert(
    fc.property(fc.uniqueArray(hex(16), { maxLength: 20 }), fc.nat(5), (tokens, offset) => {
      const table = new TokenTable(tokens.map(bytes));
      for (const [index, token] of tokens.entries()) {
        const text = bytes(`${"x".repeat(offset)}${token};`);
        assert.equal(table.find(text, offset, offset + 16), index);
      }
    }),
  );
});

test("tokens that begin alike are told apart", () => {
  const tokens = ["deadbeef00", "deadbeef01", "deadbeef02", "00000000aa"];
  const table = new TokenTable(tokens.map(bytes));
  assert.deepEqual(
    tokens.map((token) => table.find(bytes(token), 0, 10)),
    [0, 1, 2, 3],
  );
  assert.equal(table.find(bytes("deadbeef03"), 0, 10), -1);
});

test("any change of a token finds nothing", () => {
  fc.assert(
    fc.property(hex(64), fc.nat(63), fc.nat(255), (token, at, byte) => {
      const table = new TokenTable([bytes(token)]);
      const changed = bytes(token);
      changed[at] = byte;
      assert.equal(table.find(changed, 0, 64), byte === token.charCodeAt(at) ? 0 : -1);
      assert.equal(table.find(bytes(token), 0, at), -1, "a part of it");
      assert.equal(table.find(bytes(`${token}0`), 0, 65), -1, "more than it");
    }),
  );
});

test("a table without tokens finds nothing", () => {
  assert.equal(new TokenTable([]).find(bytes("0123456789"), 0, 10), -1);
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { html, join, visible } from "./html.js";

test("what is put into a template is text, what was made by one is markup", () => {
  const bold = html`<b>${"a<b>&\"'"}</b>`;
  expect(html`<p title="${'"><script>'}">${bold}${["x", 7, null]}</p>`.text).toBe(
    '<p title="&quot;&gt;&lt;script&gt;"><b>a&lt;b&gt;&amp;&quot;&#39;</b>x7</p>',
  );
  expect(join(["<", bold], " & ").text).toBe("&lt; &amp; <b>a&lt;b&gt;&amp;&quot;&#39;</b>");
});

test("what cannot be seen is spelled out", () => {
  expect(visible("a\x00\n\u202eb\ud800c\u200b 語 🙂")).toBe(
    "a\\x00\\x0a\\u202eb\\ud800c\\u200b 語 🙂",
  );
});

test("a number that is not finite is a mistake", () => {
  expect(() => html`${Number.NaN}`).toThrow("not finite");
});

test("no text can open or close anything", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(html`${text}`.text).not.toMatch(/[<>"']|&(?!(amp|lt|gt|quot|#39);)/);
    }),
  );
});

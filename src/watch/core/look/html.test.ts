// Goal: whatever a host is named or prints, it is text on the page and nothing else.
// Method: the characters that open tags, end attributes, hide or reorder, one by one and together.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteString } from '../../../base/bytes.ts';
import { html, nameHtml } from './html.ts';

test('what is filled in opens neither a tag nor an entity, and ends no attribute', () => {
  const evil = `</title><script>a("&amp;'")</script>`;
  assert.equal(
    html`<b title="${evil}">${evil}</b>`.markup,
    `<b title="&lt;/title&gt;&lt;script&gt;a(&quot;&amp;amp;&#39;&quot;)&lt;/script&gt;">&lt;/title&gt;&lt;script&gt;a(&quot;&amp;amp;&#39;&quot;)&lt;/script&gt;</b>`,
  );
});

test('what would move, hide or reorder is written as an escape', () => {
  const evil = 'a\u001b[2J\u202eb\u200bc\u0000\n';
  assert.equal(html`${evil}`.markup, 'a\\x1b[2J\\u202eb\\u200bc\\x00\\n');
});

test('markup goes in as it is, lists one after another, nothing as nothing', () => {
  const items = ['a', '<'].map((item) => html`<li>${item}</li>`);
  assert.equal(html`<ul>${items}${undefined}</ul>`.markup, '<ul><li>a</li><li>&lt;</li></ul>');
});

test('a name of bytes: UTF-8 as such, other bytes as escapes, once only', () => {
  assert.equal(nameHtml(byteString('/s\u00c3\u00bc/\u00ff<b>\\')).markup, '/sü/\\xff&lt;b&gt;\\\\');
});

test('a name without an end has one on the page', () => {
  const page = html`${'<'.repeat(1_000_000)}`.markup;
  assert.equal(page.length, 600 * '&lt;'.length + 1);
});

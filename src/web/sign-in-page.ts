/** For who is not signed in: a name and a password, and nothing of what is known. */
import { html, type Html, NOTHING } from '../watch/core/look/html.ts';
import { GLYPH_DEFINITIONS, LOGO } from './glyphs.ts';

export interface SignInFacts {
  readonly style: string;
  /** Sent back with the form, and compared with the cookie that came with this page. */
  readonly token: string;
  readonly wrong: string | undefined;
  /** Of this server, from its root. */
  readonly next: string;
}

export function signInPage({ style, token, wrong, next }: SignInFacts): string {
  const body = html`<h1 class="say">Sign in</h1>
${wrong === undefined ? NOTHING : html`<p class="wrong" role="alert">${wrong}</p>`}
<form method="post" action="/sign-in"><input type="hidden" name="csrf" value="${token}"><input type="hidden" name="next" value="${next}">
<label class="field"><span>Name</span><input type="text" name="name" required maxlength="64" autocomplete="username" autocapitalize="none" spellcheck="false"></label>
<label class="field"><span>Password</span><input type="password" name="password" required maxlength="1024" autocomplete="current-password"></label>
<button class="btn go" type="submit">Sign in</button></form>
<p class="basis">Without a password: <code>holdfast server user add NAME</code> on the server prints a link that signs in once.</p>`;
  return cardPage({ title: 'Sign in', style, body });
}

export function cardPage(of: {
  readonly title: string;
  readonly style: string;
  readonly body: Html;
}): string {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex"><meta name="color-scheme" content="light dark">
<title>${of.title} · Holdfast</title><link rel="icon" href="data:,"><link rel="stylesheet" href="${of.style}"></head>
<body>${GLYPH_DEFINITIONS}<main class="card"><p class="brand">${LOGO}Holdfast</p>${of.body}</main></body></html>
`.markup;
}

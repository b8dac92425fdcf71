/** What buttons of pages send: the same acts as by `/v1`, answered with the page that shows them. */
import { type Bound, on, type Reply } from '../../../adapters/http/api-routes.ts';
import { TLS_DOOR } from '../../../adapters/http/door.ts';
import { webFiles } from '../../../adapters/http/web-files.ts';
import { sameText } from '../../../access/core/same-text.ts';
import { Fault } from '../../../base/fault.ts';
import { ROUTES } from '../../../wire/api/routes.ts';
import { signInPage } from '../../../web/sign-in-page.ts';
import { acknowledged, cancelled } from '../answers-act.ts';
import { freezeAll, unfreezeAll } from '../answers-freeze.ts';
import { acceptVault } from '../accept-vault.ts';
import type { Served } from '../served.ts';
import { pageReply } from './answers-pages.ts';

export function formAnswers(served: Served): readonly Bound[] {
  return [
    on(ROUTES.freezeForm, async ({ body, caller, from }) => {
      const { reason, forMs } = body;
      await freezeAll(served, { reason, forMs, caller, from });
      return seeOther('/freeze');
    }),
    on(ROUTES.unfreezeForm, async ({ body, caller, from }) => {
      await unfreezeAll(served, { id: body.id, caller, from });
      return seeOther('/freeze');
    }),
    on(ROUTES.cancelForm, async ({ params, caller, from }) => {
      await cancelled(served, { job: params.job, caller, from });
      return seeOther('/jobs');
    }),
    on(ROUTES.acknowledgeForm, async ({ params, caller, from }) => {
      await acknowledged(served, { id: params.alert, by: caller?.user ?? '', caller, from });
      return seeOther('/alerts');
    }),
    on(ROUTES.acceptVaultForm, async ({ body, caller, from }) => {
      const { place, reason } = body;
      await acceptVault(served, { place, reason, caller, from });
      return seeOther('/findings');
    }),
    on(ROUTES.signOutForm, async ({ session, from }) => {
      if (session !== undefined) await served.access.signOut(session.secret, from);
      const ended = { secret: '', maxAgeMs: 0 };
      return {
        send: { answer: '', status: 303, headers: { location: '/sign-in' }, session: ended },
      };
    }),
    ...signInAnswers(served),
  ];
}

function seeOther(location: string): Reply<string> {
  return { send: { answer: '', status: 303, headers: { location } } };
}

/** Nobody is known yet: the form is known by a cookie that came with it, and that no other site can set. */
const FORM_COOKIE = '__Host-holdfast-form';
const FORM_COOKIE_S = 3600;

function signInAnswers(served: Served): readonly Bound[] {
  return [
    on(ROUTES.signInPage, ({ query }) =>
      Promise.resolve(
        signInShown(served, { next: localPath(query.next), wrong: undefined, status: 200 }),
      ),
    ),
    on(ROUTES.signInForm, async ({ body, from, headers, door }) => {
      const { name, password, csrf } = body;
      const next = localPath(body.next);
      if (door.scheme !== TLS_DOOR.scheme) throw noForm();
      const sent = formToken(String(headers.cookie ?? ''));
      if (sent === undefined || csrf === undefined || !sameText(sent, csrf)) {
        const wrong = 'This form was too old. It is a new one: sign in again.';
        return signInShown(served, { next, wrong, status: 403 });
      }
      const got = await served.access.signIn({ name, password, from });
      if (got.outcome !== 'signed-in') {
        const wrong =
          got.outcome === 'wait'
            ? `Too many tried to sign in: wait ${Math.max(1, Math.ceil(got.waitMs / 1000))} s.`
            : 'This name and password sign nobody in.';
        return signInShown(served, { next, wrong, status: got.outcome === 'wait' ? 429 : 401 });
      }
      const session = { secret: got.session, maxAgeMs: got.endsAt - served.now().wallMs };
      return { send: { answer: '', status: 303, headers: { location: next }, session } };
    }),
  ];
}

function noForm(): Fault {
  return new Fault('HF_API_CSRF', 'nobody signs in by password without TLS');
}

function signInShown(
  served: Served,
  of: { readonly next: string; readonly wrong: string | undefined; readonly status: number },
): Reply<string> {
  const token = served.newId();
  const { style } = webFiles();
  const cookie = `${FORM_COOKIE}=${token}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=${FORM_COOKIE_S}`;
  const { next, wrong, status } = of;
  const text = signInPage({ style: style.href, token, wrong, next });
  return pageReply(text, { status, headers: { 'set-cookie': cookie } });
}

function formToken(cookie: string): string | undefined {
  return new RegExp(`(?:^|; )${FORM_COOKIE}=([0-9a-f]{32})(?:;|$)`).exec(cookie)?.[1];
}

/** Of this server: a path from its root, and of no other host, however it is written. */
export function localPath(given: string | undefined): string {
  if (given === undefined || !/^\/[\x21-\x7e]{0,2000}$/.test(given)) return '/';
  return /^\/[/\\]/.test(given) || given.startsWith('/sign-in') ? '/' : given;
}

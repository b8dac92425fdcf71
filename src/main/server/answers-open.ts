/** What needs no token, who one is, and what is no JSON. */
import {
  type Asked,
  type Bound,
  answer,
  on,
  type Replied,
  type Reply,
} from '../../adapters/http/api-routes.ts';
import { metricsText } from '../../adapters/http/metrics.ts';
import { PAGE_POLICY, type Page, pageText } from '../../adapters/http/pages.ts';
import type { Caller } from '../../access/core/account.ts';
import { Fault } from '../../base/fault.ts';
import { sayMessage } from '../../base/say-name.ts';
import { confirm } from '../../tell/core/confirmations.ts';
import { type LinkProblem, readAckLink, readConfirmLink } from '../../tell/core/signed-link.ts';
import { openApiOf } from '../../wire/api/openapi.ts';
import type { Route } from '../../wire/api/route.ts';
import { allRoutes, ROUTES } from '../../wire/api/routes.ts';
import { VERSION } from '../version.ts';
import { acknowledged } from './answers-act.ts';
import { estateInTurns, type Served, timeOf } from './served.ts';

/** A round takes a second, with many hosts some more. */
const TELLS_WITHIN_MS = 120_000;

export function openAnswers(served: Served): readonly Bound[] {
  return [...openData(served), ...sessionAnswers(served), ...linkAnswers(served)];
}

function openData(served: Served): readonly Bound[] {
  const document = openApiOf(allRoutes, VERSION);
  const health = new Shared(() => served.writer.alone(() => served.state.tryWrite()));
  return [
    on(ROUTES.healthz, async () => {
      // Reading is not writing: a state that is full or read-only is not up.
      await health.done();
      const { atMs } = served.now();
      // One that answers and tells nobody is not up either.
      if (atMs - served.noted.toldAtMs > TELLS_WITHIN_MS) {
        throw new Fault(
          'HF_API_BUSY',
          'nobody is told of anything: the last round was too long ago',
        );
      }
      return answer({ is: 'up' as const, at: timeOf(served.now().wallMs) });
    }),
    on(ROUTES.openapi, () => Promise.resolve(answer({ ...document }))),
    on(ROUTES.metrics, async ({ headers }) => {
      const accept = String(headers.accept ?? '');
      const { parts, type } = await metricsText(await estateInTurns(served), {
        isOpenMetrics: accept.includes('application/openmetrics-text'),
        version: VERSION,
      });
      return { parts, headers: { 'content-type': type } };
    }),
    on(ROUTES.events, ({ headers, caller, session }) => {
      const who = caller?.user ?? '';
      served.hub.check(who);
      const lastId = headers['last-event-id'];
      const of = {
        who,
        lastId: typeof lastId === 'string' ? lastId : undefined,
        isAllowed: () => isStillKnown(served, { headers, caller, session }),
      };
      return Promise.resolve({ stream: async (response) => served.hub.listen(response, of) });
    }),
  ];
}

/** Many who ask at once are one who asks: it costs a write, and anyone may. */
class Shared {
  readonly #act: () => Promise<void>;
  #running: Promise<void> | undefined;

  constructor(act: () => Promise<void>) {
    this.#act = act;
  }

  done(): Promise<void> {
    this.#running ??= this.#act().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }
}

/** Whether who listens would be let in now. */
async function isStillKnown(
  { access }: Served,
  of: Pick<Asked<Route>, 'headers' | 'session' | 'caller'>,
): Promise<boolean> {
  if (of.session !== undefined) {
    return (await access.callerOfSession(of.session.secret)) !== undefined;
  }
  const secret = String(of.headers.authorization ?? '').replace(/^Bearer /, '');
  return (await access.callerOfToken(secret))?.scopes.has('read') === true;
}

function sessionAnswers(served: Served): readonly Bound[] {
  const { access } = served;
  return [
    on(ROUTES.session, ({ caller, session }) =>
      Promise.resolve(answer({ ...whoIs(caller), csrf: session?.csrf ?? null })),
    ),
    on(ROUTES.signInByPassword, async ({ body, from }) => {
      const got = await access.signIn({ ...body, from });
      if (got.outcome !== 'signed-in') throw notSignedIn(got);
      const { user, csrf, endsAt } = got;
      const session = { secret: got.session, maxAgeMs: endsAt - served.now().wallMs };
      return { send: { answer: { name: user, csrf, endsAt: timeOf(endsAt) }, session } };
    }),
    on(ROUTES.signOut, async ({ session, from }) => {
      if (session === undefined) return answer({ ended: false });
      await access.signOut(session.secret, from);
      return { send: { answer: { ended: true }, session: { secret: '', maxAgeMs: 0 } } };
    }),
    on(ROUTES.showSignIn, () =>
      Promise.resolve(
        page({
          title: 'Sign in to Holdfast',
          sentences: ['This link signs you in once, on this browser.'],
          button: 'Sign in',
        }),
      ),
    ),
    on(ROUTES.signIn, async ({ params, from, door }) => {
      const got = await access.signInByLink({ secret: params.token, from });
      if (got.outcome === 'wait') throw notSignedIn(got);
      if (got.outcome === 'refused') {
        const sentences = ['It was used before, or its time is over. Ask for a new one.'];
        return page({ title: 'This link signs nobody in', sentences }, { status: 403 });
      }
      if (door.scheme === 'http' && (await mayMore(served, got.session))) {
        await access.signOut(got.session, from);
        const sentences = [`Here, without TLS, only viewers are let in: ${served.address.url}.`];
        return page({ title: 'This link signs nobody in', sentences }, { status: 403 });
      }
      const session = { secret: got.session, maxAgeMs: got.endsAt - served.now().wallMs };
      const sentences = [`You are signed in as ${got.user} until ${timeOf(got.endsAt)}.`];
      return page({ title: 'Signed in', sentences, next: '/' }, { session });
    }),
  ];
}

/** Than a cookie may that other programs of this machine could be shown. */
async function mayMore({ access }: Served, session: string): Promise<boolean> {
  return (await access.callerOfSession(session))?.caller.role !== 'viewer';
}

function whoIs(caller: Caller | undefined) {
  if (caller === undefined) throw new Fault('HF_API_SIGN_IN', 'nobody is known');
  return { name: caller.user, role: caller.role, scopes: [...caller.scopes] };
}

function notSignedIn(
  got: { readonly outcome: 'refused' } | { readonly outcome: 'wait'; readonly waitMs: number },
): Fault {
  if (got.outcome === 'refused') {
    return new Fault('HF_API_SIGN_IN', 'this name and password sign nobody in');
  }
  const seconds = Math.max(1, Math.ceil(got.waitMs / 1000));
  return new Fault('HF_API_TOO_FAST', 'too many tried to sign in', { seconds });
}

function linkAnswers(served: Served): readonly Bound[] {
  const { telling, state } = served;
  const ackOf = (text: string) => readAckLink(telling.linkKey, text, served.now().wallMs);
  const confirmOf = (text: string) => readConfirmLink(telling.linkKey, text, served.now().wallMs);
  return [
    on(ROUTES.showAck, async ({ params }) => {
      const link = ackOf(params.signed);
      if (!link.ok) return noLink(link.error);
      const alert = (await state.openAlerts()).find(({ id }) => id === link.value.alert);
      if (alert === undefined) return page(OVER);
      const sentences = [
        sayMessage(`${alert.subject}: ${alert.why}`),
        `You are ${link.value.person}.`,
      ];
      return page({ title: 'Say that you have it in hand', sentences, button: 'I have it' });
    }),
    on(ROUTES.ack, async ({ params, from }) => {
      const link = ackOf(params.signed);
      if (!link.ok) return noLink(link.error);
      const { alert: id, person } = link.value;
      try {
        const alert = await acknowledged(served, { id, by: person, caller: undefined, from });
        const sentences = [
          `${alert.acknowledgedBy ?? person} has it in hand, until its cause clears.`,
        ];
        return page({ title: 'Acknowledged', sentences });
      } catch (error) {
        if (error instanceof Fault && error.code === 'HF_API_UNKNOWN') return page(OVER);
        throw error;
      }
    }),
    on(ROUTES.showConfirm, ({ params }) => {
      const link = confirmOf(params.signed);
      if (!link.ok) return Promise.resolve(noLink(link.error));
      const sentences = [`A test message came by ${link.value.channel} to ${link.value.person}.`];
      return Promise.resolve(
        page({ title: 'Say that the test message came', sentences, button: 'It came' }),
      );
    }),
    on(ROUTES.confirm, async ({ params }) => {
      const link = confirmOf(params.signed);
      if (!link.ok) return noLink(link.error);
      await served.writer.alone(async () => {
        const by = { ...link.value, now: served.now().wallMs };
        const changes = confirm(await state.confirmations(), by);
        if (changes.length > 0) await state.commit(changes);
      });
      return page({ title: 'Thank you', sentences: ['It is noted that messages reach you.'] });
    }),
  ];
}

const OVER: Page = { title: 'Nothing is open any more', sentences: ['Its cause has cleared.'] };

const WHY_NOT: Readonly<Record<LinkProblem, string>> = {
  malformed: 'It is not whole: copy all of it out of the message.',
  forged: 'This server did not make it.',
  expired: 'Its time is over.',
};

function noLink(problem: LinkProblem): Reply<string> {
  return page({ title: 'This link does nothing', sentences: [WHY_NOT[problem]] }, { status: 403 });
}

function page(shown: Page, of: Pick<Replied<string>, 'status' | 'session'> = {}): Reply<string> {
  const headers = { 'content-security-policy': PAGE_POLICY };
  return { send: { answer: pageText(shown), headers, ...of } };
}

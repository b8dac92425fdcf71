import { unixMs } from '../../base/units.ts';
import { assert } from '../../base/assert.ts';
import type { AccessChange, Session, User } from '../core/account.ts';
import type { RefusedLines } from '../core/refused-lines.ts';
import { sessionEndsAt } from '../core/session.ts';
import { SignInLimit } from '../core/sign-in-limit.ts';
import type { SignIn, SignedIn } from './access-answers.ts';
import {
  type AccessParts,
  type Asker,
  auditChange,
  digestOfSecret,
  newSecret,
  refusedChanges,
} from './access-parts.ts';

/** Longer ones are not looked at: a hash of a megabyte is work for nothing. */
const PASSWORD_TEXT_MAX = 1024;
/** Each waits for those before it; a queue without end is a way to hold the server up. */
const AT_ONCE_MAX = 8;
const BUSY_WAIT_MS = 1000;

/** How a person becomes known: by password, or by a link that works once. */
export class SignInDesk<Also> {
  readonly #of: AccessParts<Also>;
  readonly #limit = new SignInLimit();
  readonly #lines: RefusedLines;
  #comparing = 0;

  constructor(of: AccessParts<Also>, lines: RefusedLines) {
    this.#of = of;
    this.#lines = lines;
  }

  async byPassword(ask: {
    readonly name: string;
    readonly password: string;
    readonly from: string;
  }): Promise<SignIn> {
    const { name, from } = ask;
    if (this.#comparing >= AT_ONCE_MAX) return { outcome: 'wait', waitMs: BUSY_WAIT_MS };
    const may = this.#limit.take({ name, from }, this.#of.clock.monotonic());
    if (may.waitMs > 0) {
      if (may.isFirst) await this.#refuse({ subject: name, from }, 'too many tries');
      return { outcome: 'wait', waitMs: may.waitMs };
    }
    const compared = await this.#compare(name, ask.password);
    const renewed = compared === undefined ? [] : await this.#renewed(compared, ask.password);
    // Comparing takes a while: who was put out meanwhile, or has another password, is not let in.
    const user = await this.#of.store.user(name);
    const isAsCompared =
      user !== undefined && !user.isDisabled && user.password === compared?.password;
    if (compared === undefined || !isAsCompared) {
      await this.#refuse({ subject: name, from }, 'name or password');
      return { outcome: 'refused' };
    }
    this.#limit.succeeded({ name, from });
    const { session, secret } = this.#newSession(user.name);
    const by = { who: user.name, from };
    await this.#of.store.commit([
      ...renewed.map((password) => ({ do: 'user' as const, user: { ...user, password } })),
      { do: 'session', session },
      this.#signedIn(by, 'password'),
    ]);
    return signedIn(session, secret);
  }

  async byLink(ask: { readonly secret: string; readonly from: string }): Promise<SignIn> {
    // Not slowed down: its text cannot be guessed, and whoever tries must not keep others out.
    const { from } = ask;
    const sha256 = digestOfSecret(this.#of.hash, ask.secret);
    const made = new Map<string, { readonly session: Session; readonly secret: string }>();
    const users = new Map((await this.#of.store.users()).map((user) => [user.name, user]));
    const spent =
      sha256 === undefined
        ? undefined
        : await this.#of.store.spend(
            { sha256, kind: 'sign-in', now: this.#of.clock.now() },
            (link) => {
              const user = users.get(link.of);
              if (user === undefined || user.isDisabled) return [];
              const begun = this.#newSession(user.name);
              made.set(user.name, begun);
              const by = { who: user.name, from };
              return [{ do: 'session', session: begun.session }, this.#signedIn(by, 'link')];
            },
          );
    const begun = made.get(spent?.of ?? '');
    if (begun === undefined) {
      await this.#refuse({ subject: '', from }, 'link');
      return { outcome: 'refused' };
    }
    return signedIn(begun.session, begun.secret);
  }

  async #compare(name: string, password: string): Promise<User | undefined> {
    this.#comparing += 1;
    try {
      const user = await this.#of.store.user(name);
      const isLong = password.length > PASSWORD_TEXT_MAX;
      // A name that is not there takes as long as one that is.
      const made = isLong || user?.isDisabled === true ? undefined : user?.password;
      const isRight = await this.#of.passwords.matches(isLong ? '' : password, made);
      return isRight ? user : undefined;
    } finally {
      this.#comparing -= 1;
    }
  }

  /** Now that the password is at hand, it is kept as passwords are kept by now. */
  async #renewed(user: User, password: string): Promise<readonly string[]> {
    if (user.password === undefined || !this.#of.passwords.isOld(user.password)) return [];
    return [await this.#of.passwords.make(password)];
  }

  #newSession(user: string): { readonly session: Session; readonly secret: string } {
    const secret = newSecret(this.#of.random);
    const sha256 = digestOfSecret(this.#of.hash, secret);
    assert(sha256 !== undefined, 'a secret has the shape of one');
    const now = this.#of.clock.now();
    const csrf = newSecret(this.#of.random);
    return { session: { sha256, user, csrf, createdAt: now, usedAt: now }, secret };
  }

  #signedIn(by: Asker, how: 'password' | 'link'): AccessChange {
    return auditChange(this.#of.clock, by, {
      act: 'sign-in',
      subject: by.who,
      detail: { by: how },
    });
  }

  /** A name that nobody has may be a password, typed into the wrong field: it is not written down. */
  async #refuse(
    of: { readonly subject: string; readonly from: string },
    why: string,
  ): Promise<void> {
    const by = { who: '', from: of.from };
    const known = of.subject === '' ? undefined : await this.#of.store.user(of.subject);
    const said = { act: 'sign-in', subject: known?.name ?? '', detail: { why } };
    const writing = { clock: this.#of.clock, lines: this.#lines };
    await this.#of.store.commit(refusedChanges(writing, by, said));
  }
}

function signedIn(session: Session, secret: string): SignedIn {
  const { csrf, user } = session;
  const endsAt = unixMs(sessionEndsAt(session));
  return { outcome: 'signed-in', session: secret, csrf, user, endsAt };
}

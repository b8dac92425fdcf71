import { assert } from '../../base/assert.ts';
import { Fault } from '../../base/fault.ts';
import { unixMs } from '../../base/units.ts';
import type { AccessChange, ApiToken, Caller, OneTime, User } from '../core/account.ts';
import {
  ENROLMENT_FOR_MS,
  LINK_FOR_MS,
  SESSION_TOUCH_MS,
  TOKEN_FOR_MAX_MS,
  TOKEN_FOR_MS,
  TOKEN_TOUCH_MS,
  TOKENS_PER_USER_MAX,
  USERS_MAX,
} from '../core/bounds.ts';
import { RefusedLines } from '../core/refused-lines.ts';
import { type Role, type Scope, scopesOf, scopesOfToken } from '../core/roles.ts';
import { isLive } from '../core/session.ts';
import type { Follow, Made, OfSession, SignIn } from './access-answers.ts';
import {
  type AccessParts,
  type Asker,
  auditChange,
  digestOfSecret,
  newId,
  newSecret,
  refusedChanges,
  type Said,
} from './access-parts.ts';
import { SignInDesk } from './sign-in.ts';

const NAME = /^[a-z0-9][a-z0-9._@-]{0,63}$/;
const PASSWORD_MIN = 12;
const PASSWORD_MAX = 256;

/** A user as people see one. */
export type UserShown = Omit<User, 'password'> & { readonly hasPassword: boolean };

export interface NewToken {
  readonly owner: string;
  readonly label: string;
  readonly scopes: readonly Scope[];
  /** At most 400 days; 90 where it is not said. */
  readonly forMs?: number | undefined;
}

/**
 * Who may ask. Every change is written down in the transaction that makes it; every method fails with
 * HF_SERVER_STATE where the state cannot be used.
 */
export class Access<Also = never> {
  readonly #of: AccessParts<Also>;
  readonly #signIn: SignInDesk<Also>;
  readonly #refused = new RefusedLines();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(of: AccessParts<Also>) {
    this.#of = of;
    this.#signIn = new SignInDesk(of, this.#refused);
  }

  signIn(ask: {
    readonly name: string;
    readonly password: string;
    readonly from: string;
  }): Promise<SignIn> {
    return this.#signIn.byPassword(ask);
  }

  signInByLink(ask: { readonly secret: string; readonly from: string }): Promise<SignIn> {
    return this.#signIn.byLink(ask);
  }

  /** Undefined: nobody who is known now. */
  async callerOfSession(secret: string): Promise<OfSession | undefined> {
    const sha256 = digestOfSecret(this.#of.hash, secret);
    const session = sha256 === undefined ? undefined : await this.#of.store.session(sha256);
    const now = this.#of.clock.now();
    if (session === undefined || !isLive(session, now)) return undefined;
    const user = await this.#of.store.user(session.user);
    if (user === undefined || user.isDisabled) return undefined;
    if (Math.abs(now - session.usedAt) > SESSION_TOUCH_MS) {
      await this.#of.store.commit([{ do: 'session', session: { ...session, usedAt: now } }]);
    }
    const { name, role } = user;
    const by = { session: session.sha256 };
    return { caller: { user: name, role, scopes: scopesOf(role), by }, csrf: session.csrf };
  }

  /** Undefined: nobody who is known now. */
  async callerOfToken(secret: string): Promise<Caller | undefined> {
    const sha256 = digestOfSecret(this.#of.hash, secret);
    const token = sha256 === undefined ? undefined : await this.#of.store.token(sha256);
    const now = this.#of.clock.now();
    if (token === undefined || now >= token.expiresAt) return undefined;
    const owner = await this.#of.store.user(token.owner);
    if (owner === undefined || owner.isDisabled) return undefined;
    if (Math.abs(now - (token.usedAt ?? 0)) > TOKEN_TOUCH_MS) {
      await this.#of.store.commit([{ do: 'token', token: { ...token, usedAt: now } }]);
    }
    const scopes = scopesOfToken(token.scopes, owner.role);
    return { user: owner.name, role: owner.role, scopes, by: { token: token.id } };
  }

  async signOut(secret: string, from: string): Promise<void> {
    const sha256 = digestOfSecret(this.#of.hash, secret);
    const session = sha256 === undefined ? undefined : await this.#of.store.session(sha256);
    if (session === undefined) return;
    const said = { act: 'sign-out', subject: session.user };
    await this.#of.store.commit([
      { do: 'end-session', sha256: session.sha256 },
      this.audited({ who: session.user, from }, said),
    ]);
  }

  async users(): Promise<readonly UserShown[]> {
    return (await this.#of.store.users()).map(shown);
  }

  tokens(): Promise<readonly ApiToken[]> {
    return this.#of.store.tokens();
  }

  /** @throws Fault HF_ACCOUNT_NAME, HF_ACCOUNT_EXISTS, HF_ACCOUNT_TOO_MANY, HF_PASSWORD_WEAK */
  makeUser(
    by: Asker,
    of: { readonly name: string; readonly role: Role; readonly password?: string | undefined },
  ): Promise<UserShown> {
    return this.#inTurn(async () => {
      const { name, role } = of;
      if (!NAME.test(name))
        throw new Fault('HF_ACCOUNT_NAME', `${JSON.stringify(name)} is no name of a user`);
      const all = await this.#of.store.users();
      if (all.some((each) => each.name === name)) {
        throw new Fault('HF_ACCOUNT_EXISTS', `there is a user ${name} already`, { name });
      }
      if (all.length >= USERS_MAX) throw tooMany('users', USERS_MAX);
      const password = await this.#password(name, of.password);
      const user = { name, role, password, isDisabled: false, createdAt: this.#of.clock.now() };
      await this.#of.store.commit([{ do: 'user', user }, this.#aboutUser(by, 'user-made', user)]);
      return shown(user);
    });
  }

  /** @throws Fault HF_ACCOUNT_UNKNOWN, HF_ACCOUNT_LAST_ADMIN, HF_PASSWORD_WEAK */
  changeUser(
    by: Asker,
    of: {
      readonly name: string;
      readonly role?: Role | undefined;
      readonly password?: string | undefined;
      readonly isDisabled?: boolean | undefined;
    },
  ): Promise<UserShown> {
    return this.#inTurn(async () => {
      const before = await this.#user(of.name);
      const made = await this.#password(of.name, of.password);
      const user: User = {
        ...before,
        role: of.role ?? before.role,
        password: made ?? before.password,
        isDisabled: of.isDisabled ?? before.isDisabled,
      };
      if (user.role !== 'admin' || user.isDisabled) await this.#notLastAdmin(before);
      // Whoever may sit there with the old password, or as what this user was, signs in again.
      const end: AccessChange = { do: 'end-sessions', user: of.name };
      const entry = this.#aboutUser(by, 'user-changed', user);
      await this.#of.store.commit([{ do: 'user', user }, end, entry]);
      return shown(user);
    });
  }

  /** @throws Fault HF_ACCOUNT_UNKNOWN, HF_ACCOUNT_LAST_ADMIN */
  removeUser(by: Asker, name: string): Promise<void> {
    return this.#inTurn(async () => {
      const user = await this.#user(name);
      await this.#notLastAdmin(user);
      const entry = this.#aboutUser(by, 'user-removed', user);
      await this.#of.store.commit([{ do: 'remove-user', name }, entry]);
    });
  }

  /** @throws Fault HF_ACCOUNT_UNKNOWN, HF_TOKEN_SCOPE, HF_ACCOUNT_TOO_MANY */
  makeToken(by: Asker, of: NewToken): Promise<Made & { readonly token: ApiToken }> {
    return this.#inTurn(async () => {
      const owner = await this.#user(of.owner);
      const may = scopesOf(owner.role);
      const beyond = of.scopes.filter((scope) => !may.has(scope));
      if (beyond.length > 0 || of.scopes.length === 0) {
        const facts = { owner: owner.name, scopes: [...may].join(', ') };
        const what = beyond.length > 0 ? `may not ${beyond.join(', ')}` : 'has named no scope';
        throw new Fault('HF_TOKEN_SCOPE', `${owner.name} ${what}`, facts);
      }
      const now = this.#of.clock.now();
      const its = (await this.#of.store.tokens()).filter(
        (each) => each.owner === owner.name && each.expiresAt > now,
      );
      if (its.length >= TOKENS_PER_USER_MAX) throw tooMany('tokens', TOKENS_PER_USER_MAX);
      const { secret, sha256 } = this.#secret('hft_');
      const forMs = Math.min(of.forMs ?? TOKEN_FOR_MS, TOKEN_FOR_MAX_MS);
      const token: ApiToken = {
        ...{ id: newId(this.#of.random), sha256, owner: owner.name },
        ...{ label: of.label.slice(0, 200), scopes: [...new Set(of.scopes)] },
        ...{ createdAt: now, expiresAt: unixMs(now + forMs) },
      };
      const { id, label, expiresAt } = token;
      const detail = { owner: owner.name, label, scopes: token.scopes.join(' '), expiresAt };
      const entry = this.audited(by, { act: 'token-made', subject: id, detail });
      await this.#of.store.commit([{ do: 'token', token }, entry]);
      return { id, secret, expiresAt, token };
    });
  }

  /** @throws Fault HF_ACCOUNT_UNKNOWN */
  revokeToken(by: Asker, id: string): Promise<void> {
    return this.#inTurn(async () => {
      const token = (await this.#of.store.tokens()).find((each) => each.id === id);
      if (token === undefined) throw unknownAccount('token', id);
      const detail = { owner: token.owner, label: token.label };
      const entry = this.audited(by, { act: 'token-revoked', subject: id, detail });
      await this.#of.store.commit([{ do: 'remove-token', id }, entry]);
    });
  }

  /**
   * A secret that signs `user` in once, within a quarter of an hour.
   *
   * @throws Fault HF_ACCOUNT_UNKNOWN
   */
  makeLink(by: Asker, user: string): Promise<Made> {
    return this.#inTurn(async () => {
      await this.#user(user);
      return this.#oneTime(by, { kind: 'sign-in', of: user, forMs: LINK_FOR_MS, act: 'link-made' });
    });
  }

  /** A secret that enrols `host` once, within the hour: docs/format/agent.md. */
  makeEnrolment(by: Asker, host: string): Promise<Made> {
    const act = 'enrolment-made';
    return this.#oneTime(by, { kind: 'enrolment', of: host, forMs: ENROLMENT_FOR_MS, act });
  }

  /**
   * Spends an enrolment secret. What `follow` makes of it, the log's line included, is committed with
   * its end or not at all; `follow` may be called twice.
   */
  async enrol(
    ask: { readonly secret: string; readonly from: string; readonly agent: string },
    follow: Follow<AccessChange | Also>,
  ): Promise<OneTime | undefined> {
    const { from, agent } = ask;
    const by = { who: `agent:${agent}`, from };
    const sha256 = digestOfSecret(this.#of.hash, ask.secret);
    const now = this.#of.clock.now();
    const spent =
      sha256 === undefined
        ? undefined
        : await this.#of.store.spend({ sha256, kind: 'enrolment', now }, (token) => {
            const said = {
              act: 'agent-enrolled',
              subject: token.of,
              detail: { agent, by: token.by },
            };
            return [...follow(token), this.audited(by, said)];
          });
    if (spent !== undefined) return spent;
    const said = { act: 'agent-enrolled', subject: '', detail: { agent } };
    const writing = { clock: this.#of.clock, lines: this.#refused };
    await this.#of.store.commit(refusedChanges(writing, by, said));
    return undefined;
  }

  /** A line for the log, to be committed with what it tells of. */
  audited(by: Asker, said: Said): AccessChange {
    return auditChange(this.#of.clock, by, said);
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const next = this.#turn.then(run);
    this.#turn = next.catch(() => undefined); // Awaited by who asked for it.
    return next;
  }

  async #user(name: string): Promise<User> {
    const user = await this.#of.store.user(name);
    if (user === undefined) throw unknownAccount('user', name);
    return user;
  }

  async #notLastAdmin(user: User): Promise<void> {
    if (user.role !== 'admin' || user.isDisabled) return;
    const others = (await this.#of.store.users()).filter(
      (each) => each.name !== user.name && each.role === 'admin' && !each.isDisabled,
    );
    if (others.length > 0) return;
    const { name } = user;
    throw new Fault('HF_ACCOUNT_LAST_ADMIN', `${name} is the last admin`, { name });
  }

  #password(name: string, password: string | undefined): Promise<string | undefined> {
    if (password === undefined) return Promise.resolve(undefined);
    const { length } = [...password];
    if (length < PASSWORD_MIN || length > PASSWORD_MAX || password.toLowerCase().includes(name)) {
      const what = 'the password is too short, too long, or holds the name';
      throw new Fault('HF_PASSWORD_WEAK', what);
    }
    return this.#of.passwords.make(password);
  }

  #aboutUser(by: Asker, act: string, user: User): AccessChange {
    const { name, role, isDisabled } = user;
    const detail = { role, isDisabled, hasPassword: user.password !== undefined };
    return this.audited(by, { act, subject: name, detail });
  }

  #secret(prefix = ''): { readonly secret: string; readonly sha256: string } {
    const secret = prefix + newSecret(this.#of.random);
    const sha256 = digestOfSecret(this.#of.hash, secret);
    assert(sha256 !== undefined, 'a secret has the shape of one');
    return { secret, sha256 };
  }

  async #oneTime(
    by: Asker,
    of: Pick<OneTime, 'kind' | 'of'> & { readonly forMs: number; readonly act: string },
  ): Promise<Made> {
    const { secret, sha256 } = this.#secret();
    const now = this.#of.clock.now();
    const expiresAt = unixMs(now + of.forMs);
    const oneTime = { sha256, kind: of.kind, of: of.of, by: by.who, createdAt: now, expiresAt };
    const entry = this.audited(by, { act: of.act, subject: of.of, detail: { expiresAt } });
    await this.#of.store.commit([{ do: 'one-time', oneTime }, entry]);
    return { id: sha256.slice(0, 16), secret, expiresAt };
  }
}

function shown({ password, ...user }: User): UserShown {
  return { ...user, hasPassword: password !== undefined };
}

function unknownAccount(what: string, name: string): Fault {
  return new Fault('HF_ACCOUNT_UNKNOWN', `there is no ${what} ${name}`, { name });
}

function tooMany(what: string, max: number): Fault {
  return new Fault('HF_ACCOUNT_TOO_MANY', `there are ${max} ${what} already`, { max });
}

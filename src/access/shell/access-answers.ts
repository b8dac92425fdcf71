import type { UnixMs } from '../../base/units.ts';
import type { Caller, OneTime } from '../core/account.ts';

/** What a browser is given; neither text is kept anywhere. */
export interface SignedIn {
  readonly outcome: 'signed-in';
  /** 32 random bytes in base64url, for the cookie. */
  readonly session: string;
  readonly csrf: string;
  readonly user: string;
  readonly endsAt: UnixMs;
}

export type SignIn =
  | SignedIn
  /** Name, password, link: it is not said which, and a disabled user is told the same. */
  | { readonly outcome: 'refused' }
  /** Too many were refused, of this name or from there: nothing was compared. */
  | { readonly outcome: 'wait'; readonly waitMs: number };

export interface OfSession {
  readonly caller: Caller;
  readonly csrf: string;
}

/** A secret, to be shown once. */
export interface Made {
  readonly id: string;
  readonly secret: string;
  readonly expiresAt: UnixMs;
}

/** @returns what is committed with the secret's end, or not at all */
export type Follow<Change> = (spent: OneTime) => readonly Change[];

/** How much of each is kept, and for how long: growth is bounded by construction. */
import { days, hours, minutes } from '../../base/units.ts';

export const USERS_MAX = 1000;
export const TOKENS_PER_USER_MAX = 100;
/** The oldest ends when another one begins. */
export const SESSIONS_PER_USER_MAX = 50;
/** Of sign-in links and enrolment tokens together; the oldest go. */
export const ONE_TIMES_MAX = 2000;

export const SESSION_IDLE_MS = hours(8);
export const SESSION_ENDS_MS = days(7);
/** A session or a token that is used is written down as used no more often. */
export const SESSION_TOUCH_MS = minutes(5);
export const TOKEN_TOUCH_MS = hours(1);

export const TOKEN_FOR_MS = days(90);
export const TOKEN_FOR_MAX_MS = days(400);
export const LINK_FOR_MS = minutes(15);
export const ENROLMENT_FOR_MS = hours(1);

/** Accounts as they stand in `body`, parsed. */
import { z } from 'zod';
import type { ApiToken, OneTime, Session, User } from '../../access/core/account.ts';
import { role, scope } from '../../wire/words.ts';
import { time } from './server-rows.ts';

const text = z.string();
export const userRow: z.ZodType<User> = z.object({
  ...{ name: text, role, password: text.optional(), isDisabled: z.boolean(), createdAt: time },
});

export const tokenRow: z.ZodType<ApiToken> = z.object({
  ...{ id: text, sha256: text, owner: text, label: text, scopes: z.array(scope) },
  ...{ createdAt: time, expiresAt: time, usedAt: time.optional() },
});

export const sessionRow: z.ZodType<Session> = z.object({
  ...{ sha256: text, user: text, csrf: text, createdAt: time, usedAt: time },
});

export const oneTimeRow: z.ZodType<OneTime> = z.object({
  ...{ sha256: text, kind: z.enum(['sign-in', 'enrolment']), of: text, by: text },
  ...{ createdAt: time, expiresAt: time },
});

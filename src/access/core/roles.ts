/** Which role may ask for what. The only place that says so. */

export type Role = 'viewer' | 'operator' | 'approver' | 'admin';

/**
 * read: all that is shown. metrics: numbers and marks only. acknowledge: alerts. run: backup, drill, scrub, probe, and their cancel.
 * restore: a restore job. browse: names, sizes and times of what is in snapshots. content: of one file
 * of a snapshot. freeze, unfreeze, claim. maintain: maintenance windows. approve: that an
 * approved plan be applied. enrol: enrolment tokens, revoking an agent, forgetting an item. test:
 * messages of trial. audit: to read and export the log. accounts: users, and tokens of others.
 */
export type Scope =
  | 'read'
  | 'metrics'
  | 'acknowledge'
  | 'run'
  | 'restore'
  | 'browse'
  | 'content'
  | 'freeze'
  | 'unfreeze'
  | 'claim'
  | 'maintain'
  | 'approve'
  | 'enrol'
  | 'test'
  | 'audit'
  | 'accounts';

const OPERATOR = [
  'read',
  'metrics',
  'acknowledge',
  'run',
  'restore',
  'browse',
  'content',
  'freeze',
  'unfreeze',
  'claim',
  'maintain',
  'test',
] as const;

/**
 * An approver is no operator: who asks for work and who lets it pass are two people, unless an admin
 * is both. Everybody who may do anything may freeze, since stopping is safe; to go on is not.
 */
const SCOPES: Readonly<Record<Role, readonly Scope[]>> = {
  viewer: ['read', 'metrics'],
  operator: OPERATOR,
  approver: ['read', 'metrics', 'acknowledge', 'freeze', 'approve'],
  admin: [...OPERATOR, 'approve', 'enrol', 'audit', 'accounts'],
};

export const ROLES: readonly Role[] = ['viewer', 'operator', 'approver', 'admin'];
export const ALL_SCOPES: readonly Scope[] = SCOPES.admin;

export function scopesOf(role: Role): ReadonlySet<Scope> {
  return new Set(SCOPES[role]);
}

/** What a token may: what it was made for, and its owner may still do. */
export function scopesOfToken(given: readonly Scope[], owner: Role): ReadonlySet<Scope> {
  const may = scopesOf(owner);
  return new Set(given.filter((scope) => may.has(scope)));
}

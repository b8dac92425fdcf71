/** Which role may ask for what. The only place that says so. */

export type Role = 'viewer' | 'operator' | 'approver' | 'admin';

/**
 * read: all that is shown. metrics: numbers and marks only. operate: jobs, freeze, claims,
 * maintenance, acknowledgements. approve: that an approved plan be applied, and freeze. admin:
 * users, tokens, enrolment, the audit log, the configuration.
 */
export type Scope = 'read' | 'metrics' | 'operate' | 'approve' | 'admin';

/**
 * An approver is no operator: who asks for work and who lets it pass are two people, unless an admin
 * is both. An admin has all, since he could make himself any of them.
 */
const SCOPES: Readonly<Record<Role, readonly Scope[]>> = {
  viewer: ['read', 'metrics'],
  operator: ['read', 'metrics', 'operate'],
  approver: ['read', 'metrics', 'approve'],
  admin: ['read', 'metrics', 'operate', 'approve', 'admin'],
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

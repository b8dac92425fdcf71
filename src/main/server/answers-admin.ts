/** Accounts, enrolment, the audit log and the configuration, as the API answers them. */
import { type Bound, answer, on } from '../../adapters/http/api-routes.ts';
import { Fault } from '../../base/fault.ts';
import type { UserShown } from '../../access/shell/access.ts';
import { ROUTES } from '../../wire/api/routes.ts';
import { acceptVault } from './accept-vault.ts';
import { auditOf, withAudit } from './answers-act.ts';
import { proposedDiff, shownConfig } from './config-shown.ts';
import { enrolmentLine, signInLink } from './lines.ts';
import { byOf, estateOf, type Served, timeOf } from './served.ts';

export function adminAnswers(served: Served): readonly Bound[] {
  return [...accountAnswers(served), ...hostAnswers(served), ...configAnswers(served)];
}

function accountAnswers(served: Served): readonly Bound[] {
  const { access } = served;
  return [
    on(ROUTES.tokens, async () => {
      const tokens = (await access.tokens()).map(({ id, owner, label, scopes, ...times }) => ({
        ...{ id, owner, label, scopes: [...scopes] },
        ...{ createdAt: timeOf(times.createdAt), expiresAt: timeOf(times.expiresAt) },
      }));
      return answer({ tokens });
    }),
    on(ROUTES.makeToken, async ({ body, caller, from }) => {
      const { label, scopes, forMs, owner = caller?.user ?? '' } = body;
      const made = await access.makeToken(byOf(caller, from), { owner, label, scopes, forMs });
      const { id, secret, expiresAt } = made;
      return answer({ id, secret, expiresAt: timeOf(expiresAt) });
    }),
    on(ROUTES.revokeToken, async ({ params, caller, from }) => {
      await access.revokeToken(byOf(caller, from), params.id);
      return answer({ id: params.id });
    }),
    on(ROUTES.users, async () => answer({ users: (await access.users()).map(userOf) })),
    on(ROUTES.addUser, async ({ body, caller, from }) => {
      const by = byOf(caller, from);
      const isThere = (await access.users()).some(({ name }) => name === body.name);
      const user = isThere ? await access.changeUser(by, body) : await access.makeUser(by, body);
      const link = await access.makeLink(by, body.name);
      return answer({
        ...{ user: userOf(user), link: signInLink(served.address.url, link.secret) },
        linkEndsAt: timeOf(link.expiresAt),
      });
    }),
    on(ROUTES.removeUser, async ({ params, caller, from }) => {
      await access.removeUser(byOf(caller, from), params.name);
      return answer({ name: params.name });
    }),
    on(ROUTES.audit, async ({ query }) => {
      const lines = await served.state.audit({ after: query.after, countMax: query.count });
      const entries = lines.map(({ at, detail, ...rest }) => ({
        ...{ ...rest, at: timeOf(at), detail: { ...detail } },
      }));
      return answer({ entries });
    }),
  ];
}

function userOf({ name, role, isDisabled, hasPassword, createdAt }: UserShown) {
  return { name, role, isDisabled, hasPassword, createdAt: timeOf(createdAt) };
}

function hostAnswers(served: Served): readonly Bound[] {
  const { access, core, writer, address, pin } = served;
  return [
    on(ROUTES.acceptVault, async ({ body, caller, from }) => {
      const { place, reason } = body;
      return answer({
        place,
        isChanged: await acceptVault(served, { place, reason, caller, from }),
      });
    }),
    on(ROUTES.enrolments, async ({ body, caller, from }) => {
      const made = await access.makeEnrolment(byOf(caller, from), body.host);
      const line = enrolmentLine({ url: address.url, pin, secret: made.secret });
      return answer({ host: body.host, line, endsAt: timeOf(made.expiresAt) });
    }),
    on(ROUTES.revokeAgent, async ({ params, body, caller, from }) => {
      const { agent } = params;
      const known = estateOf(served).hosts.find((host) => host.agent === agent);
      if (known === undefined) throw new Fault('HF_API_UNKNOWN', 'no such agent is enrolled');
      const { host, level } = known;
      const { reason } = body;
      const detail = { agent, reason };
      await writer.take(agent, () =>
        withAudit(
          core.revoke(agent),
          auditOf(served, { act: 'agent-revoked', subject: host, caller, from, detail }),
        ),
      );
      return answer({ agent, host, level });
    }),
  ];
}

function configAnswers({ config, configFile }: Served): readonly Bound[] {
  return [
    on(ROUTES.config, () =>
      Promise.resolve(answer({ file: configFile ?? null, config: shownConfig(config) })),
    ),
    on(ROUTES.proposeConfig, ({ body }) =>
      Promise.resolve(
        answer({ file: configFile ?? null, diff: proposedDiff(configFile, body.changes) }),
      ),
    ),
  ];
}

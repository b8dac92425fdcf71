/** `holdfast server`: what agents report to, and what is asked through. */
import type { Command } from 'commander';
import type { Act, Answer, Cli } from './cli.ts';
import { defineJobs } from './define-server-jobs.ts';
import type {
  AccessOptions,
  AgentsOptions,
  AuditOptions,
  RecoverOptions,
  RevokeOptions,
  ServerOptions,
  UserOptions,
} from './server-options.ts';

const EXAMPLE = `
It listens where \`server: {listen: "ADDRESS:PORT"}\` of holdfast.yaml says,
else on 127.0.0.1:7431, with a key of its own that agents pin. State lies in
the state directory.

Examples:
  holdfast server
  holdfast server token web1
  holdfast server user add anna --role operator
  holdfast server access anna --scope read --scope metrics
  holdfast server agents
  holdfast server revoke web1
With all of it: docs/operating/server.md`;

const AUDIT_EXAMPLE = `
The chain shows any line that was changed, taken out or moved. It cannot show
that the end was cut off, or all of it written anew: for that note the head it
prints, elsewhere. Ends with 5 where the log is not as it should be.

Examples:
  holdfast server audit
  holdfast server audit --export > audit-2026-11.jsonl
  holdfast server audit --verify audit-2026-11.jsonl --head 812:9f86d08...`;

const RECOVER_EXAMPLE = `
Hosts come back from agents.json beside the key of the server; what is so on
them, they say themselves. Accounts and the audit log come back only with a
copy of server.db, and nobody gets in by what a copy holds. What was there is
kept aside, and a state that is whole is left as it is. The server must not
run. Ends with 6 where hosts must be enrolled again by hand; each is named, with
the command.

Example:
  holdfast server recover`;

const PEER_EXAMPLE = `
Runs on a machine that shares nothing with the server: holdfast.yaml there says
\`peer: {watches: "https://HOST:PORT#PIN"}\` and has channels of its own below
\`tell:\`. Set up by docs/operating/alerts.md.

Example:
  holdfast server peer`;

export function define(command: Command, act: Act): void {
  command
    .summary('what agents report to, and what is asked through')
    .description('Runs the server, or looks after its accounts on this machine.')
    .addHelpText('after', EXAMPLE)
    .option('--config <file>', 'another configuration file')
    .action(act((cli, [options]: [ServerOptions]) => perform(cli, options)));
  command
    .command('token <host>')
    .description('A line that enrols a host once, within the hour.')
    .addHelpText('after', '\nExample:\n  holdfast server token web1')
    .action(
      act(async (cli, [host, , sub]: [string, unknown, Command]) => {
        const options = sub.optsWithGlobals<ServerOptions>();
        const { answerToken } = await import('../server/answer-accounts.ts');
        return answerToken(cli, { host, options });
      }),
    );
  command
    .command('user <act> <name>')
    .description('`user add NAME` or `user remove NAME`; the link signs in once.')
    .option('--role <role>', 'viewer, operator, approver or admin', 'viewer')
    .addHelpText('after', '\nExample:\n  holdfast server user add anna --role operator')
    .action(
      act(async (cli, [what, name, , sub]: [string, string, unknown, Command]) => {
        const options = sub.optsWithGlobals<UserOptions>();
        const { answerUser } = await import('../server/answer-accounts.ts');
        return answerUser(cli, { what, name, options });
      }),
    );
  command
    .command('access <user>')
    .description('A token for programs, of a user; it is shown once.')
    .option('--scope <scope>', 'what it may; several times', collect, [])
    .option('--label <text>', 'what it is for')
    .option('--days <count>', 'how long it holds; else 90, at most 400')
    .addHelpText('after', '\nExample:\n  holdfast server access anna --scope read --label nagios')
    .action(
      act(async (cli, [user, , sub]: [string, unknown, Command]) => {
        const options = sub.optsWithGlobals<AccessOptions>();
        const { answerAccess } = await import('../server/answer-accounts.ts');
        return answerAccess(cli, { user, options });
      }),
    );
  defineAgents(command, act);
  defineAudit(command, act);
  defineRecover(command, act);
  definePeer(command, act);
  defineJobs(command, act);
  for (const part of command.commands) part.option('--config <file>', 'another configuration file');
}

function defineAgents(command: Command, act: Act): void {
  command
    .command('agents')
    .description('Hosts and their agents, as the state has them.')
    .option('--revoked', 'also those that were revoked')
    .addHelpText('after', '\nExample:\n  holdfast server agents')
    .action(
      act(async (cli, [, sub]: [unknown, Command]) => {
        const { answerAgents } = await import('../server/answer-agents.ts');
        return answerAgents(cli, sub.optsWithGlobals<AgentsOptions>());
      }),
    );
  command
    .command('revoke <agent>')
    .description('Takes nothing more from the agent of a host; what it said turns unknown.')
    .option('--reason <text>', 'for the audit log')
    .addHelpText(
      'after',
      `
The agent is named by its host or by its id. A server that runs has done it
within a second; one that does not does it before it listens.

Example:
  holdfast server revoke web1 --reason 'its key was copied'`,
    )
    .action(
      act(async (cli, [named, , sub]: [string, unknown, Command]) => {
        const { answerRevoke } = await import('../server/answer-agents.ts');
        return answerRevoke(cli, { named, options: sub.optsWithGlobals<RevokeOptions>() });
      }),
    );
}

function defineAudit(command: Command, act: Act): void {
  command
    .command('audit')
    .description('Proves the audit log, and shows the end of it. Changes nothing.')
    .option('--export', 'all of it as it stands, to keep elsewhere (docs/format/audit.md)')
    .option('--verify <file>', 'an export, instead of the log of this server')
    .option('--head <n:hash>', 'a head that was noted before: the log must hold it')
    .option('--last <count>', 'how many lines are shown; else 20')
    .addHelpText('after', AUDIT_EXAMPLE)
    .action(
      act(async (cli, [, sub]: [unknown, Command]) => {
        const options = sub.optsWithGlobals<AuditOptions>();
        const { answerAudit } = await import('../server/answer-audit.ts');
        return answerAudit(cli, options);
      }),
    );
}

function defineRecover(command: Command, act: Act): void {
  command
    .command('recover')
    .description('Makes the state of the server again, where it was lost or damaged.')
    .option('--agents <file>', 'a copy of agents.json, instead of the one that is there')
    .option('--moved', 'a whole server.db was moved here as it was: all that it has is kept')
    .addHelpText('after', RECOVER_EXAMPLE)
    .action(
      act(async (cli, [, sub]: [unknown, Command]) => {
        const options = sub.optsWithGlobals<RecoverOptions>();
        const { answerRecover } = await import('../server/answer-recover.ts');
        return answerRecover(cli, options);
      }),
    );
}

function definePeer(command: Command, act: Act): void {
  command
    .command('peer')
    .description('Watches another server from here, and tells people when it is silent.')
    .addHelpText('after', PEER_EXAMPLE)
    .action(
      act(async (cli, [, sub]: [unknown, Command]) => {
        const { runPeer } = await import('../peer/run-peer.ts');
        return runPeer(cli, sub.optsWithGlobals<ServerOptions>());
      }),
    );
}

function collect(each: string, before: readonly string[]): readonly string[] {
  return [...before, each];
}

async function perform(cli: Cli, options: ServerOptions): Promise<Answer> {
  const { runServer } = await import('../server/run-server.ts');
  return runServer(cli, options);
}

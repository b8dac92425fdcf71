/** `holdfast server job|jobs|cancel|schedules`: what goes through the server that runs. */
import type { Command } from 'commander';
import type { Act } from './cli.ts';
import type { JobsOptions } from './server-options.ts';

const JOBS_HELP = `
Asked of the server of this machine, or of HOLDFAST_SERVER=https://HOST:PORT#PIN,
by the token in the file that --token-file or HOLDFAST_TOKEN_FILE names.
`;

export function defineJobs(command: Command, act: Act): void {
  const part = (name: string, what: string, example: string): Command =>
    command
      .command(name)
      .description(what)
      .option('--token-file <file>', 'with what `holdfast server access` printed')
      .addHelpText('after', `${JOBS_HELP}\nExample:\n  holdfast server ${example}`);
  part(
    'job <host> <act> <name>',
    'Asks a host for a job of its agent.yaml.',
    'job web1 backup nightly',
  ).action(
    act(async (cli, [host, what, name, , sub]: [string, string, string, unknown, Command]) => {
      const { answerAskJob } = await import('../server/answer-jobs.ts');
      return answerAskJob(cli, {
        host,
        act: what,
        name,
        options: sub.optsWithGlobals<JobsOptions>(),
      });
    }),
  );
  part('jobs [host]', 'Jobs, newest first, and how far they are.', 'jobs web1').action(
    act(async (cli, [host, , sub]: [string | undefined, unknown, Command]) => {
      const { answerJobs } = await import('../server/answer-jobs.ts');
      return answerJobs(cli, { host, options: sub.optsWithGlobals<JobsOptions>() });
    }),
  );
  part(
    'cancel <job>',
    'Ends a job that waits or runs.',
    'cancel 0123456789abcdef0123456789abcdef',
  ).action(
    act(async (cli, [job, , sub]: [string, unknown, Command]) => {
      const { answerCancel } = await import('../server/answer-jobs.ts');
      return answerCancel(cli, { job, options: sub.optsWithGlobals<JobsOptions>() });
    }),
  );
  part(
    'schedules',
    'What is asked again and again, how it stands, and when it is next.',
    'schedules',
  ).action(
    act(async (cli, [, sub]: [unknown, Command]) => {
      const { answerSchedules } = await import('../server/answer-jobs.ts');
      return answerSchedules(cli, sub.optsWithGlobals<JobsOptions>());
    }),
  );
}

/** The two requests of docs/format/files.md, each on a connection of its own. */
import type { z } from 'zod';
import type { AskedFiles, AskOf, FilesLink, Part } from '../../watch/shell/agent/files-ports.ts';
import { ASK_WAIT_MS, PART_WAIT_MS } from '../../watch/core/files/wants.ts';
import { askedMessage, givenMessage } from '../../wire/agent/files.ts';
import type { HttpsLink } from './https-link.ts';

const ASK_LIMIT_MS = ASK_WAIT_MS + 15_000;
const GIVE_LIMIT_MS = PART_WAIT_MS + 30_000;

export class HttpsFilesLink implements FilesLink {
  readonly #link: Pick<HttpsLink, 'askApart'>;
  readonly #agent: string;

  constructor(link: Pick<HttpsLink, 'askApart'>, agent: string) {
    this.#link = link;
    this.#agent = agent;
  }

  async ask(
    { may, places, job }: AskOf,
    signal: AbortSignal,
  ): Promise<readonly AskedFiles[] | undefined> {
    const message = {
      ...{ format: 'holdfast-ask-0', agent: this.#agent, may, places },
      ...(job === undefined ? {} : { job }),
    };
    const body = Buffer.from(JSON.stringify(message), 'utf8');
    const limit = AbortSignal.any([signal, AbortSignal.timeout(ASK_LIMIT_MS)]);
    const answer = await this.#ask('ask', { body, schema: askedMessage }, limit);
    return answer?.asks;
  }

  async give({ bytes, ...part }: Part, signal: AbortSignal): Promise<boolean> {
    const message = { format: 'holdfast-give-0', agent: this.#agent, ...part };
    const body = Buffer.concat([Buffer.from(`${JSON.stringify(message)}\n`, 'utf8'), bytes]);
    const limit = AbortSignal.any([signal, AbortSignal.timeout(GIVE_LIMIT_MS)]);
    const answer = await this.#ask('give', { body, schema: givenMessage }, limit);
    return answer?.goesOn ?? false;
  }

  #ask<T>(
    verb: 'ask' | 'give',
    of: { readonly body: Buffer; readonly schema: z.ZodType<T> },
    signal: AbortSignal,
  ): Promise<T | undefined> {
    return this.#link.askApart(verb, of, signal);
  }
}

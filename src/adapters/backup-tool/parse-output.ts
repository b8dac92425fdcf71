import type { z } from 'zod';
import { Fault } from '../../base/fault.ts';

/** @throws Fault HF_CONNECT_FAILED where the tool printed something else than it does */
export function parseOutput<T>(
  text: string,
  schema: z.ZodType<T>,
  of: { readonly tool: string; readonly repository: string; readonly what: string },
): T {
  const { tool, repository, what } = of;
  const fault = (why: string): Fault =>
    new Fault('HF_CONNECT_FAILED', `${tool} printed no ${what} that can be read: ${why}`, {
      tool,
      repository,
    });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw fault('no JSON');
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw fault(`${issue?.path.map(String).join('.') ?? ''} ${issue?.message ?? ''}`.trim());
}

/** A line of a listing; undefined where it is none of that form. */
export function parseLine<T>(line: string, schema: z.ZodType<T>): T | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
  return schema.safeParse(value).data;
}
